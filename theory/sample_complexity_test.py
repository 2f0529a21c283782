# SPDX-License-Identifier: Apache-2.0
"""Tests of sample_complexity: Propositions 2 and 3."""

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

from theory import sample_complexity

# Condition numbers of the polynomial systems reach 1e6 here.
_SOLVED = 1e-9
# Closed forms in float64.
_ROUNDING = 1e-12

_DEGREES = range(9)


def _polynomial(coefficients, x: float) -> tuple[float, float]:
  """Returns the value and slope of sum_k c_k x^k at x, term by term."""
  value = slope = 0.0
  for k, coefficient in enumerate(coefficients):
    value += coefficient * x**k
    slope += coefficient * k * x ** (k - 1) if k else 0.0
  return value, slope


def _points(number: int) -> np.ndarray:
  """Chebyshev points, which are distinct and well placed."""
  return np.cos((np.arange(number) + 0.5) * np.pi / number)


class PolynomialTest(parameterized.TestCase):

  @parameterized.parameters(*_DEGREES)
  def test_as_many_points_as_stated_recover_the_coefficients(self, degree):
    coefficients = np.random.default_rng(degree).standard_normal(degree + 1)
    needed = sample_complexity.polynomial_complexity(degree)
    for number, with_slopes in zip(needed, (True, False), strict=True):
      points = _points(number)
      observed = [_polynomial(coefficients, x) for x in points]
      values, slopes = (np.array(o) for o in zip(*observed, strict=True))
      found = sample_complexity.polynomial(
          degree, points, values, slopes if with_slopes else None
      )
      np.testing.assert_allclose(found, coefficients, atol=_SOLVED)

  @parameterized.parameters(*_DEGREES)
  def test_one_point_fewer_leaves_another_polynomial(self, degree):
    needed = sample_complexity.polynomial_complexity(degree)
    for number, with_slopes in zip(needed, (True, False), strict=True):
      points = _points(number - 1)
      unseen = sample_complexity.invisible_polynomial(points, with_slopes)
      self.assertLessEqual(len(unseen) - 1, degree)
      self.assertEqual(unseen[-1], 1.0)  # So it is not zero.
      for x in points:
        value, slope = _polynomial(unseen, x)
        self.assertAlmostEqual(value, 0.0, delta=_ROUNDING)
        if with_slopes:
          self.assertAlmostEqual(slope, 0.0, delta=_ROUNDING)

  def test_the_number_in_the_paper_is_too_small_for_even_degrees(self):
    for degree in _DEGREES:
      paper = -(-degree // 2)
      ours = sample_complexity.polynomial_complexity(degree).sobolev
      self.assertEqual(ours - paper, 1 if degree % 2 == 0 else 0)

  def test_parabola_that_vanishes_with_its_slope_at_a_point(self):
    # (x - 3)^2 = 9 - 6 x + x^2: degree 2, and the paper asks for one point.
    np.testing.assert_allclose(
        sample_complexity.invisible_polynomial(np.array([3.0]), slopes=True),
        [9.0, -6.0, 1.0],
    )

  def test_too_few_points(self):
    twice = np.array([1.0, 1.0])
    with self.assertRaisesRegex(ValueError, 'at least 2 .* degree 2 with'):
      sample_complexity.polynomial(2, twice, np.ones(2), np.ones(2))
    with self.assertRaisesRegex(ValueError, 'at least 3 .* degree 2 without'):
      sample_complexity.polynomial(2, np.arange(2.0), np.ones(2))


def _density(x, mean: float, variance: float):
  """Returns the density of the normal distribution at x."""
  exponent = -((x - mean) ** 2) / (2 * variance)
  return np.exp(exponent) / np.sqrt(2 * np.pi * variance)


class GaussianTest(parameterized.TestCase):

  @parameterized.parameters(
      (0.0, 1.0, 0.0),
      (0.0, 1.0, 1.0),
      (-2.0, 0.3, -1.0),
      (5.0, 1e4, 90.0),
      (1.0, 3.0, -20.0),  # The density is 3e-33 here.
      (0.0, 1e-4, 0.03),
      (0.0, 1e-4, 0.3),  # And 1e-194 here.
  )
  def test_one_point_with_derivative_recovers_it(self, mean, variance, x):
    value = _density(x, mean, variance)
    slope = -(x - mean) / variance * value
    found = sample_complexity.gaussian_from_slope(x, value, slope)
    np.testing.assert_allclose(found, (mean, variance), rtol=1e-11, atol=1e-11)

  def test_three_values_recover_it(self):
    points = np.array([-1.0, 0.5, 0.7])
    values = _density(points, 0.2, 0.8)
    found = sample_complexity.gaussian_from_values(points, values)
    np.testing.assert_allclose(found, (0.2, 0.8), atol=1e-11)

  def test_far_from_0(self):
    mean, variance = 1e6 + 0.3, 2.0
    points = np.array([1e6 - 1, 1e6, 1e6 + 1])
    found = sample_complexity.gaussian_from_values(
        points, np.exp(-(points - mean) ** 2 / 4) / np.sqrt(4 * np.pi)
    )
    np.testing.assert_allclose(found, (mean, variance), rtol=1e-6)
    with self.assertRaisesRegex(ValueError, '^points: float64 does not tell'):
      sample_complexity.polynomial(3, 2015 + np.arange(4), [1, 2, 4, 3])

  @parameterized.parameters((0.0, 1.0, 60.0), (-3.0, 4.0, 1.5), (2.0, 1.0, 9.0))
  def test_two_values_do_not(self, first, second, ratio):
    narrow, wide = sample_complexity.gaussian_twins(first, second, ratio)
    self.assertAlmostEqual(wide[1] / narrow[1], ratio)
    for x in (first, second):
      self.assertAlmostEqual(
          _density(x, *narrow), _density(x, *wide), delta=_ROUNDING
      )
      slopes = [(m - x) / v for m, v in (narrow, wide)]
      self.assertNotAlmostEqual(*slopes, places=2)

  def test_known_twins(self):
    # Found by hand: both are 0.2 at 0 and at 1, to the digits given.
    twins = sample_complexity.gaussian_twins(0.0, 1.0, 3.7203 / 0.0595)
    np.testing.assert_allclose(twins, [(0.5, 0.0595), (0.5, 3.7203)], rtol=5e-4)
    for mean, variance in twins:
      self.assertAlmostEqual(_density(0.0, mean, variance), 0.2, places=4)

  def test_wrong_arguments(self):
    with self.assertRaisesRegex(ValueError, 'value: .* positive .* got 0.0'):
      sample_complexity.gaussian_from_slope(0.0, 0.0, 1.0)
    with self.assertRaisesRegex(ValueError, 'ratio above 1, got 0.0, 0.0 and'):
      sample_complexity.gaussian_twins(0.0, 0.0, 2.0)
    with self.assertRaisesRegex(ValueError, 'above 1, got 0.0, 1.0 and 1.0'):
      sample_complexity.gaussian_twins(0.0, 1.0, 1.0)


class ElementwiseLinearTest(parameterized.TestCase):

  def setUp(self):
    super().setUp()
    generator = np.random.default_rng(0)
    self.weights = generator.standard_normal((4, 3))
    self.biases = generator.standard_normal(4)
    self.points = generator.standard_normal((4, 4, 3))  # d + 1 of them.

  def _value(self, point: np.ndarray) -> np.ndarray:
    """Returns [A_1 x_1 + b_1, ..., A_n x_n + b_n], number by number."""
    value = np.zeros(4)
    for i in range(4):
      value[i] = self.biases[i]
      for k in range(3):
        value[i] += self.weights[i, k] * point[i, k]
    return value

  def test_one_point_with_derivative_recovers_it(self):
    point, step = self.points[0], 1e-3
    # Central differences, exact for a linear function up to rounding.
    slope = np.zeros((4, 3))
    for i in range(4):
      for k in range(3):
        change = np.zeros((4, 3))
        change[i, k] = step
        right, left = self._value(point + change), self._value(point - change)
        slope[i, k] = (right - left)[i] / (2 * step)
    weights, biases = sample_complexity.elementwise_linear_from_slope(
        point, self._value(point), slope
    )
    np.testing.assert_allclose(weights, self.weights, atol=1e-11)
    np.testing.assert_allclose(biases, self.biases, atol=1e-11)

  def test_d_plus_1_values_in_general_position_recover_it(self):
    values = np.stack([self._value(point) for point in self.points])
    weights, biases = sample_complexity.elementwise_linear_from_values(
        self.points, values
    )
    np.testing.assert_allclose(weights, self.weights, atol=_ROUNDING)
    np.testing.assert_allclose(biases, self.biases, atol=_ROUNDING)
    complexity = sample_complexity.elementwise_linear_complexity(dimension=3)
    self.assertEqual(complexity, (1, len(self.points)))

  def test_any_number_of_distinct_points_may_fail(self):
    points = np.random.default_rng(1).standard_normal((50, 4, 3))
    points[:, 2] = points[0, 2]  # All differ, but not in x_3.
    with self.assertRaisesRegex(ValueError, 'block 2, got 50 of rank 1'):
      sample_complexity.elementwise_linear_from_values(
          points, np.stack([self._value(point) for point in points])
      )
    # Indeed: A_3 may change along any z, if b_3 makes up for it.
    values = [self._value(point)[2] for point in points]
    self.weights[2] += 1.0
    self.biases[2] -= points[0, 2].sum()
    again = [self._value(point)[2] for point in points]
    np.testing.assert_allclose(again, values, atol=_ROUNDING)

  def test_d_points_are_too_few(self):
    with self.assertRaisesRegex(ValueError, 'expected 4 points'):
      sample_complexity.elementwise_linear_from_values(
          self.points[:3], np.zeros((3, 4))
      )


class Proposition2Test(absltest.TestCase):

  def test_derivatives_never_ask_for_more_points(self):
    families = [
        sample_complexity.GAUSSIAN_COMPLEXITY,
        *map(sample_complexity.polynomial_complexity, _DEGREES),
        *map(sample_complexity.elementwise_linear_complexity, range(1, 5)),
    ]
    for family in families:
      self.assertLessEqual(family.sobolev, family.regular)

  def test_proposition_3_is_strict(self):
    gaussian = sample_complexity.GAUSSIAN_COMPLEXITY
    self.assertLess(gaussian.sobolev, gaussian.regular)
    linear = sample_complexity.elementwise_linear_complexity(dimension=1)
    self.assertLess(linear.sobolev, linear.regular)


if __name__ == '__main__':
  absltest.main()
