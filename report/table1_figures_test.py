"""Tests of table 1's figures."""

import math
import pathlib

from absl.testing import absltest
import numpy as np

from report import style
from report import table1_figures
from report import table1_rows
from report import table1_testing as fake
from report import testing


def _line(panel, method):
  """The line of a method, if it is there."""
  label = table1_rows.METHODS[method]
  found = [line for line in panel.lines if line.get_label() == label]
  return found[0].get_xydata().tolist() if found else None


def _legend(figure):
  return [text.get_text() for text in figure.legends[0].get_texts()]


class CurvesTest(absltest.TestCase):

  def test_a_panel_a_case_with_its_seeds(self):
    figure = table1_figures.make_curves(
        fake.accuracies('imagenet/1', seeds=1) + fake.accuracies()
    )
    self.assertEqual(
        [('CIFAR-10, 3 modules', '3 seeds'), ('ImageNet, 1 module', '1 seed')],
        [(p.get_title('left'), p.get_title('right')) for p in figure.axes],
    )
    self.assertIn('(laptop scale)', figure.get_suptitle())

  def test_lines_are_means_and_bands_reach_to_the_ends(self):
    (panel,) = table1_figures.make_curves(fake.accuracies()).axes
    # Seeds are 0, 1 and 2 above the straight line to 84.
    self.assertEqual(
        [[1, 22], [2, 43], [3, 64], [4, 85]], _line(panel, 'backprop')
    )
    band = panel.collections[0].get_paths()[0].vertices
    end = band[band[:, 0] == 4][:, 1]
    self.assertEqual((84, 86), (end.min(), end.max()))

  def test_one_seed_has_no_band(self):
    (panel,) = table1_figures.make_curves(fake.accuracies(seeds=1)).axes
    self.assertEmpty(panel.collections)

  def test_a_seed_that_is_not_as_far_does_not_bend_the_mean(self):
    points = [p for p in fake.accuracies() if p.seed < 2 or p.epoch < 3]
    (panel,) = table1_figures.make_curves(points).axes
    self.assertEqual([[1, 22], [2, 43]], _line(panel, 'backprop'))

  def test_one_epoch_is_a_dot(self):
    points = [p for p in fake.accuracies() if p.epoch == 1]
    (panel,) = table1_figures.make_curves(points).axes
    self.assertEqual({'o'}, {line.get_marker() for line in panel.lines})

  def test_methods_that_were_run_are_in_the_legend(self):
    points = fake.accuracies()
    self.assertEqual(
        [
            'Backprop', 'Sobolev', 'Critic', 'VFBN', 'Direct SG, plain',
            'Direct SG', 'Noprop',
        ],
        _legend(table1_figures.make_curves(points)),
    )
    some = [p for p in points if p.method in ('noprop', 'sobolev')]
    self.assertEqual(
        ['Sobolev', 'Noprop'], _legend(table1_figures.make_curves(some))
    )

  def test_methods_with_different_numbers_of_seeds(self):
    points = [
        p for p in fake.accuracies() if p.method != 'critic' or p.seed == 0
    ]
    (panel,) = table1_figures.make_curves(points).axes
    self.assertEqual('1 to 3 seeds', panel.get_title('right'))

  def test_no_two_lines_look_the_same(self):
    for theme in (style.LIGHT, style.DARK):
      looks = {
          (theme.method(m), style.DASHES.get(m)) for m in table1_rows.METHODS
      }
      self.assertLen(looks, len(table1_rows.METHODS))

  def test_scales_are_not_mixed(self):
    points = fake.accuracies() + fake.accuracies(scale='smoke')
    with self.assertRaisesRegex(ValueError, 'expected one scale'):
      table1_figures.make_curves(points)


class AlignmentTest(absltest.TestCase):

  def test_a_row_a_metric_and_a_column_a_split(self):
    figure = table1_figures.make_alignment(fake.alignment())
    grid = np.reshape(figure.axes, (3, 3))
    self.assertEqual(
        ['split 1', 'split 2', 'split 3'],
        [panel.get_title('right') for panel in grid[0]],
    )
    self.assertEqual(
        ['cosine', 'ratio of norms', 'error of the loss'],
        [panel.get_ylabel() for panel in grid[:, 0]],
    )
    # Over the seeds, 0.1 epoch + 0.01 split + 0.1.
    np.testing.assert_allclose(
        [[1, 0.23], [2, 0.33], [3, 0.43], [4, 0.53]],
        _line(grid[0, 2], 'sobolev'),
    )
    np.testing.assert_allclose(
        [[k, (1 + 2 + 4) / 3] for k in range(1, 5)], _line(grid[1, 0], 'vfbn')
    )

  def test_rows_of_panels_share_their_limits(self):
    figure = table1_figures.make_alignment(fake.alignment())
    for row in np.reshape(figure.axes, (3, 3)):
      self.assertLen({panel.get_ylim() for panel in row}, 1)

  def test_cases_with_fewer_splits_leave_room(self):
    points = fake.alignment('imagenet/1') + fake.alignment()
    figure = table1_figures.make_alignment(points)
    grid = np.reshape(figure.axes, (6, 3))
    self.assertEqual('ImageNet, 1 module', grid[3, 0].get_title('left'))
    self.assertTrue(grid[3, 0].axison)
    self.assertFalse(grid[3, 1].axison)

  def test_a_method_without_a_predicted_loss(self):
    figure = table1_figures.make_alignment(fake.alignment())
    panel = figure.axes[6]
    self.assertIsNone(_line(panel, 'direct_sg'))
    self.assertIsNotNone(_line(panel, 'critic'))

  def test_nothing_has_a_predicted_loss(self):
    points = [p for p in fake.alignment() if p.method == 'direct_sg']
    figure = table1_figures.make_alignment(points)
    style.to_bytes(figure, 'png', 30)
    self.assertEqual(['Direct SG'], _legend(figure))

  def test_a_number_that_is_missing_leaves_a_gap(self):
    points = [
        p._replace(cosine=None) if p.epoch == 2 and p.seed == 0 else p
        for p in fake.alignment()
    ]
    line = _line(table1_figures.make_alignment(points).axes[0], 'sobolev')
    self.assertEqual(
        [False, True, False, False], [math.isnan(y) for _, y in line]
    )


class DrawTest(absltest.TestCase):

  def test_files_of_one_scale(self):
    folder = pathlib.Path(self.create_tempdir())
    scales = ('laptop', 'smoke')
    made = {
        'curves': [p for scale in scales for p in fake.accuracies(scale=scale)],
        'alignment': [
            p for scale in scales for p in fake.alignment(scale=scale)
        ],
    }
    for name, rows in made.items():
      testing.write(folder / f'table1_{name}.csv', rows)
      draw = getattr(table1_figures, f'draw_{name}')
      draw(folder, 'laptop', folder / f'{name}.png')
      content = (folder / f'{name}.png').read_bytes()
      self.assertStartsWith(content, b'\x89PNG')
      with self.assertRaisesRegex(ValueError, r'expected one scale, got \[\]'):
        draw(folder, 'paper', folder / 'nothing.png')


if __name__ == '__main__':
  absltest.main()
