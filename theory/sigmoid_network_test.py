# SPDX-License-Identifier: Apache-2.0
"""Tests of sigmoid_network."""

from absl.testing import absltest
import numpy as np
import tensorflow as tf

from theory import sigmoid_network


def _function(x: np.ndarray) -> np.ndarray:
  return np.exp(-np.sum(x**2, axis=1))


def _gradient(x: np.ndarray) -> np.ndarray:
  return -2 * x * _function(x)[:, np.newaxis]


class SigmoidNetworkTest(absltest.TestCase):

  def setUp(self):
    super().setUp()
    generator = np.random.default_rng(0)
    self.points = generator.uniform(-1, 1, (400, 2))
    self.test = generator.uniform(-1, 1, (1000, 2))

  def _distance(self, units: int) -> tuple[float, float]:
    """Returns the sup of the errors of value and gradient on fresh points."""
    network = sigmoid_network.fit(
        self.points, _function(self.points), _gradient(self.points), units
    )
    x = tf.constant(self.test)
    with tf.GradientTape() as tape:
      tape.watch(x)
      y = network(x)
    gradient = tape.gradient(y, x).numpy() - _gradient(self.test)
    return (
        np.abs(y.numpy()[:, 0] - _function(self.test)).max(),
        np.linalg.norm(gradient, axis=1).max(),
    )

  def test_more_units_come_nearer_in_value_and_gradient(self):
    value_10, gradient_10 = self._distance(10)
    value_40, gradient_40 = self._distance(40)
    value_160, gradient_160 = self._distance(160)
    # The functions are smooth, so the errors fall by orders of magnitude.
    self.assertLess(value_40, value_10 / 10)
    self.assertLess(value_160, value_40 / 2)
    self.assertLess(value_160, 1e-3)
    self.assertLess(gradient_40, gradient_10 / 5)
    self.assertLess(gradient_160, gradient_40 / 2)
    self.assertLess(gradient_160, 1e-2)

  def test_constant_is_found_exactly(self):
    network = sigmoid_network.fit(
        self.points, np.full(400, 3.0), np.zeros((400, 2)), units=10
    )
    np.testing.assert_allclose(network(tf.constant(self.test)), 3.0, atol=1e-9)


if __name__ == '__main__':
  absltest.main()
