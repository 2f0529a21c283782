import dataclasses
import pathlib

from absl.testing import absltest

from agents.atari import games
from agents.distillation import choice
from agents.distillation import figure4
from agents.distillation import scales
from agents.distillation import testing
from experiment import errors
from experiment import results
from report import figure4_rows


class Figure4Test(absltest.TestCase):

  def setUp(self):
    super().setUp()
    self.folder = pathlib.Path(self.create_tempdir().full_path)
    self.plan = scales.Sweep(
        scale='smoke', results=str(self.folder / 'results'), jobs=2
    )

  def test_the_whole_chain_of_a_game(self):
    testing.save_teacher(self.folder, 'breakout')
    given = {
        'games': ('breakout',),
        'teachers': str(self.folder),
        'states': 600,
        'percents': (10.0,),
        'steps': 4,
        'choice_steps': 2,
        'max_game_steps': 20,
    }
    picture = figure4.run(self.plan, given, self.folder / 'runs')
    self.assertTrue(picture.exists())
    rows = results.read(self.folder / 'results' / 'measured.csv')
    # Two methods, four metrics.
    self.assertLen(rows, 8)
    self.assertEqual({row.case for row in rows}, {'breakout/10'})
    self.assertNotIn('smoke', {row.scale for row in rows})
    # Rows of these teachers do not stand for those of the repository's.
    self.assertRegex(rows[0].scale, r' teachers=[0-9a-f]{8}$')
    curves = figure4_rows.read_curves(self.folder / 'results')
    self.assertEqual({curve.step for curve in curves}, {0, 2, 4})
    # Again, with what was chosen: all is finished already.
    times = {path: path.stat().st_mtime for path in self._checkpoints()}
    plan = dataclasses.replace(self.plan, choose=False)
    figure4.run(plan, given, self.folder / 'runs')
    self.assertEqual(
        times, {path: path.stat().st_mtime for path in self._checkpoints()}
    )

  def _checkpoints(self):
    return list((self.folder / 'runs').glob('**/checkpoints/*'))

  def test_a_missing_teacher(self):
    with self.assertRaisesRegex(
        errors.UserError, 'pong.npz: no such file: train a teacher with'
    ):
      figure4.run(
          self.plan, {'teachers': str(self.folder)}, self.folder / 'runs'
      )

  def test_candidates_have_seeds_that_do_not_count(self):
    settings = scales.scaled(
        'laptop', {'games': ('pong',), 'percents': (1.0, 10.0)}
    )
    jobs = figure4.candidate_jobs(settings, self.folder)
    # Two step sizes, and beside regular three alphas.
    self.assertLen(jobs, 3 * 2 * 2 * 4)
    self.assertLen({job.folder for job in jobs}, len(jobs))
    found = {(job.config.percent, job.config.alpha) for job in jobs}
    self.assertLen(found, 2 * 4)
    # Those of the runs that count are 0 to 4. A seed of all comes first.
    self.assertEqual(
        [job.config.seed for job in jobs], 16 * [5] + 16 * [6] + 16 * [7]
    )

  def test_jobs_are_all_cells_with_what_was_chosen(self):
    settings = scales.scaled(
        'laptop', {'seeds': 2, 'percents': (1.0, 10.0, 50.0)}
    )
    candidates = [
        choice.Candidate(game, percent, method, rate, alpha, 2, kl)
        for game in games.GAMES
        for percent in settings.percents
        for method, rate, alpha, kl in (
            ('regular', 1e-3, 0.0, 0.2),
            ('regular', 3e-4, 0.0, 0.1),
            ('sobolev', 3e-4, 0.1, 0.3),
            ('sobolev', 1e-3, percent, 0.1),
        )
    ]
    jobs = figure4.final_jobs(settings, candidates, self.folder)
    self.assertLen(jobs, 3 * 3 * 2 * 2)
    self.assertLen({job.folder for job in jobs}, len(jobs))
    for job in jobs:
      self.assertEqual(
          job.config.learning_rate, 1e-3 if job.config.alpha else 3e-4
      )
      self.assertIn(job.config.alpha, (0.0, job.config.percent))
    # A seed of every cell comes first.
    self.assertEqual({job.config.seed for job in jobs[:18]}, {0})


if __name__ == '__main__':
  absltest.main()
