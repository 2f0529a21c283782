# SPDX-License-Identifier: Apache-2.0
"""Against the closed form of a policy softmax(W s)."""

import numpy as np
import tensorflow as tf

from agents.distillation import dataset
from agents.distillation import jacobian
from agents.distillation import testing
from experiment import errors

CHOSEN = np.arange(7, 257, 2)  # More than are computed at a time.


class JacobianTest(tf.test.TestCase):

  def setUp(self):
    super().setUp()
    recording = testing.make_recording(testing.make_teacher(), (260,))
    self.states = dataset.States(recording, np.arange(recording.size))
    rng = np.random.default_rng(0)
    self.w = rng.normal(size=[np.prod(dataset.POINTS), 3]) / 100
    self.v = rng.normal(size=[2, 4, 3])

  def _policy(self, points):
    flat = tf.reshape(points, [tf.shape(points)[0], -1])
    return tf.matmul(flat, tf.constant(self.w, tf.float32))

  def test_projections_are_the_formula(self):
    places = np.array([120, 0, 3, 3])
    found = jacobian.Jacobian(self._policy, self.states, CHOSEN).projected(
        tf.constant(places), tf.constant(self.v, tf.float32)
    )
    self.assertEqual(found.shape, [2, 4, *dataset.POINTS])
    points = self.states.points(tf.constant(CHOSEN[places])).numpy()
    for b, s in enumerate(points.reshape(4, -1).astype(np.float64)):
      pi = np.exp(s @ self.w) / np.exp(s @ self.w).sum()
      for v, gradient in zip(self.v[:, b], found[:, b], strict=True):
        self.assertAllClose(
            np.ravel(gradient), self.w @ (v - v.sum() * pi),
            rtol=2e-3, atol=1e-4,
        )

  def test_gradients_that_float16_does_not_hold(self):
    self.w *= 1e7
    with self.assertRaisesRegex(errors.UserError, '--jacobian_gib=0$'):
      jacobian.Jacobian(self._policy, self.states, CHOSEN)

  def test_size_is_that_of_the_rows(self):
    self.assertEqual(jacobian.size(self.states, CHOSEN), 125 * 3 * 28224 * 2)


if __name__ == '__main__':
  tf.test.main()
