# SPDX-License-Identifier: Apache-2.0
import contextlib
import dataclasses
import io
import pathlib

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

from experiment import errors
from regression import datasets
from regression import figure3
from regression import functions
from report import drawings
from report.rows import regression as rows_lib
from report.rows import runs
from report.rows import table

_TINY = {'steps': 8, 'evaluations': 2, 'hidden': (4, 4), 'threads': 1}


class Figure3Test(parameterized.TestCase):

  def test_from_settings_to_figure(self):
    folder = pathlib.Path(self.create_tempdir().full_path)
    plan = figure3.Picture(scale='smoke', function='booth')
    made = figure3.run(plan, _TINY, folder)
    self.assertGreater(made.figures[0].stat().st_size, 10_000)
    rows = table.read(made.rows, rows_lib.SurfacePoint)
    panels = {(row.panel, row.size) for row in rows}
    self.assertEqual(
        panels,
        {('truth', 0)}
        | {(m, s) for m in ('regular', 'sobolev') for s in (20, 100)},
    )
    self.assertLen(rows, 5 * figure3.GRID**2)
    truth = [row for row in rows if row.panel == 'truth']
    x, y, value = (
        np.array([getattr(row, name) for row in truth])
        for name in ('x1', 'x2', 'value')
    )
    expected = (x + 2 * y - 7) ** 2 + (2 * x + y - 5) ** 2
    np.testing.assert_allclose(value, expected, rtol=1e-3, atol=0.1)
    self.assertLen(table.read(made.rows, rows_lib.TrainingPoint), 120)
    # Of the program that takes their settings.
    commands = [run.command for run in table.read(made.rows, runs.Run)]
    for command in commands:
      self.assertRegex(command, r'regression[.:]train .*--functions=booth')
    self.assertLen(set(commands), 4)
    said = io.StringIO()
    with contextlib.redirect_stderr(said):
      figure3.run(plan, _TINY, folder)
    self.assertEqual(said.getvalue(), '4 of 4 runs are finished already\n')
    # Another gradient term is another scale.
    given = {**_TINY, 'gradient_weight': 0.5}
    plan = dataclasses.replace(plan, sizes=(20,))
    other = figure3.run(plan, given, folder, made.rows)
    scales = {r.scale for r in table.read(other.rows, rows_lib.SurfacePoint)}
    self.assertLen(scales, 2)
    self.assertIn('gradient_weight=0.5', max(scales, key=len))

  def test_more_networks_than_are_shown(self):
    with self.assertRaisesRegex(errors.UserError, '^--seeds: one network'):
      figure3.run(figure3.Picture(), {'seeds': 2}, self.create_tempdir())

  def test_a_kink_of_the_function_has_a_value_and_no_slope(self):
    x = figure3.grid(functions.FUNCTIONS['ackley'])
    truth = functions.FUNCTIONS['ackley'].value_and_gradient(x)
    about = ('smoke', 'ackley', 'truth', 0)
    rows = figure3.surface(about, x, *truth, 'abc')
    (kink,) = [row for row in rows if row.g1 is None]
    self.assertEqual(kink[4:6], (0.0, 0.0))
    self.assertAlmostEqual(kink.value, 0.0, places=4)

  @parameterized.parameters(*functions.FUNCTIONS)
  def test_every_function_can_be_drawn_from_its_rows(self, name):
    folder = pathlib.Path(self.create_tempdir().full_path)
    x = figure3.grid(functions.FUNCTIONS[name])
    truth = functions.FUNCTIONS[name].value_and_gradient(x)
    rows = [
        row
        for panel, size in (('truth', 0), ('regular', 20), ('sobolev', 20))
        for row in figure3.surface(('smoke', name, panel, size), x, *truth, 'a')
    ]
    rows += figure3.training_points('smoke', name, 20, 0, 'a')
    table.merge(folder, rows)
    figure = folder / 'figure.png'
    drawings.draw(folder, f'figure3_{name}', 'smoke', figure)
    self.assertGreater(figure.stat().st_size, 10_000)

  def test_points_are_those_of_the_seed(self):
    found = [
        figure3.training_points('smoke', 'booth', 20, seed, 'abc')
        for seed in (0, 1)
    ]
    for seed, rows in enumerate(found):
      x = datasets.training_set('booth', 20, seed).x
      np.testing.assert_array_equal([[row.x1, row.x2] for row in rows], x)
    self.assertNotEqual(*found)

  @parameterized.parameters(*functions.FUNCTIONS)
  def test_grid_covers_the_box(self, name):
    function = functions.FUNCTIONS[name]
    x = figure3.grid(function)
    self.assertEqual(x.shape, (figure3.GRID**2, 2))
    np.testing.assert_allclose(x.min(0), function.low)
    np.testing.assert_allclose(x.max(0), function.high)


if __name__ == '__main__':
  absltest.main()
