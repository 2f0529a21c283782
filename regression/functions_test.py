# SPDX-License-Identifier: Apache-2.0
import math

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

from regression import functions

# float64, values up to 1e5.
_CLOSED_FORM = 1e-9
# Central differences with a relative step of 1e-6 of functions whose third
# derivatives are up to 1e4 of their scale, away from Bukin's ridge.
_DIFFERENCES = 1e-4


def _ackley(x, y):
  radius = math.sqrt(0.5 * (x * x + y * y))
  pull = 2 * math.exp(-0.2 * radius) / radius
  cosines = math.cos(2 * math.pi * x) + math.cos(2 * math.pi * y)
  wave = math.pi * math.exp(0.5 * cosines)
  return [pull * z + wave * math.sin(2 * math.pi * z) for z in (x, y)]


def _beale(x, y):
  terms = [(c - x + x * y**k, k) for k, c in ((1, 1.5), (2, 2.25), (3, 2.625))]
  return [
      sum(2 * t * (y**k - 1) for t, k in terms),
      sum(2 * t * x * k * y ** (k - 1) for t, k in terms),
  ]


def _bukin(x, y):
  inside = y - 0.01 * x * x
  slope = 50 / math.sqrt(abs(inside)) * math.copysign(1, inside)
  return [-0.02 * x * slope + 0.01 * math.copysign(1, x + 10), slope]


def _mccormick(x, y):
  return [
      math.cos(x + y) + 2 * (x - y) - 1.5,
      math.cos(x + y) - 2 * (x - y) + 2.5,
  ]


_GRADIENTS = {
    'ackley': _ackley,
    'beale': _beale,
    'booth': lambda x, y: [10 * x + 8 * y - 34, 8 * x + 10 * y - 38],
    'bukin': _bukin,
    'mccormick': _mccormick,
    'rosenbrock': lambda x, y: [
        -400 * x * (y - x * x) + 2 * (x - 1),
        200 * (y - x * x),
    ],
    'styblinski_tang': lambda x, y: [2 * z**3 - 16 * z + 2.5 for z in (x, y)],
}

# Worked out by hand from the literature's formulas.
_VALUES = (
    ('ackley', (1, 0), 20 - 20 * math.exp(-0.2 * math.sqrt(0.5))),
    ('beale', (0, 0), 14.203125),
    ('beale', (1, 2), 6.25 + 27.5625 + 92.640625),
    ('booth', (0, 0), 74),
    ('booth', (2, -1), 53),
    ('bukin', (-10, 0), 100),
    ('bukin', (0, 4), 200.1),
    ('mccormick', (0, 0), 1),
    ('mccormick', (1, 2), math.sin(3) + 5.5),
    ('rosenbrock', (0, 0), 1),
    ('rosenbrock', (2, 1), 901),
    ('styblinski_tang', (1, 1), -10),
    ('styblinski_tang', (2, 0), -19),
)


def _points(function, count=50):
  low, high = np.array(function.low), np.array(function.high)
  generator = np.random.default_rng(0)
  return low + (high - low) * generator.random((count, len(low)))


class FunctionsTest(parameterized.TestCase):

  def test_there_are_seven_and_each_has_a_closed_form(self):
    self.assertLen(functions.FUNCTIONS, 7)
    self.assertEqual(set(functions.FUNCTIONS), set(_GRADIENTS))

  @parameterized.parameters(*_VALUES)
  def test_values(self, name, point, expected):
    value, _ = functions.FUNCTIONS[name].value_and_gradient(np.array([point]))
    np.testing.assert_allclose(value, [expected], rtol=_CLOSED_FORM)

  @parameterized.parameters(*functions.FUNCTIONS)
  def test_gradient_equals_closed_form(self, name):
    points = _points(functions.FUNCTIONS[name])
    _, gradient = functions.FUNCTIONS[name].value_and_gradient(points)
    expected = [_GRADIENTS[name](*point) for point in points]
    np.testing.assert_allclose(gradient, expected, _CLOSED_FORM, _CLOSED_FORM)

  @parameterized.parameters(*functions.FUNCTIONS)
  def test_gradient_equals_central_differences(self, name):
    function = functions.FUNCTIONS[name]
    points = _points(function)
    if name == 'bukin':  # Its third derivative is unbounded at the ridge.
      x, y = points.T
      points = points[np.abs(y - 0.01 * x**2) > 0.3]
    _, gradient = function.value_and_gradient(points)
    for axis in range(2):
      shift = 1e-5 * np.eye(2)[axis]
      above, _ = function.value_and_gradient(points + shift)
      below, _ = function.value_and_gradient(points - shift)
      expected = (above - below) / 2e-5
      scale = np.abs(expected).max()
      np.testing.assert_allclose(
          gradient[:, axis], expected, atol=_DIFFERENCES * scale
      )

  @parameterized.parameters(*functions.FUNCTIONS)
  def test_minima(self, name):
    function = functions.FUNCTIONS[name]
    minima = np.array(function.minima, np.float64)
    value, gradient = function.value_and_gradient(minima)
    np.testing.assert_allclose(value, function.minimum, atol=1e-6)
    if function.smooth:
      np.testing.assert_allclose(gradient, 0, atol=1e-6)
    sampled, _ = function.value_and_gradient(_points(function, 10_000))
    self.assertGreater(sampled.min(), function.minimum)
    self.assertTrue(np.all(minima >= function.low))
    self.assertTrue(np.all(minima <= function.high))


if __name__ == '__main__':
  absltest.main()
