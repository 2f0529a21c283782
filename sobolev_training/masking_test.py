# SPDX-License-Identifier: Apache-2.0
"""Masks: their shapes, and points that stand in for what is not known."""

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np
import tensorflow as tf

from sobolev_training import masking
from sobolev_training import testing

X = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])


class MaskingTest(parameterized.TestCase):

  @parameterized.product(
      mode=testing.MODES,
      known=([0, 1, 1], [1, 1, 1], [0, 0, 1], [0, 0, 0]),
  )
  def test_first_known_example_replaces_the_others(self, mode, known):
    known = np.array(known, bool)
    filler = X[known.argmax()] if known.any() else np.ones(2)
    expected = np.stack([
        x if k else filler for x, k in zip(X, known, strict=True)
    ])
    replace = testing.in_mode(mode, masking.replace)
    found = replace(tf.constant(X), tf.constant(known))
    np.testing.assert_array_equal(found, expected)

  def test_one_entry_for_all_examples(self):
    for known, expected in ((True, X), (False, np.ones_like(X))):
      found = masking.replace(tf.constant(X), np.array([known]))
      np.testing.assert_array_equal(found, expected)

  def test_replace_an_empty_batch(self):
    found = masking.replace(tf.zeros([0, 2]), tf.zeros([0], bool))
    self.assertEqual(found.shape, (0, 2))

  @parameterized.parameters(
      ([3],), ([3, 1, 4],), ([1, 2, 4],), ([3, 2, 4],), ([1, 1, 1],)
  )
  def test_aligned(self, shape):
    mask = masking.aligned('m', np.ones(shape, bool), tf.TensorShape([3, 2, 4]))
    self.assertEqual(np.broadcast_shapes(mask.shape, (3, 2, 4)), (3, 2, 4))
    self.assertEqual(mask.ndim, 3)

  def test_examples_of_which_anything_is_known(self):
    mask = np.zeros([2, 3, 4], bool)
    mask[1, 2, 0] = True
    for one in (mask, tf.constant(mask)):
      np.testing.assert_array_equal(masking.examples(one), [False, True])
      np.testing.assert_array_equal(
          masking.examples(one, before=1), [False, False, True]
      )

  def test_both(self):
    mask, own = np.array([True, False]), np.array([[True, False], [True, True]])
    self.assertIs(masking.both('m', None, own, (2, 2)), own)
    np.testing.assert_array_equal(
        masking.both('m', mask, own, (2, 2)), [[True, False], [False, False]]
    )
    self.assertIsNone(masking.both('m', None, None, (2, 2)))

  def test_sizes_known_only_when_it_runs(self):
    for jit_compile, message in ((False, 'm: its axes must be'), (True, '')):

      @tf.function(
          input_signature=[tf.TensorSpec([None, 2])], jit_compile=jit_compile
      )
      def fit(like):
        mask = np.array([[True], [False], [True]])
        return masking.fitted('m', mask, like)

      np.testing.assert_array_equal(
          fit(tf.zeros([3, 2])), [[True, True], [False, False], [True, True]]
      )
      for size in (1, 2):
        with self.assertRaisesRegex(tf.errors.InvalidArgumentError, message):
          fit(tf.zeros([size, 2]))

  @parameterized.parameters(
      (np.ones(3), '^m: expected booleans, .* got float64'),
      (['a'], '^m: expected a dense array'),
      (True, '^m: .* got a scalar'),
      (np.ma.array([True, False], mask=[0, 1]), '^m: .* 1 of 2 are missing'),
  )
  def test_errors(self, mask, message):
    with self.assertRaisesRegex(ValueError, message):
      masking.checked('m', mask)


if __name__ == '__main__':
  absltest.main()
