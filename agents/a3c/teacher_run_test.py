# SPDX-License-Identifier: Apache-2.0
import pathlib

from absl.testing import absltest
import numpy as np

from agents.a3c import networks
from agents.a3c import settings
from agents.a3c import teacher_file
from agents.a3c import teacher_run
from experiment import errors


def _config(**changes):
  return settings.Config(**{
      'game': 'breakout',
      'workers': 1,
      'games_per_worker': 2,
      'steps_per_update': 2,
      'deterministic': True,
      **changes,
  })


class ExperimentTest(absltest.TestCase):

  def test_goes_on_from_a_teacher(self):
    folder = pathlib.Path(self.create_tempdir().full_path)
    start = str(folder / 'a.npz')
    weights = teacher_file.half(networks.make_teacher(4, seed=5))
    record = {'game': 'breakout', 'frames': 96}
    teacher_file.save(start, weights, record)
    made = teacher_run.TeacherRun(_config(start_from=start))
    for name, found in teacher_file.half(made.network).items():
      np.testing.assert_array_equal(found, weights[name])
    self.assertEqual(made.curve_before, [])
    self.assertEqual(made.frames(2), 96 + 2 * 2 * 2 * 4)
    with self.assertRaisesRegex(errors.UserError, 'a teacher of breakout, '):
      teacher_run.TeacherRun(_config(game='pong', start_from=start))

  def test_bfloat16_gives_the_gradients_of_float32(self):
    found = {}
    for precision in ('float32', 'bfloat16'):
      # The policy is uniform at first: both play the same.
      made = teacher_run.TeacherRun(_config(precision=precision))
      gradients = made.learner.worker.work(0).gradients
      self.assertEqual({g.dtype.name for g in gradients}, {'float32'})
      found[precision] = np.concatenate([np.ravel(g) for g in gradients])
    exact, rounded = found['float32'], found['bfloat16']
    error = np.linalg.norm(rounded - exact) / np.linalg.norm(exact)
    # 8 bits of mantissa, through four layers and back.
    self.assertBetween(error, 1e-5, 0.05)

  def test_the_training_score_is_the_mean_of_100_episodes(self):
    made = teacher_run.TeacherRun(_config())
    self.assertTrue(np.isnan(made.training_score()))
    made.scores.extend(map(float, range(150)))
    self.assertEqual(made.training_score(), np.mean(range(50, 150)))

  def test_refuses_what_is_not_repeatable(self):
    for changes in ({'workers': 2}, {'sticky': 0.25}):
      with self.assertRaisesRegex(errors.UserError, '--deterministic: needs'):
        teacher_run.TeacherRun(_config(**changes))

  def test_seeds_differ_in_everything(self):
    made = [
        teacher_run.TeacherRun(_config(workers=2, deterministic=False, seed=s))
        for s in (0, 1)
    ]
    for one, other in zip(*(m.network.variables for m in made), strict=True):
      if one.name.endswith('w:0'):
        self.assertTrue(np.any(one.numpy() != other.numpy()), one.name)
    environments = [
        worker.environment for m in made for worker in m.learner.workers
    ]
    starts = {tuple(e.counts['frame_number']) for e in environments}
    self.assertLen(starts, 4)


if __name__ == '__main__':
  absltest.main()
