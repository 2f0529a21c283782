# SPDX-License-Identifier: Apache-2.0
import itertools

from absl.testing import absltest
import numpy as np
from scipy import integrate
import tensorflow as tf

from sobolev_training import losses
from theory import kinks

RNG = np.random.default_rng(5)
W = RNG.choice([-1.0, 1.0], 6) * RNG.uniform(0.5, 2, 6)
A = RNG.normal(size=6)
# One of the kinks is outside.
B = -W * np.array([-0.8, -0.31, 0.05, 0.4, 0.77, 1.6])
LOW, HIGH = -1.0, 1.5


def gradient_loss(w, b, a):
  """The mean over the interval of (m' - cos)^2, piece by piece."""

  def error(x, slope):
    return (slope - np.cos(x)) ** 2

  ends = np.sort(np.clip([LOW, *(-b / w), HIGH], LOW, HIGH))
  total = 0.0
  for start, end in itertools.pairwise(ends):
    slope = np.sum(a * w * (w * (start + end) / 2 + b > 0))
    total += integrate.quad(error, start, end, args=(slope,))[0]
  return total / (HIGH - LOW)


def differences(function, at, step=1e-6):
  """Central differences, [H]."""
  steps = step * np.eye(len(at))
  return [(function(at + s) - function(at - s)) / (2 * step) for s in steps]


def gradients_of_samples(count):
  """The mean gradient with respect to w and b, by the library's loss."""
  x = tf.constant(RNG.uniform(LOW, HIGH, [count, 1]))
  w, b, a = map(tf.Variable, (W, B, A))

  def network(x):
    return tf.reduce_sum(a * tf.nn.relu(x * w + b), axis=1, keepdims=True)

  with tf.GradientTape() as tape:
    loss = losses.full_loss(network, x, tf.sin, weights=(0, 1))
    mean = tf.reduce_mean(loss.total)
  return tape.gradient(
      mean, (w, b), unconnected_gradients=tf.UnconnectedGradients.ZERO
  )


class KinksTest(absltest.TestCase):

  def setUp(self):
    super().setUp()
    self.unseen = kinks.unseen(W, B, A, np.cos, (LOW, HIGH))

  def test_is_the_derivative_of_the_mean(self):
    found = differences(lambda b: gradient_loss(W, b, A), B)
    np.testing.assert_allclose(self.unseen, found, atol=1e-7)
    self.assertEqual(self.unseen[-1], 0)
    self.assertGreater(np.abs(self.unseen[:-1]).min(), 0.02)

  def test_samples_do_not_see_it(self):
    of_weights, of_biases = gradients_of_samples(100_000)
    np.testing.assert_array_equal(of_biases, np.zeros(6))
    # The weights' derivative lacks x_i times as much.
    found = differences(lambda w: gradient_loss(w, B, A), W)
    expected = found - (-B / W) * self.unseen
    np.testing.assert_allclose(of_weights, expected, atol=0.03)
    self.assertGreater(np.abs(expected - found).max(), 0.3)


if __name__ == '__main__':
  absltest.main()
