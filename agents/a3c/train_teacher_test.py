# SPDX-License-Identifier: Apache-2.0
import json
import pathlib
from unittest import mock

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

from agents.a3c import learner
from agents.a3c import networks
from agents.a3c import settings
from agents.a3c import teacher_file
from agents.a3c import teacher_run
from agents.a3c import train_teacher
from experiment import errors
from experiment import testing


def _config(**changes):
  return settings.Config(**{
      'game': 'breakout',
      'agent_steps': 12,
      'workers': 1,
      'games_per_worker': 1,
      'deterministic': True,
      'steps_per_update': 2,
      'rows': 3,
      'evaluations': 2,
      'evaluation_games': 1,
      'final_games': 2,
      'max_game_steps': 9,
      'checkpoint_seconds': 1e-6,
      **changes,
  })


class Killed(BaseException):
  pass


class TrainTeacherTest(parameterized.TestCase):

  def setUp(self):
    super().setUp()
    self.folder = pathlib.Path(self.create_tempdir().full_path)

  def test_a_run_from_settings_to_a_teacher(self):
    path = self.folder / 'run'
    chosen = _config(deterministic=False, workers=2)
    trained = train_teacher.train(chosen, path, False, quiet=True)
    rows = testing.rows(path)
    self.assertEqual([int(row['step']) for row in rows], [2, 3, 4, 6])
    # Six updates of 2 agent steps, of 4 frames each.
    self.assertEqual(int(rows[-1]['frames']), 6 * 2 * 4)
    played = [row['greedy_score'] != 'nan' for row in rows]
    self.assertEqual(played, [False, True, False, True])
    network, record = teacher_file.load(path / 'teacher.npz', 'breakout')
    self.assertIn(record['frames'], (24, 48))
    self.assertEqual(record['settings']['discount'], 0.99)
    self.assertRegex(record['device'], '^[0-9]+ cores? of ')
    self.assertNotEmpty(record['command'])
    self.assertLen(record['evaluation']['greedy']['scores'], 2)
    self.assertLen(network.variables, 12)
    json.dumps(record, allow_nan=False)
    last = teacher_file.load(path / 'last.npz', 'breakout')
    self.assertLen(last.record['curve'], 2)
    for one, other in zip(
        last.network.variables, trained.network.variables, strict=True
    ):
      np.testing.assert_array_equal(
          one, other.numpy().astype(np.float16).astype(np.float32)
      )

  def test_frames_go_on_from_those_of_another_teacher(self):
    start = str(self.folder / 'start.npz')
    weights = teacher_file.half(networks.make_teacher(4, seed=5))
    record = {'game': 'breakout', 'frames': 1000, 'curve': [{'frames': 1000}]}
    teacher_file.save(start, weights, record)
    path = self.folder / 'run'
    chosen = _config(start_from=start, agent_steps=4)
    train_teacher.train(chosen, path, False, quiet=True)
    frames = [1000 + updates * 2 * 4 for updates in (1, 2)]
    self.assertEqual([int(row['frames']) for row in testing.rows(path)], frames)
    last = teacher_file.load(path / 'last.npz', 'breakout').record
    self.assertEqual(last['frames'], frames[-1])
    self.assertEqual([row['frames'] for row in last['curve']], [1000, *frames])
    teacher_file.save(start, weights, {**record, 'frames': 2000})
    with self.assertRaisesRegex(errors.UserError, '--start_from was something'):
      train_teacher.train(chosen, path, True, quiet=True)

  def test_a_missing_start_leaves_the_folder_free(self):
    path = self.folder / 'run'
    chosen = _config(start_from=str(self.folder / 'none.npz'))
    with self.assertRaisesRegex(errors.UserError, 'none.npz: no such file'):
      train_teacher.train(chosen, path, False, quiet=True)
    self.assertFalse((path / 'config.json').exists())

  @parameterized.parameters(True, False)
  def test_a_run_that_diverges_says_so(self, deterministic):
    chosen = _config(learning_rate=1e6, deterministic=deterministic)
    with self.assertRaisesRegex(
        errors.UserError, 'diverged: .*: lower --learning_rate'
    ):
      train_teacher.train(chosen, self.folder / 'run', False, quiet=True)

  def test_a_killed_run_ends_as_one_that_was_not(self):
    chosen = _config()
    whole = train_teacher.train(
        chosen, self.folder / 'whole', False, quiet=True
    )
    advance = learner.Learner.advance

    def dies(self, step, until):
      if step >= 4:
        raise Killed
      return advance(self, step, until)

    with mock.patch.object(learner.Learner, 'advance', dies):
      with self.assertRaises(Killed):
        train_teacher.train(chosen, self.folder / 'cut', False, quiet=True)
    resumed = train_teacher.train(
        chosen, self.folder / 'cut', True, quiet=True
    )
    self.assertEqual(
        testing.rows(self.folder / 'cut'), testing.rows(self.folder / 'whole')
    )
    for one, other in zip(
        (*whole.network.variables, *whole.optimiser.variables),
        (*resumed.network.variables, *resumed.optimiser.variables),
        strict=True,
    ):
      np.testing.assert_array_equal(one, other)

  def test_threads_lose_no_update_when_killed(self):
    chosen = _config(deterministic=False, workers=2)
    kind = learner.AsynchronousLearner
    advance, seen = kind.advance, {}

    def dies(self, step, until):
      if step >= 4:
        raise Killed
      result = advance(self, step, until)
      seen['weights'] = [v.numpy() for v in experiments[-1].network.variables]
      seen['squares'] = [
          v.numpy() for v in experiments[-1].optimiser.mean_squares
      ]
      return result

    experiments = []
    make = teacher_run.TeacherRun

    def remember(chosen):
      experiments.append(make(chosen))
      return experiments[-1]

    with mock.patch.object(teacher_run, 'TeacherRun', remember):
      with mock.patch.object(kind, 'advance', dies):
        with self.assertRaises(Killed):
          train_teacher.train(chosen, self.folder / 'run', False, quiet=True)

      def compares(self, step, until):
        if step == 4:
          again = experiments[-1]
          for one, other in zip(
              (*again.network.variables, *again.optimiser.mean_squares),
              (*seen['weights'], *seen['squares']),
              strict=True,
          ):
            np.testing.assert_array_equal(one, other)
          seen['compared'] = True
        return advance(self, step, until)

      with mock.patch.object(kind, 'advance', compares):
        train_teacher.train(chosen, self.folder / 'run', True, quiet=True)
    self.assertTrue(seen['compared'])
    self.assertEqual(testing.rows(self.folder / 'run')[-1]['frames'], '48')


if __name__ == '__main__':
  absltest.main()
