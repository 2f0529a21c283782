# SPDX-License-Identifier: Apache-2.0
import dataclasses
import pathlib

from absl.testing import absltest

from regression import figure2
from regression import train
from report.rows import regression as rows_lib
from report.rows import table

_TINY = {'seeds': 2, 'steps': 8, 'evaluations': 2, 'hidden': (4, 4)}


class Figure2Test(absltest.TestCase):

  def test_the_sweep_from_settings_to_figure(self):
    folder = pathlib.Path(self.create_tempdir().full_path)
    plan = figure2.Sweep(
        scale='smoke', functions=('booth', 'ackley'), sizes=(20,)
    )
    made = figure2.run(plan, _TINY, folder)
    self.assertGreater(made.figures[0].stat().st_size, 10_000)
    rows = table.read(made.rows, rows_lib.Evaluation)
    found = {(r.function, r.size, r.method, r.seed) for r in rows}
    self.assertEqual(
        found,
        {
            (function, 20, method, seed)
            for function in ('booth', 'ackley')
            for method in ('regular', 'sobolev')
            for seed in (0, 1)
        },
    )
    # Not the smoke scale's settings, so not its name.
    self.assertEqual(
        {r.scale for r in rows}, {'smoke steps=8 hidden=4,4 evaluations=2'}
    )
    # More seeds join the rows of the first.
    plan = dataclasses.replace(
        plan, functions=('booth',), methods=('regular',)
    )
    given = {**_TINY, 'seeds': 1, 'first_seed': 2}
    figure2.run(plan, given, folder, made.rows)
    more = set(table.read(made.rows, rows_lib.Evaluation)) - set(rows)
    self.assertEqual(
        {(r.scale, r.function, r.method, r.seed) for r in more},
        {(rows[0].scale, 'booth', 'regular', 2)},
    )

  def test_the_paper_s_scale(self):
    settings = figure2.scaled('paper', {})
    self.assertEqual(figure2.label('paper', settings), 'paper')
    self.assertGreaterEqual(settings.seeds, 10)
    configs = figure2.run_configs(
        settings, figure2.Sweep().functions, figure2.Sweep().sizes
    )
    cells = {
        (function, config.size, config.method)
        for config in configs.values()
        for function in config.functions
    }
    self.assertLen(cells, 42)
    self.assertEqual({c.hidden for c in configs.values()}, {(256, 256)})

  def test_label_ignores_what_does_not_change_the_result(self):
    settings = figure2.scaled('laptop', {'threads': 7, 'standardise': True})
    self.assertEqual(
        figure2.label('laptop', settings), 'laptop standardise=true'
    )

  def test_the_paper_s_scale_is_the_recollected_recipe(self):
    settings = figure2.scaled('paper', {})
    self.assertEqual(settings, train.Settings(seeds=10))
    self.assertEqual(settings.learning_rate, 3e-5)
    self.assertEqual(settings.schedule, 'constant')
    self.assertEqual(settings.steps, 200_000)

  def test_scales_change_how_long_and_how_fast_only(self):
    for changes in figure2.SCALES.values():
      self.assertLessEqual(
          set(changes),
          {'seeds', 'steps', 'evaluations', 'learning_rate', 'schedule'},
      )

  def test_gradient_terms_have_folders_of_their_own_and_one_label(self):
    folders = set()
    for given in ({}, {'gradient_weight': 0.1}, {'distance': 'l1'}):
      settings = figure2.scaled('constant', given)
      self.assertEqual(figure2.label('constant', settings), 'constant')
      folders |= set(
          figure2.run_configs(settings, ('booth',), (20,), ('sobolev',))
      )
    self.assertEqual(
        folders,
        {'booth-20-sobolev', 'booth-20-sobolev-0.1', 'booth-20-sobolev-l1'},
    )


if __name__ == '__main__':
  absltest.main()
