# SPDX-License-Identifier: Apache-2.0
"""The terms of A3C's loss (Mnih et al., 2016), per step and unweighted.

Axes: N steps, in any order; A actions.
"""

from typing import NamedTuple

import tensorflow as tf


class Terms(NamedTuple):
  """Per step, [N]; A3C minimises policy + c value - beta entropy.

  Attributes:
    policy: -log pi(a | s) A, whose gradient is the policy's.
    value: (R - V)^2 / 2.
    entropy: of the policy, in nats.
  """

  policy: tf.Tensor
  value: tf.Tensor
  entropy: tf.Tensor


def terms(
    logits: tf.Tensor,
    values: tf.Tensor,
    actions: tf.Tensor,
    advantages: tf.Tensor,
    targets: tf.Tensor,
) -> Terms:
  """The three terms of each step.

  Args:
    logits: [N, A], of the policy; gets gradient.
    values: [N]; gets gradient from its own term only.
    actions: int [N], what was done.
    advantages: [N], how much better that was; gets no gradient.
    targets: [N], of the values; gets no gradient.
  """
  log_policy = tf.nn.log_softmax(logits)
  chosen = tf.gather(log_policy, actions, batch_dims=1)
  return Terms(
      policy=-chosen * tf.stop_gradient(advantages),
      value=(tf.stop_gradient(targets) - values) ** 2 / 2,
      entropy=-tf.reduce_sum(tf.exp(log_policy) * log_policy, -1),
  )
