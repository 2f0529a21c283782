# SPDX-License-Identifier: Apache-2.0
"""The order of the examples: a new permutation each epoch, never stored."""

import tensorflow as tf

# Of the cipher that shuffles. With its default, 4, the permutations of two
# epochs can have a correlation of 0.7; from 8 on there is none to be seen.
_ROUNDS = 32


def indices(positions: tf.Tensor, size: int, seed: int) -> tf.Tensor:
  """Which examples come at some positions of an endless training.

  Positions `e * size` to `(e + 1) * size - 1` are epoch `e`, a permutation
  that depends on the seed and `e` alone. Any position can be asked for at no
  cost, so that a run goes on where it was.

  Args:
    positions: int64 [N], counted from the start of the training.
    size: examples in the training set.
    seed: of the permutations.

  Returns:
    int64 [N], from 0 to `size - 1`.
  """
  epochs = positions // size
  seeds = tf.fill(tf.shape(epochs), tf.constant(seed, tf.int64))
  # tf.random.experimental.index_shuffle takes only one seed at a time.
  return tf.raw_ops.RandomIndexShuffle(
      index=positions % size,
      seed=tf.stack([seeds, epochs, tf.zeros_like(epochs)], axis=-1),
      max_index=tf.constant(size - 1, tf.int64),
      rounds=_ROUNDS,
  )
