# SPDX-License-Identifier: Apache-2.0
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

  def test_tensor_too_large_for_its_type(self):
    like = tf.ones([1], tf.float32)
    self.assertEqual(arrays.tensor('a', [1e38, np.inf], like)[1], np.inf)
    with self.assertRaisesRegex(ValueError, r'^a: 1e\+39 is too .* float32'):
      arrays.tensor('a', [1.0, 1e39], like)
    with self.assertRaisesRegex(ValueError, '^a: 65535 is too .* float16'):
      arrays.tensor('a', np.array([65535], np.uint16), tf.ones([], tf.float16))

  def test_dense_takes_real_numbers(self):
    variable = tf.Variable([1.0])
    for array in (
        1, [1, 2.5], np.ones(2, np.float16), True, variable,
        tf.constant([1], tf.bfloat16), tf.keras.Variable([1.0]),
        np.ma.array([1.0], mask=[False]),
    ):
      np.testing.assert_array_equal(arrays.dense('a', array), np.array(array))

  def test_dense_refuses_the_rest(self):
    ones = tf.ones([2])
    for array in (
        None, 'one', ['one'], 1j, tf.constant([1j]), [[1], [1, 2]], {'a': 1},
        object(),
        tf.sparse.from_dense(ones), tf.RaggedTensor.from_row_lengths(ones, [2]),
        np.ma.array([1.0, 2.0], mask=[True, False]), [1.0, np.ma.masked],
        tf.constant('one'), np.array([None]),
    ):
      with self.assertRaisesRegex(ValueError, '^a: expected '):
        arrays.dense('a', array)
    with self.assertRaisesRegex(ValueError, 'a: expected a dense array .*list'):
      tf.function(lambda x: arrays.dense('a', [x]), autograph=False)(ones)

  def test_unmasked(self):
    plain = [1.0, [2.0]]
    self.assertIs(arrays.unmasked(plain)[0], plain)
    masked = np.ma.array([[1.0, np.nan], [3.0, 4.0]], mask=[[0, 1], [0, 0]])
    for array in (masked, list(masked), (masked[0], [3.0, 4.0])):
      data, known = arrays.unmasked(array)
      np.testing.assert_array_equal(data, [[1, 0], [3, 4]])
      np.testing.assert_array_equal(known, [[True, False], [True, True]])

  def test_integer(self):
    for value in (3, np.int8(3), tf.constant(3)):
      self.assertEqual(arrays.integer('a', value, 3), 3)
    for value in (3.0, '3', None, [3], tf.constant(3.0)):
      with self.assertRaisesRegex(ValueError, '^a: expected an integer, got'):
        arrays.integer('a', value, 0)
    with self.assertRaisesRegex(ValueError, '^a: expected 4 or more, got 3'):
      arrays.integer('a', 3, 4)
    with self.assertRaisesRegex(ValueError, '^a: expected 2 or less, got 3'):
      arrays.integer('a', 3, 0, 2)

  def test_positive(self):
    self.assertEqual(arrays.positive('a', np.float32(0.5)), 0.5)
    for value in (0, -1.0, np.nan, np.inf, 10**400, '1', None, 1j, [1.0]):
      with self.assertRaisesRegex(ValueError, '^a: expected a positive number'):
        arrays.positive('a', value)

  def test_number(self):
    self.assertEqual(arrays.number('a', np.float32(0.5), 0, 1), 0.5)
    self.assertEqual(arrays.number('a', 5, 0), 5.0)
    for value in (-1.0, 2, np.nan, 10**400, -(10**400), '1', None, 1j, True):
      with self.assertRaisesRegex(ValueError, '^a: expected 0 to 1, got'):
        arrays.number('a', value, 0, 1)
    with self.assertRaisesRegex(ValueError, '^a: expected 0 or more, got inf'):
      arrays.number('a', np.inf, 0)

  def test_recorded_has_nan_for_what_is_masked(self):
    for array in ([1.0, 2.0], [1, 2], np.array([1, 2], np.float32)):
      masked = np.ma.array(array, mask=[True, False])
      found = arrays.recorded('a', masked)
      np.testing.assert_array_equal(found, [np.nan, 2])
      data = masked.data
      self.assertIs(arrays.recorded('a', data), data)
    self.assertEqual(found.dtype, np.float32)
    with self.assertRaisesRegex(ValueError, '^a: expected a dense array'):
      arrays.recorded('a', np.ma.array(['one'], mask=[True]))

  def test_naming(self):
    for error in (TypeError, ValueError):
      with self.assertRaisesRegex(ValueError, '^a: what is wrong'):
        with arrays.naming('a'):
          raise error('what is wrong')

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
    for wrong in (np.nan, np.inf):
      with self.assertRaisesRegex(ValueError, r'^v: 2 of 2 .* not finite'):
        arrays.vectors('v', np.full([1, 2], wrong), batch, [2])

  def test_vectors_of_an_unknown_batch_are_not_shared(self):
    run = tf.function(
        lambda v, batch: arrays.vectors('v', v, batch, [2]),
        input_signature=[
            tf.TensorSpec([4, None, 2]), tf.TensorSpec([None, 2]),
        ],
    )
    v = tf.random.stateless_normal([4, 3, 2], (0, 0))
    np.testing.assert_array_equal(run(v, tf.ones([3, 2])), v)
    for own, batch in ((1, 3), (3, 1), (2, 3)):
      with self.assertRaisesRegex(
          tf.errors.InvalidArgumentError, 'v: expected a vector per example'
      ):
        run(tf.ones([4, own, 2]), tf.ones([batch, 2]))


if __name__ == '__main__':
  absltest.main()
