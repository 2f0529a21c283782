# SPDX-License-Identifier: Apache-2.0
"""Counts against counts by hand."""

from absl.testing import absltest
import tensorflow as tf

from benchmarks import multiply_adds

B, CLASSES = 2, 5
IMAGES = tf.zeros([B, 8, 8, 3])
FIRST, SECOND = tf.zeros([3, 3, 3, 4]), tf.zeros([6, CLASSES])
CONVOLUTION = B * 4 * 4 * 4 * 3 * 3 * 3  # [B, 4, 4, 4] of 3 x 3 x 3 each.
PRODUCT = B * 6 * CLASSES

counted = multiply_adds.of_call


def convolve(x, kernel):
  return tf.nn.conv2d(x, kernel, 2, padding='SAME')


class MultiplyAddsTest(absltest.TestCase):

  def test_forward(self):
    self.assertEqual(counted(convolve, IMAGES, FIRST), CONVOLUTION)
    self.assertEqual(counted(tf.matmul, tf.zeros([B, 6]), SECOND), PRODUCT)
    transposed = counted(
        lambda a, b: tf.matmul(a, b, transpose_a=True), tf.zeros([6, B]), SECOND
    )
    self.assertEqual(transposed, PRODUCT)

  def test_gradients(self):
    def gradients(x, kernel):
      with tf.GradientTape(persistent=True) as tape:
        tape.watch((x, kernel))
        y = tf.reduce_sum(convolve(x, kernel) ** 2)
      return tape.gradient(y, x), tape.gradient(y, kernel)

    self.assertEqual(counted(gradients, IMAGES, FIRST), 3 * CONVOLUTION)

  def test_double_backpropagation(self):
    def second(x, kernel):
      with tf.GradientTape() as outer:
        outer.watch(kernel)
        with tf.GradientTape() as inner:
          inner.watch(x)
          y = tf.reduce_sum(convolve(x, kernel) ** 2)
        error = tf.reduce_sum(inner.gradient(y, x) ** 2)
      return outer.gradient(error, kernel)

    # Forward and its input gradient; of that, to the kernel and to what came
    # in; and from there to the kernel through the forward convolution.
    self.assertEqual(counted(second, IMAGES, FIRST), 5 * CONVOLUTION)

  def test_as_the_profiler(self):
    graph = tf.function(convolve).get_concrete_function(IMAGES, FIRST).graph
    with graph.as_default():
      profile = tf.compat.v1.profiler.profile(
          graph,
          options={
              **tf.compat.v1.profiler.ProfileOptionBuilder.float_operation(),
              'output': 'none',
          },
      )
    # It counts a multiplication and an addition as two.
    counted = multiply_adds.count(graph).total()
    self.assertEqual(2 * counted, profile.total_float_ops)

  def test_what_is_not_used_does_not_count(self):
    def unused(x, kernel):
      convolve(x, kernel)
      return x

    self.assertEqual(counted(unused, IMAGES, FIRST), 0)

  def test_by_device(self):
    def spread(x, kernel):
      with tf.device('/CPU:1'):
        y = convolve(x, kernel)
      return y, tf.matmul(tf.zeros([B, 6]), SECOND)

    graph = tf.function(spread).get_concrete_function(IMAGES, FIRST).graph
    self.assertEqual(
        multiply_adds.count(graph),
        {'': PRODUCT, '/device:CPU:1': CONVOLUTION},
    )

  def test_wants_static_shapes(self):
    with self.assertRaisesRegex(ValueError, 'expected a static shape'):
      counted(
          convolve, tf.TensorSpec([None, 8, 8, 3]), tf.TensorSpec([3, 3, 3, 4])
      )


if __name__ == '__main__':
  absltest.main()
