# SPDX-License-Identifier: Apache-2.0
"""The teacher's Jacobian in the states to train on, computed once.

A projected gradient is then a sum of its rows: no update asks the teacher.

Axes: N states to train on, B batch, A actions, M projections, S... a state's.
"""

import numpy as np
import tensorflow as tf

from agents.distillation import dataset
from agents.distillation import losses
from experiment import errors

# A part in 2,000 of each element, far below what the drawing of projections
# adds, for half the memory and time.
_TYPE = tf.float16
_BATCH = 100


def size(states: dataset.States, chosen: np.ndarray) -> int:
  """How many bytes a Jacobian of the states `chosen` takes."""
  actions = states.log_policy.shape[1]
  return len(chosen) * actions * int(np.prod(dataset.POINTS)) * _TYPE.size


class Jacobian:
  """D log pi* of the teacher in chosen states."""

  def __init__(
      self, teacher: losses.Policy, states: dataset.States, chosen: np.ndarray
  ):
    """Asks the teacher, once for each action.

    Args:
      teacher: from points to logits [B, A].
      states: what was recorded of it.
      chosen: int64 [N], which of the states.

    Raises:
      UserError: it is larger than float16 holds.
    """
    # Filled in place: tf.constant would take three times the memory. One axis
    # for a state: einsum is slow with several.
    shape = [len(chosen), states.log_policy.shape[1], np.prod(dataset.POINTS)]
    self._rows = tf.Variable(tf.zeros(shape, _TYPE), trainable=False)
    policy = losses.log_policy(teacher)

    @tf.function(autograph=False, reduce_retracing=True)
    def fill(places, indices):
      points = states.points(indices)
      with tf.GradientTape(persistent=True) as tape:
        tape.watch(points)
        values = tf.unstack(policy(points), num=shape[1], axis=1)
      gradients = [tape.gradient(value, points) for value in values]
      rows = tf.reshape(tf.stack(gradients, 1), [-1, *shape[1:]])
      rows = tf.cast(rows, _TYPE)
      self._rows.scatter_update(tf.IndexedSlices(rows, places))
      return tf.reduce_all(tf.math.is_finite(rows))

    for start in range(0, len(chosen), _BATCH):
      places = np.arange(start, min(start + _BATCH, len(chosen)))
      if not fill(
          tf.constant(places, tf.int64), tf.constant(chosen[places], tf.int64)
      ):
        raise errors.UserError(
            "the teacher's gradients are larger than float16 holds: ask it "
            'anew at each update, by --jacobian_gib=0'
        )

  def projected(self, positions: tf.Tensor, vectors: tf.Tensor) -> tf.Tensor:
    """grad_s <log pi*, v>, float32 [M, B, S...].

    Args:
      positions: int64 [B], places in `chosen`.
      vectors: v, float32 [M, B, A].
    """
    rows = tf.gather(self._rows, positions)
    v = tf.cast(vectors, _TYPE)
    gradients = tf.cast(tf.einsum('bad,mba->mbd', rows, v), tf.float32)
    return tf.reshape(gradients, [*v.shape[:2], *dataset.POINTS])
