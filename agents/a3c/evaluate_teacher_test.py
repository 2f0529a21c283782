# SPDX-License-Identifier: Apache-2.0
import pathlib

from absl.testing import absltest
import numpy as np

from agents.a3c import evaluate_teacher
from agents.a3c import networks
from agents.a3c import teacher_file
from experiment import errors


class EvaluateTeacherTest(absltest.TestCase):

  def setUp(self):
    super().setUp()
    folder = pathlib.Path(self.create_tempdir().full_path)
    self.source, self.target = folder / 'best.npz', folder / 'teacher.npz'
    self.weights = teacher_file.half(networks.make_teacher(3, seed=3))
    teacher_file.save(
        self.source, self.weights, {'game': 'pong', 'frames': 20}
    )

  def test_the_file_gets_what_the_games_gave(self):
    played = []

    def play(weights, count, greedy, seed):
      played.append((count, greedy))
      for name, array in self.weights.items():
        np.testing.assert_array_equal(weights[name], array)
      return np.array([1.0, 2.0, 6.0]) + (0 if greedy else 1)

    settings = evaluate_teacher.Config(
        teacher=str(self.source), evaluated=str(self.target), games=3,
        sticky=0.25,
    )
    record = evaluate_teacher.evaluate(settings, play)
    self.assertEqual(played, [(3, True), (3, False)])
    network, found = teacher_file.load(self.target, 'pong')
    self.assertEqual(found, record)
    self.assertEqual(found['frames'], 20)
    self.assertEqual(found['evaluation']['sticky'], 0.25)
    self.assertEqual(
        found['evaluation']['stochastic']['scores'], [2.0, 3.0, 7.0]
    )
    self.assertEqual(
        found['evaluation']['greedy'], {'mean': 3.0, 'scores': [1.0, 2.0, 6.0]}
    )
    # t(0.975, 2) = 4.3027; the standard error is sqrt(7 / 3).
    low = found['evaluation']['stochastic']['low']
    self.assertAlmostEqual(low, 4 - 4.3027 * (7 / 3) ** 0.5, 3)
    np.testing.assert_array_equal(
        teacher_file.half(network)['teacher/value/w:0'],
        self.weights['teacher/value/w:0'],
    )
    self.assertEqual(
        evaluate_teacher.describe(record),
        'pong greedy: 3.0 points over 3 episodes after 5 agent steps\n'
        'pong stochastic: 4.0 points (-2.6 to 10.6) over 3 episodes after 5 '
        'agent steps',
    )

  def test_plays_games(self):
    settings = evaluate_teacher.Config(
        teacher=str(self.source), evaluated=str(self.target), games=2,
        max_game_steps=5,
    )
    found = evaluate_teacher.run(settings)['evaluation']
    self.assertLen(found['greedy']['scores'], 2)
    self.assertLen(found['stochastic']['scores'], 2)

  def test_another_teacher_is_not_overwritten(self):
    self.target.write_text('what took days')
    settings = evaluate_teacher.Config(
        teacher=str(self.source), evaluated=str(self.target), games=2,
        max_game_steps=5,
    )
    with self.assertRaisesRegex(errors.UserError, 'teacher.npz: exists: rem'):
      evaluate_teacher.run(settings)
    self.assertEqual(self.target.read_text(), 'what took days')
    # Its own file may get an evaluation.
    record = evaluate_teacher.run(
        evaluate_teacher.Config(**{
            **settings.__dict__, 'evaluated': str(self.source)
        })
    )
    _, found = teacher_file.load(self.source, 'pong')
    self.assertEqual(found, record)

  def test_no_such_teacher(self):
    settings = evaluate_teacher.Config(teacher='nothing.npz')
    with self.assertRaisesRegex(errors.UserError, 'nothing.npz: no such file'):
      evaluate_teacher.run(settings)


if __name__ == '__main__':
  absltest.main()
