# SPDX-License-Identifier: Apache-2.0
"""Finite differences against closed forms, and their errors' orders."""

import functools
import warnings

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

from sobolev_training import finite_differences

# The error at the step that balances rounding and truncation, eps^(2/3) for
# central and eps^(1/2) for forward first differences, with room for third
# derivatives and values of about 10.
FIRST = {
    ('central', np.float64): 1e-9,
    ('central', np.float32): 1e-3,
    ('forward', np.float64): 1e-6,
    ('forward', np.float32): 1e-2,
}
# For second central differences it is eps^(1/2).
SECOND = 1e-6


def f(x):
  """[B, 2] -> [B, 2]: (x0^2 exp(x1), sin(x0 x1))."""
  a, b = x[:, 0], x[:, 1]
  return np.stack([a**2 * np.exp(b), np.sin(a * b)], axis=1)


def jacobian(x):
  a, b = x[:, 0], x[:, 1]
  rows = [[2 * a * np.exp(b), a**2 * np.exp(b)]]
  rows.append([b * np.cos(a * b), a * np.cos(a * b)])
  return np.moveaxis(np.array(rows), -1, 0)


def hessian(x):
  a, b = x[:, 0], x[:, 1]
  e, s, c = np.exp(b), np.sin(a * b), np.cos(a * b)
  mixed = c - a * b * s
  rows = [
      [[2 * e, 2 * a * e], [2 * a * e, a**2 * e]],
      [[-(b**2) * s, mixed], [mixed, -(a**2) * s]],
  ]
  return np.moveaxis(np.array(rows), -1, 0)


def points(batch=5):
  return np.random.default_rng(0).uniform(-2, 2, size=[batch, 2])


class FiniteDifferencesTest(parameterized.TestCase):

  @parameterized.parameters(*FIRST)
  def test_first_order(self, scheme, dtype):
    x = points().astype(dtype)
    value, first = finite_differences.estimate_derivatives(f, x, scheme=scheme)
    self.assertEqual((value.dtype, first.dtype), (dtype, dtype))
    np.testing.assert_array_equal(value, f(x))
    tolerance = FIRST[scheme, dtype]
    np.testing.assert_allclose(first, jacobian(x), tolerance, tolerance)

  def test_second_and_third_order(self):
    x = points()
    *_, second, third = finite_differences.estimate_derivatives(f, x, 3)
    np.testing.assert_allclose(second, hessian(x), SECOND, SECOND)
    # d^3 / da^2 db of a^2 e^b, and that it is symmetric.
    expected = 2 * np.exp(x[:, 1])
    for index in ((0, 0, 1), (0, 1, 0), (1, 0, 0)):
      np.testing.assert_allclose(
          third[:, 0, *index], expected, atol=1e-3  # eps^(2/5)
      )

  @parameterized.parameters('central', 'forward')
  def test_directional(self, scheme):
    x = points()
    shared = np.array([[1.0, -2.0], [0.0, 3.0]])  # [M, D]
    own = np.random.default_rng(1).normal(size=[2, 5, 2])  # [M, B, D]
    value, first, second = finite_differences.estimate_directional(
        f, x, (shared, own), scheme=scheme
    )
    np.testing.assert_array_equal(value, f(x))
    tolerance = FIRST[scheme, np.float64]
    np.testing.assert_allclose(
        first, np.einsum('bod,md->mbo', jacobian(x), shared),
        rtol=tolerance, atol=10 * tolerance,
    )
    if scheme == 'central':
      expected = np.einsum('boij,mi,mbj->mbo', hessian(x), shared, own)
      np.testing.assert_allclose(second, expected, SECOND, 100 * SECOND)

  def test_one_direction_of_an_order_goes_with_all_of_the_next(self):
    x = np.random.default_rng(0).uniform(size=[4, 2])
    first, second = np.array([[1.0, 2.0]]), np.array([[1.0, 0.0], [0.0, 1.0]])
    *_, along = finite_differences.estimate_directional(
        lambda x: x[:, 0] ** 2 * x[:, 1], x, (first, second)
    )
    expected = [2 * x[:, 1] + 4 * x[:, 0], 2 * x[:, 0]]
    np.testing.assert_allclose(along, expected, atol=1e-5)

  def test_inputs_on_a_small_scale(self):
    x = 1e-6 * np.random.default_rng(0).uniform(-1, 1, [20, 2])
    f = np.sin
    with self.assertWarnsRegex(
        finite_differences.StepWarning, '^step: x moves by .* pass a step'
    ):
      finite_differences.estimate_derivatives(lambda x: f(x / 1e-6), x)
    with warnings.catch_warnings():
      warnings.simplefilter('error')
      finite_differences.estimate_derivatives(
          lambda x: f(x / 1e-6), x, step=1e-11
      )
      finite_differences.estimate_derivatives(f, 1e6 * x)

  def test_where_f_ends(self):
    x = np.array([[0.0], [1.0]])
    with self.assertRaisesRegex(ValueError, "^step: .* scheme='forward'"):
      with np.errstate(invalid='ignore'):
        finite_differences.estimate_derivatives(np.sqrt, x)

  def test_images_and_scalars(self):
    x = np.random.default_rng(2).normal(size=[3, 2, 2, 1])
    value, first = finite_differences.estimate_derivatives(
        lambda x: np.sum(x**2, axis=(1, 2, 3)), x
    )
    self.assertEqual((value.shape, first.shape), ((3,), (3, 2, 2, 1)))
    np.testing.assert_allclose(first, 2 * x, atol=1e-8)

  def test_step_grows_with_x_and_fits_the_coarser_type(self):
    # d/dx x^2 near 1e6: with a step of 1e-5 it would lose half its digits.
    x = 1e6 + np.linspace(0, 1, 20)[:, None]
    _, first = finite_differences.estimate_derivatives(lambda x: x**2, x)
    np.testing.assert_allclose(first, 2 * x[:, :, None], rtol=1e-9)
    # float32 values of a float64 x: with a float64 step, errors of 1e-2.
    x = np.linspace(0, 1, 20)[:, None]
    _, first = finite_differences.estimate_derivatives(
        lambda x: np.sin(x).astype(np.float32), x
    )
    np.testing.assert_allclose(first, np.cos(x)[:, :, None], atol=1e-4)

  @parameterized.parameters(
      ('central', 4, [0.5, -0.5]), ('forward', 2, [0.5])
  )
  def test_step_and_number_of_calls(self, scheme, calls, moves):
    seen = []

    def record(x):
      seen.append(x)
      return x

    x = np.array([[1.0, 2.0]])
    finite_differences.estimate_derivatives(
        record, x, scheme=scheme, step=0.5
    )
    self.assertLen(seen, 1 + calls)
    expected = [0] + [m for _ in range(2) for m in moves]
    self.assertEqual([np.sum(s - x) for s in seen], expected)

  @parameterized.parameters('central', 'forward')
  def test_a_step_that_x_cannot_move_by_exactly(self, scheme):
    # float32 numbers near 1000 lie 6e-5 apart.
    x = np.array([[1000.1, 0.1]], np.float32)
    difference = functools.partial(
        finite_differences.estimate_derivatives, scheme=scheme, step=1e-3
    )
    _, first = difference(lambda x: x * np.float64([2, 3]), x)
    np.testing.assert_allclose(first, [[[2, 0], [0, 3]]], rtol=1e-6)
    _, along = finite_differences.estimate_directional(
        lambda x: x[:, :1] * np.float64(2), x,
        (np.array([[1.0, 0.0], [0.0, 0.0], [-3.0, 0.0]]),),
        scheme=scheme, step=1e-3,
    )
    np.testing.assert_allclose(along[:, 0, 0], [2, 0, -6], rtol=1e-6)
    with self.assertRaisesRegex(
        ValueError, r'^step: 1e-05 does not move x, whose float32 .* 1000.1;'
    ):
      difference(lambda x: x, x, step=1e-5)

  def test_function_that_works_in_place(self):
    def in_place(x):
      x *= 2
      return np.sin(x)

    x = points()
    before = x.copy()
    value, first = finite_differences.estimate_derivatives(in_place, x)
    np.testing.assert_array_equal(x, before)
    np.testing.assert_array_equal(value, np.sin(2 * x))
    np.testing.assert_allclose(
        first, 2 * np.cos(2 * x)[:, :, None] * np.eye(2),
        atol=FIRST['central', np.float64],
    )

  def test_no_points(self):
    found = finite_differences.estimate_derivatives(np.sin, np.zeros([0, 2]))
    self.assertEqual([array.shape for array in found], [(0, 2), (0, 2, 2)])

  def test_errors(self):
    x = points()
    with self.assertRaisesRegex(ValueError, r'directions\[1\]: .* 2 vectors'):
      finite_differences.estimate_directional(
          f, x, (np.ones([2, 2]), np.ones([1, 2]))
      )
    with self.assertRaisesRegex(ValueError, 'scheme: expected .* got .both.'):
      finite_differences.estimate_derivatives(f, x, scheme='both')
    with self.assertRaisesRegex(ValueError, 'step: expected a positive'):
      finite_differences.estimate_derivatives(f, x, step=0.0)
    with self.assertRaisesRegex(ValueError, 'x: expected floating'):
      finite_differences.estimate_derivatives(f, np.ones([2, 2], int))
    with self.assertRaisesRegex(ValueError, r'f: expected .*\[5, O.* got \[\]'):
      finite_differences.estimate_derivatives(np.sum, x)
    with self.assertRaisesRegex(ValueError, r'directions\[0\]: .* got \[2\]'):
      finite_differences.estimate_directional(f, x, (np.ones(2),))

  def test_values_that_are_not_finite(self):
    x = np.array([[1.0], [0.0], [2.0]])
    with self.assertRaisesRegex(
        ValueError, r'^f: 1 of 3 .* first is -inf at \[1, 0\]; .* mask'
    ), np.errstate(divide='ignore'):
      finite_differences.estimate_derivatives(np.log, x)


if __name__ == '__main__':
  absltest.main()
