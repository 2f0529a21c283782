# SPDX-License-Identifier: Apache-2.0
"""Tests of gradient_fields: Theorem 2 and Proposition 4."""

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np
from scipy import optimize
import sonnet as snt
import tensorflow as tf

from sobolev_training import testing
from theory import gradient_fields

# Squares of float64's rounding, of Jacobians of size one.
_ZERO = 1e-25
# Averages over 4000 random directions: some standard errors.
_SAMPLED = 0.03


def _rng():
  return np.random.default_rng(0)


class Theorem2Test(parameterized.TestCase):

  @parameterized.parameters((1.0, 1.0), (0.5, 4.0), (3.0, 0.2))
  def test_no_polynomial_is_nearer_than_the_bound(self, eps, length):
    # f = 0, g = eps on [0, L]. Minimise eta over the coefficients c of h, with
    # |h(x)| <= eta and |eps - h'(x)| <= eta at many x: a linear program.
    basis = [np.polynomial.Chebyshev.basis(k, [0, length]) for k in range(8)]
    x = np.linspace(0, length, 401)
    values = np.stack([p(x) for p in basis], axis=1)
    slopes = np.stack([p.deriv()(x) for p in basis], axis=1)
    below = -np.ones((len(x), 1))
    rows = np.block(
        [[values, below], [-values, below], [slopes, below], [-slopes, below]]
    )
    ones = np.ones(len(x))
    limits = np.concatenate([0 * ones, 0 * ones, eps * ones, -eps * ones])
    cost = np.eye(len(basis) + 1)[-1]
    result = optimize.linprog(cost, rows, limits, bounds=(None, None))
    # The conditions hold at the 401 places only.
    bound = gradient_fields.lower_bound(eps, length)
    self.assertAlmostEqual(result.fun, bound, delta=1e-3 * bound)

  @parameterized.parameters((1.0, 1.0), (0.5, 4.0), (3.0, 0.2))
  def test_the_example_is_tight(self, eps, length):
    h = gradient_fields.nearest_predictor(eps, length)
    x = np.linspace(0, length, 101)
    slope = (h(x + 1e-3) - h(x - 1e-3)) / 2e-3
    eta = gradient_fields.lower_bound(eps, length)
    self.assertAlmostEqual(np.abs(h(x)).max(), eta, places=12)
    self.assertAlmostEqual(np.abs(eps - slope).max(), eta, places=11)

  def test_the_example_of_one_third(self):
    self.assertAlmostEqual(gradient_fields.lower_bound(1.0, 1.0), 1 / 3)
    h = gradient_fields.nearest_predictor(1.0, 1.0)
    self.assertAlmostEqual(h(np.array(0.8)), (2 / 3) * (0.8 - 0.5))

  def test_function_and_field_in_two_dimensions(self):
    # g - grad f = (0.5 + x^2, -1), along a segment of length 2 in direction x.
    def f(x):
      return tf.sin(x[:, 0]) * x[:, 1]

    def field(x):
      gradient = [tf.cos(x[:, 0]) * x[:, 1], tf.sin(x[:, 0])]
      wrong = [0.5 + x[:, 0] ** 2, -tf.ones_like(x[:, 0])]
      return tf.stack(gradient, axis=1) + tf.stack(wrong, axis=1)

    for start, end in (([-1.0, 3.0], [1.0, 3.0]), ([1.0, 0.0], [-1.0, 0.0])):
      eta = gradient_fields.lower_bound_on_segment(f, field, start, end)
      self.assertAlmostEqual(eta, 0.5 * 2 / (2 + 2))

  def test_a_gradient_has_no_bound(self):
    eta = gradient_fields.lower_bound_on_segment(
        lambda x: x[:, 0] ** 2, lambda x: 2 * x, [0.0], [3.0]
    )
    self.assertEqual(eta, 0.0)

  def test_wrong_arguments(self):
    with self.assertRaisesRegex(ValueError, 'mismatch, length: .* got -1'):
      gradient_fields.lower_bound(-1, 1)
    with self.assertRaisesRegex(ValueError, 'end: expected a place other than'):
      gradient_fields.lower_bound_on_segment(
          lambda x: x[:, 0], lambda x: x, [1.0, 2.0], [1.0, 2.0]
      )


class LinearFieldTest(parameterized.TestCase):

  def setUp(self):
    super().setUp()
    self.weights = _rng().standard_normal((5, 5))
    self.points = tf.constant(_rng().standard_normal((3, 5)))

  def _measure(self, weights: np.ndarray) -> gradient_fields.Asymmetry:
    return gradient_fields.jacobian_asymmetry(
        lambda x: tf.linalg.matvec(tf.constant(weights), x), self.points
    )

  def test_squared_norms_are_those_of_the_weights(self):
    asymmetry = self._measure(self.weights)
    antisymmetric = total = 0.0
    for i in range(5):
      for j in range(5):
        antisymmetric += (self.weights[i, j] - self.weights[j, i]) ** 2 / 4
        total += self.weights[i, j] ** 2
    np.testing.assert_allclose(asymmetry.antisymmetric, 3 * [antisymmetric])
    np.testing.assert_allclose(asymmetry.total, 3 * [total])
    self.assertAlmostEqual(asymmetry.fraction.numpy(), antisymmetric / total)

  def test_zero_if_and_only_if_the_weights_are_symmetric(self):
    symmetric = self.weights + self.weights.T
    self.assertLess(self._measure(symmetric).fraction, _ZERO)
    nearly = symmetric.copy()
    nearly[0, 1] += 1e-3
    self.assertGreater(self._measure(nearly).fraction, 1e-10)

  def test_one_for_a_rotation_and_zero_for_no_field(self):
    self.assertAlmostEqual(
        self._measure(self.weights - self.weights.T).fraction.numpy(), 1.0
    )
    self.assertEqual(self._measure(0 * self.weights).fraction, 0.0)

  def test_independent_weights(self):
    self.points = tf.zeros([1, 100], tf.float64)
    fraction = self._measure(_rng().standard_normal((100, 100))).fraction
    # The weights are 10^4 numbers, so their sums of squares are off by 1 %.
    self.assertAlmostEqual(fraction.numpy(), (1 - 1 / 100) / 2, delta=0.01)


class NetworkFieldTest(parameterized.TestCase):

  def setUp(self):
    super().setUp()
    self.points = tf.constant(_rng().standard_normal((4, 2, 3)))
    self.free = testing.SmoothNetwork((2, 3), (2, 3))
    self.scalar = testing.SmoothNetwork((2, 3), ())

  def _gradient(self, x: tf.Tensor) -> tf.Tensor:
    with tf.GradientTape() as tape:
      tape.watch(x)
      y = self.scalar(x)
    return tape.gradient(y, x)

  def test_free_network_agrees_with_central_differences(self):
    jacobian = testing.per_example(self.free.numpy, self.points.numpy())
    jacobian = jacobian.reshape(4, 6, 6)
    found = gradient_fields.jacobian_asymmetry(self.free, self.points)
    antisymmetric = (jacobian - np.swapaxes(jacobian, 1, 2)) / 2
    for tensor, squares in (
        (found.antisymmetric, antisymmetric**2), (found.total, jacobian**2)
    ):
      np.testing.assert_allclose(
          tensor, squares.sum(axis=(1, 2)), atol=testing.CENTRAL_DIFFERENCE
      )
    self.assertGreater(found.fraction, 0.1)

  def test_gradient_of_a_scalar_is_symmetric(self):
    found = gradient_fields.jacobian_asymmetry(self._gradient, self.points)
    self.assertGreater(tf.reduce_min(found.total), 1e-6)
    self.assertLess(found.fraction, _ZERO)
    estimate = gradient_fields.estimate_jacobian_asymmetry(
        self._gradient, self.points, seed=(0, 1), directions=3
    )
    self.assertGreater(tf.reduce_min(estimate.total), 1e-6)
    self.assertLess(estimate.fraction, _ZERO)

  def test_estimate_is_unbiased(self):
    full = gradient_fields.jacobian_asymmetry(self.free, self.points)
    # Each example many times, so that one call draws many directions.
    repeats = 4000
    estimate = gradient_fields.estimate_jacobian_asymmetry(
        self.free, tf.repeat(self.points, repeats, axis=0), seed=(0, 1)
    )
    for name in ('antisymmetric', 'total'):
      mean = np.mean(np.reshape(getattr(estimate, name), (4, repeats)), axis=1)
      expected = getattr(full, name)
      np.testing.assert_allclose(mean, expected, rtol=_SAMPLED)
    np.testing.assert_allclose(estimate.fraction, full.fraction, rtol=_SAMPLED)

  def test_estimate_of_one_direction_by_hand(self):
    # One number an example: the only v are 1 and -1, and J v = v J.
    points = tf.constant([[2.0], [3.0]], tf.float64)
    estimate = gradient_fields.estimate_jacobian_asymmetry(
        lambda x: x**3, points, seed=(0, 0), directions=2
    )
    np.testing.assert_allclose(estimate.antisymmetric, [0.0, 0.0], atol=_ZERO)
    np.testing.assert_allclose(estimate.total, [12.0**2, 27.0**2])

  def test_field_that_couples_the_examples(self):
    weights = _rng().standard_normal((6, 6))

    def field(x):
      together = tf.linalg.matvec(weights, tf.reshape(x, [6]))
      return tf.reshape(together, x.shape)

    estimate = gradient_fields.estimate_jacobian_asymmetry(
        field, tf.zeros([2, 3], tf.float64), seed=(0, 1), directions=400
    )
    antisymmetric = np.sum((weights - weights.T) ** 2) / 4
    # 400 directions, not 4000.
    np.testing.assert_allclose(
        estimate.fraction, antisymmetric / np.sum(weights**2), rtol=3 * _SAMPLED
    )

  def test_estimate_depends_on_the_seed_alone(self):
    first, again, other = (
        gradient_fields.estimate_jacobian_asymmetry(self.free, self.points, s)
        for s in ((1, 2), (1, 2), (1, 3))
    )
    np.testing.assert_array_equal(first.antisymmetric, again.antisymmetric)
    self.assertGreater(np.abs(first.total - other.total).min(), 0.0)

  @parameterized.parameters(*testing.MODES)
  def test_images(self, mode):
    network = snt.Sequential([
        snt.Conv2D(4, 3), tf.nn.relu, snt.Conv2D(2, 3)
    ])
    images = tf.constant(_rng().standard_normal((5, 8, 8, 2)), tf.float32)
    network(images)
    estimate = testing.in_mode(
        mode,
        lambda x: gradient_fields.estimate_jacobian_asymmetry(
            network, x, seed=(0, 1), directions=2
        ),
    )(images)
    self.assertEqual(estimate.antisymmetric.shape, [5])
    self.assertGreater(estimate.fraction, 0.1)
    self.assertLess(estimate.fraction, 0.9)

  def test_batches_of_any_size_in_one_graph(self):
    @tf.function(input_signature=[tf.TensorSpec([None, 2, 3], tf.float64)])
    def measure(x):
      return gradient_fields.estimate_jacobian_asymmetry(
          lambda y: tf.sin(tf.reverse(y, [2])), x, (0, 1)
      )

    for size in (1, 4):
      self.assertLen(measure(self.points[:size]).total, size)

  def test_field_of_another_shape(self):
    wrong = testing.SmoothNetwork((2, 3), (6,))
    for measure in (
        gradient_fields.jacobian_asymmetry,
        lambda f, x: gradient_fields.estimate_jacobian_asymmetry(f, x, (0, 1)),
    ):
      with self.assertRaisesRegex(
          ValueError, r'field: .*\(4, 2, 3\), got \(4, 6\)'
      ):
        measure(wrong, self.points)


if __name__ == '__main__':
  absltest.main()
