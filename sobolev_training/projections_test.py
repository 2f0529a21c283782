# SPDX-License-Identifier: Apache-2.0
"""Projections: exact properties of each draw, moments of many, seeds."""

from unittest import mock

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np
import tensorflow as tf

from sobolev_training import projections
from sobolev_training import testing

# The mean of 200,000 products of size at most 1 has a standard deviation of at
# most 0.0023; five of them.
DRAWS = 200_000
MOMENT = 0.012


class SampleTest(parameterized.TestCase):

  @parameterized.parameters(*[
      (kind, shape)
      for kind in projections.KINDS
      for shape in ([], [1], [3], [2, 2])
  ])
  def test_second_moment(self, kind, shape):
    v = projections.sample(
        shape, seed=[1, 2], count=DRAWS, kind=kind, dtype=tf.float64
    )
    self.assertEqual(v.shape, (DRAWS, *shape))
    v = v.numpy().reshape([DRAWS, -1])
    d = v.shape[1]
    c = {'sphere': 1 / d, 'rademacher': 1, 'one_hot': 1 / d}[kind]
    np.testing.assert_allclose(v.T @ v / DRAWS, c * np.eye(d), atol=MOMENT)
    self.assertAlmostEqual(projections.second_moment(kind, shape), c)
    mean = 1 / d if kind == 'one_hot' else 0
    np.testing.assert_allclose(np.mean(v, axis=0), mean, atol=MOMENT)

  def test_sphere_is_uniform(self):
    # On the sphere of three dimensions each coordinate is uniform in [-1, 1]
    # (Archimedes); a normalised cube, say, has other moments.
    v = projections.sample([3], seed=[3, 4], count=DRAWS).numpy()
    np.testing.assert_allclose(np.linalg.norm(v, axis=1), 1, rtol=1e-6)
    np.testing.assert_allclose(np.mean(v ** 4, axis=0), 1 / 5, atol=MOMENT)
    np.testing.assert_allclose(np.mean(v ** 6, axis=0), 1 / 7, atol=MOMENT)

  def test_rademacher_and_one_hot_values(self):
    v = projections.sample([4], seed=[1, 1], count=100, kind='rademacher')
    np.testing.assert_array_equal(np.unique(v), [-1, 1])
    v = projections.sample([4], seed=[1, 1], count=100, kind='one_hot')
    np.testing.assert_array_equal(np.sort(v)[:, -1], np.ones(100))
    np.testing.assert_array_equal(np.sum(np.abs(v), axis=1), np.ones(100))

  def test_scalar_output_has_signs(self):
    v = projections.sample([], seed=[0, 0], count=1000)
    np.testing.assert_array_equal(np.unique(v), [-1, 1])

  @parameterized.parameters(*projections.KINDS)
  def test_same_seed_same_vectors_in_every_mode(self, kind):
    def draw(step):
      seed = projections.make_seed(7, step)
      return projections.sample(
          [5], seed=seed, count=2, batch_size=3, kind=kind
      )

    eager = draw(tf.constant(4))
    self.assertEqual(eager.shape, (2, 3, 5))
    for mode in testing.MODES:
      again = testing.in_mode(mode, draw)(tf.constant(4))
      testing.assert_close(again, eager, testing.SAME_FLOAT32)
    self.assertFalse(np.array_equal(eager, draw(tf.constant(5))))
    # Each projection and each example has its own.
    rows = np.unique(np.reshape(eager, [6, 5]), axis=0)
    self.assertGreater(len(rows), 1)

  def test_seed_depends_on_each_number_and_their_order(self):
    seeds = [
        tuple(projections.make_seed(*numbers).numpy())
        for numbers in ((1,), (2,), (1, 2), (2, 1), (1, 2, 0))
    ]
    self.assertLen(set(seeds), 5)

  @parameterized.parameters(*projections.KINDS)
  def test_types_and_tensor_batch_size(self, kind):
    for dtype in (tf.float16, tf.bfloat16, tf.float32, tf.float64):
      v = projections.sample(
          [3], seed=[1, 2], batch_size=tf.constant(4), kind=kind, dtype=dtype
      )
      self.assertEqual((v.dtype, tuple(v.shape)), (dtype, (1, 4, 3)))

  @parameterized.parameters(0, 2**22 - 1, 2**21 - 1, 2**21)
  def test_unit_length_for_extreme_bits(self, bits):
    def constant(full, *_, **__):
      return tf.fill(full, bits)

    with mock.patch.object(tf.random, 'stateless_uniform', constant):
      v = projections.sample([4], seed=[0, 0])
    np.testing.assert_allclose(np.linalg.norm(v), 1, rtol=1e-6)

  def test_errors(self):
    with self.assertRaisesRegex(ValueError, 'kind: .*sphere.* got .cube.'):
      projections.sample([2], seed=[0, 0], kind='cube')
    with self.assertRaisesRegex(ValueError, 'count: expected 1 or more, got 0'):
      projections.sample([2], seed=[0, 0], count=0)
    with self.assertRaisesRegex(ValueError, 'kind: .* got .gauss.'):
      projections.second_moment('gauss', [2])
    with self.assertRaisesRegex(ValueError, 'numbers: expected at least one'):
      projections.make_seed()
    for number in (2**32 + 5, 5.7, tf.constant(5.0)):
      with self.assertRaisesRegex(ValueError, r'numbers\[1\]: .*integer'):
        projections.make_seed(1, number)
    with self.assertRaisesRegex(ValueError, 'seed: .*make_seed.* got 3'):
      projections.sample([2], seed=3)
    for shape in (3, [None]):
      with self.assertRaisesRegex(ValueError, 'shape: .*without the batch'):
        projections.sample(shape, seed=[0, 0])


if __name__ == '__main__':
  absltest.main()
