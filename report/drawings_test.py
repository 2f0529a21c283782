# SPDX-License-Identifier: Apache-2.0
"""Tests of all figures: what of the rows can be seen in them."""

import pathlib

from absl.testing import absltest
from absl.testing import parameterized
import matplotlib.text
import numpy as np

from report import drawings
from report import networks as networks_lib
from report import results as results_lib
from report import students as students_lib
from report import testing
from report.figures import figure2
from report.figures import figure3
from report.figures import figure4
from report.figures import maps
from report.figures import style
from report.pages import judged as judged_lib
from report.rows import distillation
from report.rows import synthetic_gradients


def one(function, size):
  del size
  return -1.0 if function == 'ackley' else 1.0


def texts(figure):
  """What is written in a figure's panels."""
  return [t.get_text() for axis in figure.axes for t in axis.texts]


def everything():
  """Rows of all kinds."""
  accuracies = testing.accuracies({'mine': 60.0})
  return [
      testing.RUN,
      *testing.baselines(),
      *testing.evaluations(one),
      *testing.evaluations(one, scale='laptop steps=9', held_out=False),
      *testing.surfaces(),
      *testing.students(lambda game, percent: 0.2),
      distillation.Teacher('pong', 'greedy', 400, 3, 9, 20.0, None, None),
      distillation.Teacher('pong', 'stochastic', 400, 3, 9, 19.0, 18.0, 20.0),
      distillation.TeacherCurve('pong', 200, None, -20.0, None),
      distillation.TeacherCurve('pong', 400, 10.0, 20.0, 19.0),
      *accuracies,
      *testing.alignment(accuracies),
      *testing.choices(),
      *testing.student_choices(),
      synthetic_gradients.Method('sobolev', 'Sobolev', 1.0, '#0072b2'),
  ]


def draw(rows):
  """The figures of some rows, by name."""
  found = results_lib.Results(rows)
  made = drawings.drawings(found, judged_lib.judge(found))
  return {drawing.name: drawing for drawing in made}


class DrawingsTest(parameterized.TestCase):

  def test_all_figures_of_everything(self):
    found = draw(everything())
    self.assertEqual(
        set(found),
        {
            'verdict_map', 'figure2', 'figure2_gradients', 'figure2_steps',
            'figure2_seconds', 'figure2_settings', 'figure3_booth', 'figure4',
            'figure4_choices', 'figure4_episodes', 'figure4_teachers',
            'table1_curves', 'table1_alignment', 'table1_choices_1',
        },
    )
    for drawing in found.values():
      drawing.make()

  def test_the_same_rows_give_the_same_bytes(self):
    folder = pathlib.Path(self.create_tempdir().full_path)
    drawing = draw(everything())['table1_curves']
    paths = [folder / 'a.png', folder / 'b.png']
    for path in paths:
      style.save(drawing.make(), path, dpi=30)
    self.assertEqual(paths[0].read_bytes(), paths[1].read_bytes())

  def test_nothing_of_nothing(self):
    self.assertEmpty(draw([]))

  def test_recipes_without_a_method_beside_regular_training(self):
    rows = [
        row
        for scale in ('paper', 'laptop')
        for row in testing.evaluations(one, scale, functions=['booth'])
        if row.method == 'regular'
    ]
    for drawing in draw(rows).values():
      drawing.make()

  @parameterized.parameters(range(4))
  def test_rows_that_are_few_or_unknown_break_nothing(self, kind):
    rows = [row for k, row in enumerate(everything()) if k % 4 != kind]
    if kind == 1:  # Methods that the report does not know, and no others.
      rows = [
          row._replace(method='mine') if hasattr(row, 'method') else row
          for row in rows
      ]
    if kind == 2:  # One row of each kind.
      rows = list({type(row): row for row in rows}.values())
    for drawing in draw(rows).values():
      drawing.make()

  def test_a_dollar_in_a_name_starts_no_formula(self):
    rows = [
        row._replace(**{
            field: rf'$\{getattr(row, field)}$'
            for field in ('function', 'game', 'case', 'title')
            if hasattr(row, field)
        })
        for row in everything()
    ]
    for name, drawing in draw(rows).items():
      with self.subTest(name):
        for text in drawing.make().findobj(matplotlib.text.Text):
          text.get_window_extent()  # Parses a formula.

  def test_the_verdict_map_says_what_is_significant(self):
    figure = maps.over_steps(
        networks_lib.Networks(testing.evaluations(one), testing.baselines())
    )
    labels = texts(figure)
    self.assertLen(labels, 2 * 21)
    self.assertEqual(labels[:2], ['−0.5', '−1.0'])
    self.assertEqual(labels[-2:], ['+0.5', '+1.0'])
    weights = {
        t.get_fontweight() for axis in figure.axes for t in axis.texts
    }
    self.assertEqual(weights, {'bold'})
    noise = maps.over_steps(
        networks_lib.Networks(testing.evaluations(lambda *cell: 0.0))
    )
    weights = [t.get_fontweight() for axis in noise.axes for t in axis.texts]
    self.assertLess(weights.count('bold'), len(weights) / 4)

  def test_the_map_of_recipes_has_a_column_per_gradient_term(self):
    rows = testing.evaluations(one)
    rows += [
        row._replace(gradient_weight=0.1)
        for row in rows
        if row.method == 'sobolev'
    ]
    networks = networks_lib.Networks(rows)
    axis = maps.over_recipes({'paper': networks}).axes[0]
    self.assertEqual(
        [label.get_text() for label in axis.get_xticklabels()],
        ['paper', 'paper, weight 0.1'],
    )

  def test_bars_of_figure_2_are_as_long_as_what_was_gained(self):
    networks = networks_lib.Networks(
        testing.evaluations(one, functions=('booth',)), testing.baselines()
    )
    axis = figure2.make(networks).axes[0]
    heights = [bar.get_height() for bar in axis.patches]
    self.assertLen(heights, 6)
    # Errors of 10 and 1, where the mean has 1000.
    for height, expected in zip(heights, 3 * (-2, -3), strict=True):
      self.assertAlmostEqual(height, expected, delta=0.1)

  def test_figure_3_leaves_out_arrows_where_there_is_no_slope(self):
    grid, *_ = testing.surfaces(), None
    points = [row for row in grid if not hasattr(row, 'panel')]
    grid = [row for row in grid if hasattr(row, 'panel')]
    self.assertTrue(figure3.is_complete(grid))
    self.assertLen(figure3.make(grid, points).axes, 3)
    self.assertFalse(figure3.is_complete(grid[1:]))
    truth = [row for row in grid if row.panel == 'truth']
    self.assertFalse(figure3.is_complete(truth))

  def test_the_map_of_choices_has_a_row_per_candidate(self):
    drawing = draw(testing.choices())['table1_choices_1']
    axis = drawing.make().axes[0]
    self.assertEqual(
        [label.get_text() for label in axis.get_yticklabels()],
        [
            '★ Critic', '★ Sobolev, weight 0.1, rate 0.0003',
            'Sobolev, weight 1, rate 0.0003',
            'Sobolev, weight 1, rate 0.01, diverged',
        ],
    )
    # The means over two seeds after one epoch and two; nothing of the last.
    numbers = [text.get_text() for text in axis.texts]
    self.assertEqual(numbers, ['51.0', '52.0', '51.1', '52.1', '52.0', '53.0'])

  def test_figure_4_has_a_panel_per_game_percentage_and_metric(self):
    students = students_lib.Students(testing.students(lambda *cell: 0.2))
    figure = figure4.make(students)
    panels = [axis for part in figure.subfigs for axis in part.axes]
    self.assertLen(panels, 3 * 3 * 2)
    titles = [axis.get_title(loc='center') for axis in panels[:3]]
    self.assertEqual(titles, ['1 %', '10 %', '50 %'])

  def test_figure_4_has_room_for_all_points_of_a_short_run(self):
    rows = [
        row._replace(test_kl=2 - 0.01 * row.step, action_error=0.8)
        for row in testing.students(lambda *cell: 0.2)
    ]
    figure = figure4.make(students_lib.Students(rows))
    for part in figure.subfigs:
      for axis in part.axes:
        highest = max(max(line.get_ydata()) for line in axis.lines)
        self.assertGreater(axis.get_ylim()[1], highest)

  def test_figure_4_over_episodes(self):
    students = students_lib.Students(testing.students(lambda *cell: 0.2))
    axis = figure4.make_episodes(students).axes[0]
    lines = {
        line.get_label(): line
        for line in axis.lines
        if not line.get_label().startswith('_')
    }
    self.assertEqual(set(lines), {'Regular', 'Sobolev'})
    self.assertEqual([*lines['Sobolev'].get_xdata().round()], [1, 10, 50])

  def test_games_without_episodes_have_no_panel(self):
    rows = [
        row._replace(episodes=None) if row.game == 'breakout' else row
        for row in testing.students(lambda *cell: 0.2)
    ]
    figure = figure4.make_episodes(students_lib.Students(rows))
    self.assertEqual(
        [axis.get_title(loc='left') for axis in figure.axes],
        ['Pong', 'Space Invaders'],
    )

  def test_choices_of_figure_4(self):
    (shown,) = figure4.choices(testing.student_choices())
    self.assertEqual({row.game for row in shown}, {'pong'})
    axis = figure4.make_choices([shown]).axes[0]
    first = {
        line.get_label(): line.get_xydata().tolist() for line in axis.lines
    }
    np.testing.assert_allclose(
        first['Regular'], [[1e-3, 1e-3], [2e-3, 2e-3], [3e-3, 3e-3]]
    )
    np.testing.assert_allclose(
        first['Sobolev, alpha 1'],
        [[1e-3, 1.001], [2e-3, 1.002], [3e-3, np.nan]],
    )
    stars = [line for line in axis.lines if line.get_marker() == '*']
    np.testing.assert_allclose(  # The means of two students each.
        [star.get_xydata()[0] for star in stars],
        [[2e-3, 0.052], [2e-3, 1.052]],
    )


if __name__ == '__main__':
  absltest.main()
