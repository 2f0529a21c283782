# SPDX-License-Identifier: Apache-2.0
"""Tests of one_hidden_layer."""

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np
import tensorflow as tf

from theory import one_hidden_layer

# Sums of some ten numbers of size one, in units of float64's rounding.
_ROUNDING = 1e-14


def _weights(seed: int = 0, inputs: int = 3, hidden: int = 7, outputs: int = 2):
  generator = np.random.default_rng(seed)
  return (
      generator.standard_normal((inputs, hidden)),
      generator.standard_normal(hidden),
      generator.standard_normal((hidden, outputs)),
      generator.standard_normal(outputs),
  )


def _loop(weights, x: np.ndarray) -> np.ndarray:
  """The ReLU network, number by number."""
  w1, b1, w2, b2 = weights
  result = np.zeros((len(x), len(b2)))
  for n in range(len(x)):
    for o in range(len(b2)):
      result[n, o] = b2[o]
      for h in range(len(b1)):
        u = sum(x[n, d] * w1[d, h] for d in range(x.shape[1])) + b1[h]
        result[n, o] += max(u, 0.0) * w2[h, o]
  return result


class OneHiddenLayerTest(parameterized.TestCase):

  @parameterized.parameters(0.0, 0.01, 0.2, 0.9)
  def test_is_the_relu_network_with_any_leak(self, leak):
    weights = _weights()
    x = np.random.default_rng(1).standard_normal((20, 3))
    network = one_hidden_layer.from_relu_units(*weights, leak=leak)
    # The identity divides by 1 - leak^2, which makes rounding larger.
    tolerance = _ROUNDING / (1 - leak**2)
    np.testing.assert_allclose(
        network(tf.constant(x)), _loop(weights, x), atol=tolerance
    )

  def test_leak_doubles_the_units(self):
    weights = _weights(hidden=7)
    network = one_hidden_layer.from_relu_units(*weights, leak=0.1)
    self.assertEqual(network.hidden_weights.shape, [3, 14])

  def test_weights_are_trainable(self):
    network = one_hidden_layer.from_relu_units(*_weights())
    self.assertLen(network.trainable_variables, 4)

  def test_float32(self):
    weights = _weights()
    x = np.random.default_rng(1).standard_normal((20, 3))
    network = one_hidden_layer.from_relu_units(*weights, dtype=tf.float32)
    y = network(tf.constant(x, tf.float32))
    self.assertEqual(y.dtype, tf.float32)
    np.testing.assert_allclose(y, _loop(weights, x), atol=1e-5)

  @parameterized.parameters(-0.1, 1.0, 1 - 1e-12)
  def test_wrong_leak(self, leak):
    with self.assertRaisesRegex(ValueError, r'leak: .* slope in \[0, 1\)'):
      one_hidden_layer.from_relu_units(*_weights(), leak=leak)

  def test_wrong_shapes(self):
    w1, b1, w2, b2 = _weights()
    with self.assertRaisesRegex(ValueError, r'hidden_biases.*got.*\(6,\)'):
      one_hidden_layer.OneHiddenLayer(w1, b1[:-1], w2, b2)


if __name__ == '__main__':
  absltest.main()
