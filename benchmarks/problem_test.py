# SPDX-License-Identifier: Apache-2.0
"""Tests for problem."""

import numpy as np
import tensorflow as tf

from benchmarks import problem
from regression import training

_METHODS = (
    training.Method(),
    training.Method(activation=problem.TAPES),
    training.Method(gradient_weight=0.0),
)


def _without_ensemble(state):
  return tf.nest.map_structure(lambda tensor: tensor.numpy()[0], state)


class ProblemTest(tf.test.TestCase):

  @classmethod
  def setUpClass(cls):
    super().setUpClass()
    start = problem.make(batch=8)
    cls.trained = [problem.trainer(*start, method)(1) for method in _METHODS]

  def test_tapes_do_the_same_mathematics(self):
    sobolev, by_tapes, _ = self.trained
    problem.check_equal(_without_ensemble(by_tapes), sobolev, 'tapes')

  def test_other_mathematics_is_refused(self):
    sobolev, _, regular = self.trained
    with self.assertRaisesRegex(ValueError, 'peer: a step does not give our'):
      problem.check_equal(_without_ensemble(regular), sobolev, 'peer')

  def test_nan_is_refused(self):
    sobolev = self.trained[0]
    nan = tf.nest.map_structure(
        lambda array: np.full_like(array, np.nan), _without_ensemble(sobolev)
    )
    with self.assertRaisesRegex(ValueError, 'peer: a step does not give our'):
      problem.check_equal(nan, sobolev, 'peer')

  def test_networks_differ(self):
    state, batches = problem.make(batch=4, count=2)
    self.assertEqual(batches.x.shape, (2, 4, 2))
    self.assertNotAllClose(batches.x[0], batches.x[1])
    weights = state.parameters.weights[1]
    self.assertNotAllClose(weights[0], weights[1])


if __name__ == '__main__':
  tf.test.main()
