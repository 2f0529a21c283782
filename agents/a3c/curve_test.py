# SPDX-License-Identifier: Apache-2.0
import json
import pathlib

from absl.testing import absltest
import numpy as np

from agents.a3c import curve as curve_lib
from agents.a3c import networks
from agents.a3c import settings
from agents.a3c import teacher_file


class _Experiment:
  """One whose returns are given, and whose weights name the update."""

  def __init__(self):
    self.network = networks.make_teacher(3, seed=0)
    self.training = self.points = float('nan')
    self.played, self.curve_before = [], []

  def training_score(self):
    return self.training

  def frames(self, update):
    return 10 * update

  def play(self, weights, count, greedy, seed):
    self.played.append((count, greedy, seed))
    return np.full(count, self.points + (0 if greedy else 1))


class CurveTest(absltest.TestCase):

  def setUp(self):
    super().setUp()
    self.folder = pathlib.Path(self.create_tempdir().full_path)
    self.settings = settings.Config(
        agent_steps=8 * settings.Config().steps_of_update, rows=8,
        evaluations=4, evaluation_games=3,
    )
    self.experiment = _Experiment()
    self.curve = self._curve()

  def _curve(self):
    return curve_lib.Curve(self.experiment, self.settings, self.folder)

  def _evaluate(self, update, training, points):
    self.experiment.training, self.experiment.points = training, points
    self.experiment.network.variables[0].assign(
        self.experiment.network.variables[0] * 0 + update
    )
    return self.curve.evaluate(update)

  def _update_of(self, name):
    network = teacher_file.load(self.folder / name, 'pong').network
    return int(network.variables[0].numpy().ravel()[0])

  def test_only_some_rows_have_an_evaluation(self):
    row = self._evaluate(1, -20.0, 5.0)
    self.assertTrue(np.isnan(row['greedy_score']))
    self.assertEqual(self.experiment.played, [])
    row = self._evaluate(2, -20.0, 5.0)
    self.assertEqual((row['greedy_score'], row['stochastic_score']), (5, 6))
    self.assertEqual(row['frames'], 20)
    self.assertEqual(
        [game[:2] for game in self.experiment.played], [(3, True), (3, False)]
    )

  def test_keeps_the_best_and_the_last(self):
    nothing = float('nan')
    # Before training has ended a game, the evaluation's points count.
    for update, training, points, best in (
        (2, nothing, -20, 2),
        (4, -18.0, -21, 4),
        (6, -18.5, 21, 4),
        (8, -3.0, -21, 8),
    ):
      self._evaluate(update, training, points)
      self.assertEqual(self._update_of('last.npz'), update)
      self.assertEqual(self._update_of('best.npz'), best)
    curve = teacher_file.load(self.folder / 'last.npz', 'pong').record['curve']
    self.assertEqual([row['frames'] for row in curve], [20, 40, 60, 80])
    self.assertIsNone(curve[0]['training_score'])

  def test_remembers_the_best_when_resumed(self):
    self._evaluate(2, -3.0, 0)
    state = json.loads(json.dumps(self.curve.state(), allow_nan=False))
    self.curve = self._curve()
    self.curve.restore(state)
    self._evaluate(4, -4.0, 0)
    self.assertEqual(self._update_of('best.npz'), 2)
    self.assertEqual(self.curve.state()['best'], -3)


if __name__ == '__main__':
  absltest.main()
