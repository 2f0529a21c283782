# SPDX-License-Identifier: Apache-2.0
"""The rate of large matrix products: what a core can compute at most."""

from collections.abc import Callable

import tensorflow as tf


@tf.function(autograph=False)
def _products(left, right, count):
  def body(step, left):
    return step + 1, tf.matmul(left, right)

  return tf.while_loop(lambda step, _: step < count, body, (0, left))[1]


def runner(
    size: int, dtype: tf.DType = tf.float32
) -> Callable[[int], tf.Tensor]:
  """A function that multiplies so many times, one product after the other.

  Args:
    size: rows and columns of the matrices; 2048 comes near what larger ones
      reach.
    dtype: of their numbers.

  Returns:
    From the number of products to the last of them.
  """
  left = tf.cast(tf.random.stateless_normal((size, size), (0, 1)), dtype)
  # A cyclic shift, so that the numbers neither grow nor vanish.
  right = tf.roll(tf.eye(size, dtype=dtype), 1, axis=1)
  return lambda count: _products(left, right, tf.constant(count))
