# SPDX-License-Identifier: Apache-2.0
"""Tests of approximation: Theorem 1."""

from collections.abc import Callable

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np
import tensorflow as tf

from theory import approximation
from theory import one_hidden_layer
from theory import sigmoid_network

# Sums of up to a few thousand terms of size one, in float64.
_ROUNDING = 1e-11
# The sup of the errors is sampled and the last pieces are few: a measured power
# of K is off by this much.
_POWER = 0.1

_KNOTS = (9, 17, 33, 65, 129)


def _sine_modulus(delta: float) -> float:
  """Of f' = cos: |cos s - cos t| = 2 |sin((s + t) / 2) sin((s - t) / 2)|."""
  return 2 * np.sin(min(delta, np.pi) / 2)


def _root_modulus(delta: float) -> float:
  """Of f' = 1.5 sqrt|x|: sqrt(a + delta) - sqrt(a) is largest at a = 0."""
  return 1.5 * np.sqrt(delta)


# Name, f, f', its modulus of continuity, power of K in the gradient's error.
_FUNCTIONS = (
    ('smooth', np.sin, np.cos, _sine_modulus, 1.0),
    (
        'c1_only',
        lambda x: x * np.sqrt(np.abs(x)),
        lambda x: 1.5 * np.sqrt(np.abs(x)),
        _root_modulus,
        0.5,
    ),
)
_LOW, _HIGH = -1.0, 2.0


def _value_and_gradient(network, x: np.ndarray):
  points = tf.constant(x)
  with tf.GradientTape() as tape:
    tape.watch(points)
    y = network(points)
  return y.numpy()[:, 0], tape.gradient(y, points).numpy()


def _distance_1d(
    network, function: Callable, slope: Callable
) -> approximation.Distance:
  x = np.linspace(_LOW, _HIGH, 5003)
  value, gradient = _value_and_gradient(network, x[:, np.newaxis])
  return approximation.Distance(
      np.abs(value - function(x)).max(), np.abs(gradient[:, 0] - slope(x)).max()
  )


def _power(errors: list[float]) -> float:
  """Returns p of errors ~ (K - 1)^-p, K - 1 being the number of pieces."""
  return -np.polyfit(np.log(np.array(_KNOTS) - 1), np.log(errors), 1)[0]


class InterpolantTest(parameterized.TestCase):

  @parameterized.parameters(0.0, 0.2)
  def test_is_numpys_interpolation(self, leak):
    generator = np.random.default_rng(0)
    knots = np.sort(generator.uniform(-2, 2, 30))
    values = generator.standard_normal(30)
    x = generator.uniform(knots[0], knots[-1], 200)
    network = approximation.interpolant(knots, values, leak)
    np.testing.assert_allclose(
        network(tf.constant(x[:, np.newaxis]))[:, 0],
        np.interp(x, knots, values),
        atol=_ROUNDING,
    )

  @parameterized.named_parameters(*_FUNCTIONS)
  def test_error_is_within_the_bounds(self, function, slope, modulus, power):
    distances = []
    for number in _KNOTS:
      knots = np.linspace(_LOW, _HIGH, number)
      network = approximation.interpolant(knots, function(knots))
      distance = _distance_1d(network, function, slope)
      bound = approximation.interpolant_bound(modulus, knots[1] - knots[0])
      self.assertLessEqual(distance.value, bound.value)
      self.assertLessEqual(distance.gradient, bound.gradient)
      # Nor is the bound idle.
      self.assertGreater(distance.gradient, bound.gradient / 4)
      distances.append(distance)
    values, gradients = zip(*distances, strict=True)
    self.assertAlmostEqual(_power(gradients), power, delta=_POWER)
    self.assertAlmostEqual(_power(values), 1 + power, delta=_POWER)

  @parameterized.named_parameters(*_FUNCTIONS)
  def test_theorem_1(self, function, slope, modulus, power):
    del power  # Only the other test looks at how fast the error falls.
    for error in (0.3, 0.1):
      for leak in (0.0, 0.1):
        network = approximation.approximate(
            function, modulus, _LOW, _HIGH, error, leak
        )
        distance = _distance_1d(network, function, slope)
        self.assertLessEqual(max(distance), error + _ROUNDING)

  def test_a_function_that_is_not_c1_is_refused(self):
    with self.assertRaisesRegex(ValueError, r'error: .* modulus\(0\+\) = 0'):
      approximation.approximate(np.abs, lambda delta: 2.0, -1.0, 1.0, error=0.1)

  def test_wrong_arguments(self):
    with self.assertRaisesRegex(ValueError, 'knots: expected .* ascending'):
      approximation.interpolant(np.array([0.0, 0.0]), np.zeros(2))
    with self.assertRaisesRegex(ValueError, r'values: .*\(3,\).* got \(2,\)'):
      approximation.interpolant(np.arange(3.0), np.zeros(2))
    with self.assertRaisesRegex(ValueError, 'low: .* below high=1.0, got 1.0'):
      approximation.approximate(np.sin, _sine_modulus, 1.0, 1.0, 0.1)


class ReplaceSigmoidsTest(parameterized.TestCase):

  def setUp(self):
    super().setUp()
    generator = np.random.default_rng(0)
    self.low, self.high = np.array([-2.0, -1.0]), np.array([2.0, 3.0])
    self.sigmoids = one_hidden_layer.OneHiddenLayer(
        generator.standard_normal((2, 50)),
        generator.standard_normal(50),
        generator.standard_normal((50, 1)),
        generator.standard_normal(1),
        tf.sigmoid,
    )
    self.points = generator.uniform(self.low, self.high, (2000, 2))

  def _replace(self, knots: int, leak: float = 0.0):
    return approximation.replace_sigmoids(
        self.sigmoids, self.low, self.high, knots, leak
    )

  def test_errors_are_within_the_bounds_and_fall_as_stated(self):
    value, gradient = _value_and_gradient(self.sigmoids, self.points)
    values, gradients = [], []
    for knots in _KNOTS:
      relus = self._replace(knots)
      near_value, near_gradient = _value_and_gradient(relus, self.points)
      values.append(np.abs(near_value - value).max())
      difference = np.linalg.norm(near_gradient - gradient, axis=1)
      gradients.append(difference.max())
      bound = approximation.replacement_bound(
          self.sigmoids, self.low, self.high, knots
      )
      self.assertLessEqual(values[-1], bound.value)
      self.assertLessEqual(gradients[-1], bound.gradient)
    self.assertAlmostEqual(_power(values), 2, delta=_POWER)
    self.assertAlmostEqual(_power(gradients), 1, delta=_POWER)

  def test_is_the_sum_of_numpys_interpolations(self):
    w1, b1 = self.sigmoids.hidden_weights, self.sigmoids.hidden_biases
    w2, b2 = self.sigmoids.output_weights, self.sigmoids.output_biases
    expected = np.tile(b2.numpy(), len(self.points))
    sides = np.stack([self.low, self.high], axis=1)
    corners = np.array([(x, y) for x in sides[0] for y in sides[1]])
    for w, b, c in zip(w1.numpy().T, b1.numpy(), w2.numpy()[:, 0], strict=True):
      seen = corners @ w + b
      knots = np.linspace(seen.min(), seen.max(), 17)
      values = 1 / (1 + np.exp(-knots))
      expected += c * np.interp(self.points @ w + b, knots, values)
    relus = self._replace(17)
    np.testing.assert_allclose(
        relus(tf.constant(self.points))[:, 0], expected, atol=_ROUNDING
    )

  def test_leaky_units_make_the_same_function(self):
    points = tf.constant(self.points[:200])
    relus, leaky = self._replace(9), self._replace(9, leak=0.3)
    np.testing.assert_allclose(leaky(points), relus(points), atol=_ROUNDING)

  def test_unit_that_sees_one_value(self):
    self.sigmoids.hidden_weights[:, 0].assign([0.0, 0.0])
    points = tf.constant(self.points[:200])
    np.testing.assert_allclose(
        self._replace(2001)(points), self.sigmoids(points), atol=1e-5
    )

  def test_sigmoid_curvature(self):
    u = np.linspace(-5, 5, 100001)
    s = 1 / (1 + np.exp(-u))
    curvature = np.abs(s * (1 - s) * (1 - 2 * s)).max()
    self.assertAlmostEqual(approximation.SIGMOID_CURVATURE, curvature, places=8)

  def test_wrong_arguments(self):
    with self.assertRaisesRegex(ValueError, 'knots: expected at least 2'):
      self._replace(1)
    with self.assertRaisesRegex(ValueError, 'network: .* tf.sigmoid'):
      approximation.replace_sigmoids(self._replace(3), self.low, self.high, 3)
    with self.assertRaisesRegex(ValueError, r'low, high: .* shape \(2,\)'):
      approximation.replace_sigmoids(self.sigmoids, self.high, self.low, 3)


class TheoremInTwoDimensionsTest(absltest.TestCase):

  def test_c1_function_to_relus_by_way_of_sigmoids(self):
    generator = np.random.default_rng(0)
    low, high = np.array([-1.0, -1.0]), np.array([1.0, 1.0])

    def function(x):
      return np.cos(x[:, 0]) * np.sin(x[:, 1])

    def gradient(x):
      return np.stack(
          [
              -np.sin(x[:, 0]) * np.sin(x[:, 1]),
              np.cos(x[:, 0]) * np.cos(x[:, 1]),
          ],
          axis=1,
      )

    points = generator.uniform(low, high, (500, 2))
    sigmoids = sigmoid_network.fit(
        points, function(points), gradient(points), units=30
    )
    relus = approximation.replace_sigmoids(sigmoids, low, high, knots=129)
    test = generator.uniform(low, high, (2000, 2))
    value, slope = _value_and_gradient(relus, test)
    self.assertLess(np.abs(value - function(test)).max(), 0.02)
    difference = np.linalg.norm(slope - gradient(test), axis=1)
    self.assertLess(difference.max(), 0.2)


if __name__ == '__main__':
  absltest.main()
