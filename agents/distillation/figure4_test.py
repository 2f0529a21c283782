# SPDX-License-Identifier: Apache-2.0
import dataclasses
import pathlib

from absl.testing import absltest
from absl.testing import parameterized

from agents.atari import games
from agents.distillation import choice
from agents.distillation import figure4
from agents.distillation import scales
from agents.distillation import testing
from experiment import errors
from report.rows import distillation as rows_lib
from report.rows import table


class Figure4Test(parameterized.TestCase):

  def setUp(self):
    super().setUp()
    self.folder = pathlib.Path(self.create_tempdir().full_path)
    self.plan = scales.Sweep(scale='smoke', jobs=2)
    self.given = {
        'games': ('breakout',),
        'teachers': str(self.folder),
        'states': 600,
        'percents': (10.0,),
        'steps': 4,
        'choice_steps': 2,
        'choice_seeds': 2,
        'max_game_steps': 20,
    }

  def _run(self, **plan):
    return figure4.run(
        dataclasses.replace(self.plan, **plan), self.given,
        self.folder / 'runs',
    )

  def test_the_whole_chain_of_a_game(self):
    testing.save_teacher(self.folder, 'breakout')
    made = self._run(parts=('choose',))
    self.assertEmpty(made.figures)
    self.assertEmpty(table.read(made.rows, rows_lib.Student))
    choices = table.read(made.rows, choice.Candidate)
    self.assertEqual(
        {(row.method, row.seed, row.chosen) for row in choices},
        {(m, s, 1) for m in ('regular', 'sobolev') for s in (1000, 1001)},
    )
    candidates = self._times()
    self.assertLen(candidates, 4)
    # All at once goes on with these.
    made = self._run()
    folder, (picture,) = made.rows, made.figures
    self.assertEqual(table.read(folder, choice.Candidate), choices)
    self.assertTrue(picture.exists())
    rows = table.read(folder, rows_lib.Student)
    self.assertEqual({row[1:3] for row in rows}, {('breakout', 10.0)})
    self.assertEqual({row.method for row in rows}, {'regular', 'sobolev'})
    # Rows of these teachers do not stand for those of the repository's.
    self.assertRegex(rows[0].scale, r' teachers=[0-9a-f]{8}$')
    self.assertEqual({row.step for row in rows}, {0, 2, 4})
    # 60 of the states, from one of 8 episodes.
    self.assertEqual({row.episodes for row in rows}, {1})
    times = self._times()
    self.assertEqual(candidates.items() - times.items(), set())
    # Again, with what was chosen: all is finished already.
    self._run(parts=('train',))
    self.assertEqual(times, self._times())
    self.assertEqual(table.read(folder, rows_lib.Student), rows)

  def _times(self):
    """When each of the students' checkpoints was written."""
    checkpoints = (self.folder / 'runs').glob('**/checkpoints/*')
    return {
        path: path.stat().st_mtime_ns
        for path in checkpoints
        if 'recording' not in path.parts
    }

  def test_what_is_missing_is_told_before_anything_runs(self):
    with self.assertRaisesRegex(
        errors.UserError, 'breakout.npz: no such file: train a teacher with'
    ):
      self._run()
    testing.save_teacher(self.folder, 'breakout')
    with self.assertRaisesRegex(
        errors.UserError, 'no choice for breakout, regular .* --parts'
    ):
      self._run(parts=('train',))
    self.assertEmpty(self._times())

  def _settings(self, **given):
    settings = scales.scaled('laptop', given)
    return settings, figure4.places_of(settings, self.folder)

  def test_candidates_have_seeds_that_do_not_count(self):
    settings, places = self._settings(games=('pong', 'breakout'))
    jobs = figure4.candidate_jobs(settings, places)
    # Twenty of each method.
    self.assertLen(jobs, 2 * 2 * 20)
    self.assertEqual({job.config.percent for job in jobs}, {10})
    pairs = {
        (job.config.learning_rate, job.config.alpha)
        for job in jobs
        if job.config.method == 'sobolev'
    }
    self.assertEqual(
        pairs,
        {
            (rate, alpha)
            for rate in (3e-4, 1e-3, 2e-3, 3e-3, 1e-2)
            for alpha in (0.01, 0.1, 1.0, 10.0)
        },
    )
    best = {('pong', 'regular', 1e-3, 0.0), ('breakout', 'sobolev', 2e-3, 0.1)}
    further = figure4.candidate_jobs(settings, places, best)
    self.assertEqual(
        {
            (job.config.game, job.config.method, job.config.learning_rate,
             job.config.alpha)
            for job in further
        },
        best,
    )
    seeds = [job.config.seed for job in jobs + further]
    self.assertEqual(seeds, 80 * [1000] + 2 * [1001] + 2 * [1002])
    self.assertLess(settings.seeds, min(seeds))
    self.assertLen({job.folder for job in jobs + further}, 84)

  def test_jobs_are_all_cells_with_what_was_chosen(self):
    settings, places = self._settings(seeds=2, percents=(1.0, 10.0, 50.0))
    chosen = {
        (game, method): choice.Candidate(
            'laptop', game, 10.0, method, rate, alpha, 1000, 0.1
        )
        for number, game in enumerate(games.GAMES)
        for method, rate, alpha in (
            ('regular', 3e-4, 0.0), ('sobolev', 1e-3, 1.0 + number)
        )
    }
    jobs = figure4.final_jobs(settings, chosen, places)
    self.assertLen(jobs, 3 * 3 * 2 * 2)
    self.assertLen({job.folder for job in jobs}, len(jobs))
    alphas = {game: 1.0 + number for number, game in enumerate(games.GAMES)}
    for job in jobs:
      self.assertEqual(
          job.config.learning_rate, 1e-3 if job.config.alpha else 3e-4
      )
      self.assertIn(job.config.alpha, (0.0, alphas[job.config.game]))
    # A seed of every cell comes first.
    self.assertEqual({job.config.seed for job in jobs[:18]}, {0})


if __name__ == '__main__':
  absltest.main()
