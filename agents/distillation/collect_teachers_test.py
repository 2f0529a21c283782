# SPDX-License-Identifier: Apache-2.0
import json
import pathlib

from absl.testing import absltest

from agents.a3c import teacher_file
from agents.distillation import collect_teachers
from agents.distillation import teachers
from agents.distillation import testing
from experiment import errors
from report.rows import distillation as rows
from report.rows import runs
from report.rows import table

RECORD = {
    'game': 'pong',
    'frames': 4000,
    'commit': {'commit': 'abcdef' * 7, 'dirty': True},
    'curve': [
        {
            'frames': 2000, 'training_score': None, 'greedy_score': -21.0,
            'stochastic_score': -20.5,
        },
        {
            'frames': 4000, 'training_score': -19.0, 'greedy_score': None,
            'stochastic_score': None,
        },
    ],
    'evaluation': {
        'games': 30,
        'max_game_steps': 500,
        'greedy': {'mean': 1.5, 'low': 1.0, 'high': 2.0},
        'stochastic': {'mean': -1.5, 'low': -2.0, 'high': -1.0},
    },
}


class CollectTeachersTest(absltest.TestCase):

  def test_rows_of_a_teacher(self):
    folder = pathlib.Path(self.create_tempdir().full_path)
    weights = teacher_file.half(testing.make_teacher())
    teacher_file.save(folder / 'pong.npz', weights, RECORD)
    with absltest.mock.patch.object(teachers, 'FOLDER', folder):
      self.assertEqual(collect_teachers.collect(folder), ['pong'])
    (run,) = table.read(folder, runs.Run)
    self.assertEqual(run.commit, 'abcdefabcdef+')
    self.assertIn('--game=pong', run.command)
    about = ('pong', 'greedy', 4000, 30, 500)
    self.assertEqual(
        table.read(folder, rows.Teacher),
        [
            rows.Teacher(*about, 1.5, None, None, run.run),
            rows.Teacher('pong', 'stochastic', *about[2:], -1.5, -2.0, -1.0,
                         run.run),
        ],
    )
    self.assertEqual(
        table.read(folder, rows.TeacherCurve),
        [
            rows.TeacherCurve('pong', 2000, None, -21.0, -20.5, run.run),
            rows.TeacherCurve('pong', 4000, -19.0, None, None, run.run),
        ],
    )

  def test_the_repositorys_teachers_can_be_read(self):
    for game, path in teachers.there().items():
      record = teacher_file.load(path, game).record
      self.assertGreaterEqual(record['evaluation']['games'], 30, game)
      self.assertGreater(record['frames'], 0)
      json.dumps(record)

  def test_a_teacher_that_was_not_evaluated(self):
    folder = pathlib.Path(self.create_tempdir().full_path)
    weights = teacher_file.half(testing.make_teacher())
    teacher_file.save(
        folder / 'pong.npz', weights, {**RECORD, 'evaluation': None}
    )
    with absltest.mock.patch.object(teachers, 'FOLDER', folder):
      with self.assertRaisesRegex(
          errors.UserError, 'pong.npz: has not been evaluated'
      ):
        collect_teachers.collect(folder)


if __name__ == '__main__':
  absltest.main()
