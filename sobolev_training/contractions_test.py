# SPDX-License-Identifier: Apache-2.0
"""Contractions of full derivatives by a slow loop."""

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np
import tensorflow as tf

from sobolev_training import contractions
from sobolev_training import testing


def random(*shape, seed=0):
  return np.random.default_rng(seed).normal(size=shape)


class ContractionsTest(parameterized.TestCase):

  @parameterized.parameters(*[
      (mode, inputs, outputs)
      for mode in testing.MODES
      for inputs, outputs in (((2,), (3,)), ((), ()), ((2, 2), (1, 3)))
  ])
  def test_two_orders(self, mode, inputs, outputs):
    full = (
        random(4, *outputs),
        random(4, *outputs, *inputs),
        random(4, *outputs, *inputs, *inputs),
    )
    v = random(5, *outputs), random(5, 4, *inputs)  # Shared, each one's own.
    u = random(5, 4, *inputs), random(5, *inputs)
    projected, along = testing.in_mode(
        mode,
        lambda full: (
            contractions.project(full, v), contractions.contract(full, u)
        ),
    )(tuple(map(tf.constant, full)))
    np.testing.assert_array_equal(projected[0], full[0])
    np.testing.assert_array_equal(along[0], full[0])
    for m, b in np.ndindex(5, 4):
      expected = testing.contract(full[1][b], v[0][m])
      testing.assert_close(projected[1][m, b], expected, testing.SAME_FLOAT64)
      expected = testing.contract(full[2][b], v[0][m])
      expected = testing.contract(expected, v[1][m, b])
      testing.assert_close(projected[2][m, b], expected, testing.SAME_FLOAT64)
      for o in np.ndindex(*outputs):
        expected = testing.contract(full[1][b][o], u[0][m, b])
        testing.assert_close(along[1][m, b][o], expected, testing.SAME_FLOAT64)
        expected = testing.contract(full[2][b][o], u[0][m, b])
        expected = testing.contract(expected, u[1][m])
        testing.assert_close(along[2][m, b][o], expected, testing.SAME_FLOAT64)

  def test_one_vector_of_an_order_goes_with_all_of_the_next(self):
    full = random(4, 3), random(4, 3, 2), random(4, 3, 2, 2)
    for compute, axes, letters in (
        (contractions.project, 3, 'boij,o,mi->mbj'),
        (contractions.contract, 2, 'boij,i,mj->mbo'),
    ):
      first, second = random(1, axes), random(5, 2)
      *_, found = compute(full, (first, second))
      expected = np.einsum(letters, full[2], first[0], second)
      np.testing.assert_allclose(found, expected, rtol=1e-12)
      for other in (1, 3):
        with self.assertRaisesRegex(ValueError, rf's\[1\]: .* 2 .*got {other}'):
          compute(full, (np.ones([2, axes]), np.ones([other, 2])))

  def test_recorded_arrays(self):
    full = random(4, 3), random(4, 3, 2)
    v = (random(5, 3),)
    found = contractions.project(full, v)
    np.testing.assert_allclose(
        found[1], np.einsum('bod,mo->mbd', full[1], v[0]), rtol=1e-12
    )

  def test_errors(self):
    full = tf.ones([4, 3]), tf.ones([4, 3, 2])
    with self.assertRaisesRegex(ValueError, r'^projections\[0\]: .*\[M, 3\]'):
      contractions.project(full, (tf.ones([1, 2]),))
    with self.assertRaisesRegex(ValueError, r'^directions\[0\]: .*\[M, 2\]'):
      contractions.contract(full, (tf.ones([1, 3]),))
    with self.assertRaisesRegex(ValueError, '^projections: expected a tuple'):
      contractions.project(full, tf.ones([1, 3]))
    with self.assertRaisesRegex(ValueError, '^derivatives: expected .* 3'):
      contractions.contract(full, (tf.ones([1, 2]),) * 2)
    with self.assertRaisesRegex(ValueError, r'^derivatives\[0\]: .*None'):
      contractions.project((None, full[1]), (tf.ones([1, 3]),))
    with self.assertRaisesRegex(
        ValueError, r'^derivatives\[1\]: .*\[3\].*\[2\], got \[4, 5, 2\]'
    ):
      contractions.project((full[0], tf.ones([4, 5, 2])), (tf.ones([1, 3]),))


if __name__ == '__main__':
  absltest.main()
