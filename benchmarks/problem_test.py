# SPDX-License-Identifier: Apache-2.0
"""Tests for problem."""

import numpy as np
import tensorflow as tf

from benchmarks import problem

_METHODS = (
    problem.METHODS['Sobolev'],
    problem.METHODS['Sobolev']._replace(activation=problem.TAPES),
    problem.METHODS['regular'],
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


if __name__ == '__main__':
  tf.test.main()
