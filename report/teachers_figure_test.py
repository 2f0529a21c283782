"""Tests of the teachers' learning curves."""

import pathlib

from absl.testing import absltest
import numpy as np

from report import figure4_rows
from report import figure4_testing as fake
from report import style
from report import teachers_figure
from report import testing


def _lines(panel):
  """The lines of a panel by their labels; those of dots have none."""
  return {
      line.get_label(): line.get_xydata().tolist()
      for line in panel.lines
      if not line.get_label().startswith('_')
  }


class TeachersFigureTest(absltest.TestCase):

  def test_a_panel_a_game(self):
    figure = teachers_figure.make(
        fake.teacher_curves('breakout') + fake.teacher_curves('pong')
    )
    self.assertEqual(
        ['Pong', 'Breakout'], [panel.get_title('left') for panel in figure.axes]
    )
    (legend,) = figure.legends
    self.assertEqual(
        ['training', 'stochastic', 'greedy'],
        [text.get_text() for text in legend.get_texts()],
    )

  def test_scores_over_agent_steps_where_there_are_some(self):
    (panel,) = teachers_figure.make(fake.teacher_curves()[::-1]).axes
    self.assertEqual(
        {
            'training': [[2e6, -10], [4e6, 0], [6e6, 10], [8e6, 20]],
            'stochastic': [[0, -21], [4e6, -1], [8e6, 19]],
            'greedy': [[0, -19], [4e6, 1], [8e6, 21]],
        },
        _lines(panel),
    )

  def test_a_score_that_was_never_measured(self):
    curves = [row._replace(greedy_score=None) for row in fake.teacher_curves()]
    (panel,) = teachers_figure.make(curves).axes
    self.assertEqual(['training', 'stochastic'], list(_lines(panel)))

  def test_teachers_that_were_taken_are_dots_with_their_intervals(self):
    figure = teachers_figure.make(fake.teacher_curves(), fake.teachers())
    (panel,) = figure.axes
    found = [container.lines for container in panel.containers]
    self.assertEqual(
        [[[8e6, 16.0]], [[8e6, 18.25]]],
        [dot.get_xydata().tolist() for dot, _, _ in found],
    )
    (segment,) = found[0][2][0].get_segments()
    np.testing.assert_allclose([13.5, 18.5], segment[:, 1])

  def test_teachers_of_other_games_are_left_out(self):
    figure = teachers_figure.make(
        fake.teacher_curves('breakout'), fake.teachers('pong')
    )
    self.assertEmpty(figure.axes[0].containers)

  def test_no_curves(self):
    with self.assertRaisesRegex(ValueError, 'expected at least one row'):
      teachers_figure.make([], fake.teachers())

  def test_a_file(self):
    folder = pathlib.Path(self.create_tempdir())
    testing.write(folder / figure4_rows.TEACHER_CURVES, fake.teacher_curves())
    teachers_figure.draw(folder, folder / 'teachers.png')
    content = (folder / 'teachers.png').read_bytes()
    self.assertStartsWith(content, b'\x89PNG')

  def test_an_svg_has_the_colours_of_the_page(self):
    text = style.to_svg(
        lambda: teachers_figure.make(fake.teacher_curves(), fake.teachers()),
        'a',
    )
    self.assertIn('var(--critic)', text)
    for colour in style.LIGHT:
      self.assertNotIn(colour, text)


if __name__ == '__main__':
  absltest.main()
