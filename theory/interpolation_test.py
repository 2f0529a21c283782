# SPDX-License-Identifier: Apache-2.0
"""Tests of interpolation: Proposition 1."""

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np
import tensorflow as tf

from theory import interpolation

# Up to 20 points: rounding times the steepest connecting piece, some 1e3.
_FLOAT64 = 2e-12
# The same in float32.
_FLOAT32 = 2e-3
# Differences over 2e-6 of values that are exact to _FLOAT64.
_STEP = 1e-6
_DIFFERENCES = 1e-5


def _data(number: int, dimension: int, seed: int = 0):
  """Points, values and gradients that have nothing to do with each other."""
  generator = np.random.default_rng(seed)
  return (
      generator.standard_normal((number, dimension)),
      generator.standard_normal(number),
      generator.standard_normal((number, dimension)),
  )


def _value_and_gradient(network, points, dtype=tf.float64):
  x = tf.constant(points, dtype)
  with tf.GradientTape() as tape:
    tape.watch(x)
    y = network(x)
  return y.numpy()[:, 0], tape.gradient(y, x).numpy()


class InterpolationTest(parameterized.TestCase):

  @parameterized.product(
      shape=((1, 1), (1, 4), (2, 1), (10, 1), (20, 2), (20, 3), (10, 8)),
      leak=(0.0, 0.2),
  )
  def test_values_and_gradients_are_the_asked_ones(self, shape, leak):
    points, values, gradients = _data(*shape)
    network = interpolation.interpolate(points, values, gradients, leak=leak)
    value, gradient = _value_and_gradient(network, points)
    np.testing.assert_allclose(value, values, atol=_FLOAT64)
    np.testing.assert_allclose(gradient, gradients, atol=_FLOAT64)

  @parameterized.parameters(0.0, 0.2)
  def test_central_differences_agree(self, leak):
    points, values, gradients = _data(12, 3)
    network = interpolation.interpolate(points, values, gradients, leak=leak)
    for k, direction in enumerate(np.eye(3)):
      right = network(tf.constant(points + _STEP * direction)).numpy()[:, 0]
      left = network(tf.constant(points - _STEP * direction)).numpy()[:, 0]
      np.testing.assert_allclose(
          (right - left) / (2 * _STEP), gradients[:, k], atol=_DIFFERENCES
      )

  def test_training_loss_of_equation_1_is_zero(self):
    points, values, gradients = _data(15, 2, seed=3)
    network = interpolation.interpolate(points, values, gradients)
    value, gradient = _value_and_gradient(network, points)
    loss = 0.0
    for i in range(15):
      loss += (value[i] - values[i]) ** 2
      for k in range(2):
        loss += (gradient[i, k] - gradients[i, k]) ** 2
    self.assertLess(loss, 45 * _FLOAT64**2)

  def test_straight_for_a_quarter_of_the_gap_around_each_point(self):
    _, values, gradients = _data(5, 1)
    points = np.array([[3.0], [0.0], [1.0], [-2.0], [0.2]])
    network = interpolation.interpolate(points, values, gradients)
    for i, x in enumerate(points[:, 0]):
      gap = np.partition(np.abs(points[:, 0] - x), 1)[1]
      for step in (-gap / 4, gap / 4):
        self.assertAlmostEqual(
            network(tf.constant([[x + step]], tf.float64))[0, 0].numpy(),
            values[i] + step * gradients[i, 0],
            delta=_FLOAT64,
        )

  def test_points_of_a_grid_are_told_apart(self):
    axis = np.linspace(-1, 1, 4)
    points = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
    _, values, gradients = _data(len(points), 2)
    network = interpolation.interpolate(points, values, gradients)
    value, gradient = _value_and_gradient(network, points)
    np.testing.assert_allclose(value, values, atol=_FLOAT64)
    np.testing.assert_allclose(gradient, gradients, atol=_FLOAT64)

  @parameterized.parameters((1, 0.0, 0.0), (9, 100.0, 1e-3), (9, -7.0, 1e6))
  def test_scale_and_offset_of_the_points_do_not_matter(self, n, offset, scale):
    points, values, gradients = _data(n, 2)
    points = offset + scale * points
    network = interpolation.interpolate(points, values, gradients)
    value, gradient = _value_and_gradient(network, points)
    # Offsets are rounded before the network sees them.
    tolerance = _FLOAT64 * max(1.0, scale, abs(offset) / (scale or 1.0))
    np.testing.assert_allclose(value, values, atol=tolerance)
    np.testing.assert_allclose(gradient, gradients, atol=tolerance)

  def test_float32(self):
    points, values, gradients = _data(20, 3)
    network = interpolation.interpolate(
        points, values, gradients, dtype=tf.float32
    )
    value, gradient = _value_and_gradient(network, points, tf.float32)
    np.testing.assert_allclose(value, values, atol=_FLOAT32)
    np.testing.assert_allclose(gradient, gradients, atol=_FLOAT32)

  @parameterized.parameters((0.0, 57), (0.1, 114))
  def test_number_of_hidden_units(self, leak, units):
    network = interpolation.interpolate(*_data(10, 3), leak=leak)
    self.assertEqual(network.hidden_weights.shape, [3, units])

  def test_seeds_give_different_networks_with_the_same_data(self):
    points, values, gradients = _data(5, 2)
    elsewhere = tf.constant([[0.3, -0.8]], tf.float64)
    networks = [
        interpolation.interpolate(points, values, gradients, seed=seed)
        for seed in (0, 0, 1)
    ]
    first, again, other = (
        network(elsewhere)[0, 0].numpy() for network in networks
    )
    self.assertEqual(first, again)
    self.assertNotAlmostEqual(first, other, places=3)
    np.testing.assert_allclose(
        networks[2](tf.constant(points))[:, 0], values, atol=_FLOAT64
    )

  def test_duplicate_points(self):
    points, values, gradients = _data(6, 2)
    points[4] = points[1]
    with self.assertRaisesRegex(
        ValueError, 'points: expected distinct points, got rows 1 and 4'
    ):
      interpolation.interpolate(points, values, gradients)

  def test_wrong_shapes(self):
    points, values, gradients = _data(6, 2)
    with self.assertRaisesRegex(ValueError, r'points: expected shape \[N, D\]'):
      interpolation.interpolate(points[0], values, gradients)
    with self.assertRaisesRegex(ValueError, r'points: expected shape \[N, D\]'):
      interpolation.interpolate(points[:0], values[:0], gradients[:0])
    with self.assertRaisesRegex(ValueError, r'values: .*\(6,\).*got \(6, 1\)'):
      interpolation.interpolate(points, values[:, np.newaxis], gradients)
    with self.assertRaisesRegex(ValueError, r'gradients: .*got \(6, 1\)'):
      interpolation.interpolate(points, values, gradients[:, :1])

  def test_number_that_is_not_finite(self):
    points, values, gradients = _data(6, 2)
    gradients[3, 1] = np.nan
    with self.assertRaisesRegex(ValueError, 'gradients: .* in row 3'):
      interpolation.interpolate(points, values, gradients)


if __name__ == '__main__':
  absltest.main()
