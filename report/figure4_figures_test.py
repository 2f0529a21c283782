"""Tests of figure 4."""

import pathlib

from absl.testing import absltest
import numpy as np

from report import figure4_figures
from report import figure4_rows
from report import figure4_testing as fake
from report import style
from report import testing


def _grids(figure, games=1):
  """The panels of the two blocks."""
  return [np.reshape(block.axes, (games, -1)) for block in figure.subfigs]


def _line(panel, label):
  """The line of a method, if it is there."""
  found = [line for line in panel.lines if line.get_label() == label]
  return found[0].get_xydata() if found else None


def _band(panel, step, which=-1):
  """The ends of a band after some updates; by default Sobolev's."""
  ends = panel.collections[which].get_paths()[0].vertices
  ends = ends[ends[:, 0] == step][:, 1]
  return ends.min(), ends.max()


def _only(points, **wanted):
  return [
      p for p in points if all(getattr(p, k) == v for k, v in wanted.items())
  ]


class LayoutTest(absltest.TestCase):

  def test_two_blocks_of_a_row_a_game_and_a_column_a_percentage(self):
    figure = figure4_figures.make(
        fake.curves('space_invaders', percents=(10.0, 0.5, 1.0))
        + fake.curves('pong')
    )
    self.assertEqual(
        ['Test action prediction error in %', 'Test KL divergence in nats'],
        [block.get_suptitle() for block in figure.subfigs],
    )
    for grid in _grids(figure, 2):
      self.assertEqual(
          [f'{p} % of the states' for p in ('0.5', '1', '10')],
          [panel.get_title() for panel in grid[0]],
      )
      self.assertEqual(
          ['Pong', 'Space Invaders'],
          [panel.get_ylabel() for panel in grid[:, 0]],
      )
      self.assertIsNone(_line(grid[0, 0], 'Sobolev'))  # Not run.
      self.assertIsNotNone(_line(grid[1, 0], 'Sobolev'))
    self.assertEqual('Distillation (laptop scale)', figure.get_suptitle())

  def test_methods_that_were_run_are_in_the_legend(self):
    points = fake.curves()
    for chosen, labels in (
        (points, ['Regular', 'Sobolev']),
        (_only(points, method='sobolev'), ['Sobolev']),
    ):
      (legend,) = figure4_figures.make(chosen).legends
      self.assertEqual(labels, [text.get_text() for text in legend.get_texts()])

  def test_the_number_of_seeds_is_told(self):
    points = fake.curves()
    for chosen, text in (
        (points, 'updates; a line is the mean over 3 seeds, its band the 95 %'),
        (
            _only(points, seed=0) + _only(points, seed=1, percent=10.0),
            'updates; a line is the mean over 1 to 2 seeds, its band the 95 %',
        ),
        (_only(points, seed=0), 'updates; 1 seed'),
    ):
      figure = figure4_figures.make(chosen)
      self.assertStartsWith(figure.get_supxlabel(), text)

  def test_scales_are_not_mixed(self):
    with self.assertRaisesRegex(ValueError, 'expected one scale'):
      figure4_figures.make(fake.curves() + fake.curves(scale='smoke'))

  def test_both_themes_can_be_saved(self):
    for theme in (style.LIGHT, style.DARK):
      figure = figure4_figures.make(fake.curves('breakout'), theme)
      self.assertNotEmpty(style.to_bytes(figure, 'png', 30))


class LinesTest(absltest.TestCase):

  def test_lines_are_means(self):
    (actions,), (divergence,) = _grids(figure4_figures.make(fake.curves()))
    # Seeds end at 20, 30 and 40 %, and at 1, 2 and 4 times 0.4 nats.
    line = _line(actions[0], 'Regular')
    np.testing.assert_allclose([[0, 80], [1000, 30]], line[[0, -1]])
    np.testing.assert_allclose(
        [1000, 0.4 * 7 / 3], _line(divergence[0], 'Regular')[-1]
    )
    np.testing.assert_allclose(
        [900, 2 * 0.01 * 7 / 3], _line(divergence[1], 'Sobolev')[-2]
    )

  def test_bands_are_confidence_intervals(self):
    (actions,), _ = _grids(figure4_figures.make(fake.curves()))
    # Student's t has 4.302653 for 2 degrees of freedom; the deviation is 10 %.
    half = 4.302653 * 10 / 3**0.5
    np.testing.assert_allclose(
        (30 - half, 30 + half), _band(actions[0], 1000), rtol=1e-5
    )

  def test_bands_do_not_go_below_zero(self):
    _, (divergence,) = _grids(figure4_figures.make(fake.curves()))
    # The half interval of 0.1, 0.2 and 0.4 is 0.38, more than their mean.
    low, high = _band(divergence[0], 1000)
    self.assertEqual(0, low)
    self.assertGreater(high, 0.6)

  def test_one_seed_has_no_band(self):
    for (panels,) in _grids(figure4_figures.make(fake.curves(seeds=1))):
      for panel in panels:
        self.assertLen(panel.lines, 2)
        self.assertEmpty(panel.collections)

  def test_a_seed_that_is_not_as_far_does_not_bend_the_mean(self):
    points = [p for p in fake.curves() if p.seed < 2 or p.step < 500]
    (actions,), _ = _grids(figure4_figures.make(points))
    self.assertEqual(400, _line(actions[0], 'Regular')[-1, 0])

  def test_one_evaluation_is_a_dot(self):
    for (panels,) in _grids(figure4_figures.make(_only(fake.curves(), step=0))):
      self.assertEqual({'o'}, {line.get_marker() for line in panels[0].lines})


class ScalesTest(absltest.TestCase):

  def _panels(self, points, games=1):
    actions, divergence = _grids(figure4_figures.make(points), games)
    return actions, divergence

  def test_divergences_over_decades_are_on_a_logarithmic_scale(self):
    actions, divergence = self._panels(fake.curves())
    self.assertEqual({'linear'}, {p.get_yscale() for p in actions.flat})
    self.assertEqual({'log'}, {p.get_yscale() for p in divergence.flat})

  def test_one_kind_of_scale_for_all_games(self):
    flat = [
        p._replace(test_kl=0.3 + 0.1 * p.seed) for p in fake.curves('breakout')
    ]
    _, divergence = self._panels(flat)
    self.assertEqual({'linear'}, {p.get_yscale() for p in divergence.flat})
    _, divergence = self._panels(flat + fake.curves(), 2)
    self.assertEqual({'log'}, {p.get_yscale() for p in divergence.flat})
    low, high = divergence[1, 0].get_ylim()
    self.assertGreater(high, 10 * low)  # Labels, though the lines are flat.

  def test_panels_of_a_row_share_their_limits(self):
    points = fake.curves() + [
        p._replace(test_kl=5 * p.test_kl) for p in fake.curves('breakout')
    ]
    for grid in self._panels(points, 2):
      for row in grid:
        self.assertLen({panel.get_ylim() for panel in row}, 1)
      self.assertLen({panel.get_xlim() for panel in grid.flat}, 1)

  def test_lines_and_bands_can_be_seen_but_for_the_beginning(self):
    points = [
        p._replace(action_error=1.0 if p.step < 50 else 0.1 + 0.01 * p.seed)
        for p in fake.curves()
    ]
    actions, divergence = self._panels(points)
    low, high = actions[0, 0].get_ylim()
    self.assertEqual(0, low)
    self.assertBetween(high, _band(actions[0, 0], 1000)[1], 20)
    low, high = divergence[0, 0].get_ylim()
    self.assertBetween(low, 0, 0.01 * 7 / 3)
    self.assertGreater(high, _band(divergence[0, 0], 100, 0)[1])

  def test_a_divergence_of_zero(self):
    points = [p._replace(test_kl=0.0) for p in fake.curves()]
    style.to_bytes(figure4_figures.make(points), 'png', 30)


class DrawTest(absltest.TestCase):

  def test_a_file_of_one_scale(self):
    folder = pathlib.Path(self.create_tempdir())
    points = fake.curves() + fake.curves(scale='smoke')
    testing.write(folder / figure4_rows.CURVES, points)
    figure4_figures.draw(folder, 'laptop', folder / 'figure4.png')
    content = (folder / 'figure4.png').read_bytes()
    self.assertStartsWith(content, b'\x89PNG')
    with self.assertRaisesRegex(ValueError, r'expected one scale, got \[\]'):
      figure4_figures.draw(folder, 'paper', folder / 'nothing.png')


if __name__ == '__main__':
  absltest.main()
