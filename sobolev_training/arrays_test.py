"""Checks of arrays, where the other tests do not reach."""

from absl.testing import absltest
import numpy as np
import tensorflow as tf

from sobolev_training import arrays


class ArraysTest(absltest.TestCase):

  def test_tensor_takes_the_type_of_another(self):
    like = tf.ones([1], tf.float16)
    for array in (np.ones([2]), [1.0, 1.0], np.ones([2], int)):
      self.assertEqual(arrays.tensor('a', array, like).dtype, tf.float16)
    with self.assertRaisesRegex(ValueError, '^a: .* float16, got float32'):
      arrays.tensor('a', tf.ones([2]), like)

  def test_require_equal_of_unknown_rank(self):
    run = tf.function(
        lambda a, b: arrays.require_equal('a', a, b, 'b'),
        input_signature=[tf.TensorSpec(None), tf.TensorSpec(None)],
    )
    np.testing.assert_array_equal(run(tf.ones([2]), tf.zeros([2])), [1, 1])
    with self.assertRaisesRegex(tf.errors.InvalidArgumentError, 'a: its shape'):
      run(tf.ones([2]), tf.zeros([2, 1]))

  def test_require_finite_of_a_scalar_and_an_empty_array(self):
    arrays.require_finite('a', np.zeros([0, 3]))
    with self.assertRaisesRegex(ValueError, r'^a: 1 of 1 .* inf at \[\]'):
      arrays.require_finite('a', np.array(np.inf))

  def test_flat(self):
    array = tf.reshape(tf.range(24), [2, 3, 2, 2])
    self.assertEqual(arrays.flat(array).shape, (2, 12))
    self.assertEqual(arrays.flat(array, [3], [2, 2]).shape, (2, 3, 4))
    self.assertEqual(arrays.flat(tf.ones([5])).shape, (5, 1))

  def test_vectors_prefer_no_reading_over_another(self):
    batch = tf.ones([3, 2])
    shared = arrays.vectors('v', tf.ones([4, 2]), batch, [2])
    own = arrays.vectors('v', tf.ones([4, 3, 2]), batch, [2])
    self.assertEqual((shared.shape, own.shape), ((4, 3, 2), (4, 3, 2)))
    for wrong in ([2], [4, 3], [4, 2, 2], [4, 3, 1], [0, 2]):
      with self.assertRaisesRegex(ValueError, r'^v: .*\[M, 2\].*\[M, 3, 2\]'):
        arrays.vectors('v', tf.ones(wrong), batch, [2])


if __name__ == '__main__':
  absltest.main()
