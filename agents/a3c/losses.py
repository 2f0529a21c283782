# SPDX-License-Identifier: Apache-2.0
"""A3C's loss (Mnih et al., 2016): advantages, and the terms of each step.

Axes: T time, B games; N steps, in any order; A actions.
"""

from typing import NamedTuple

import tensorflow as tf


def generalised_advantages(
    rewards: tf.Tensor,
    discounts: tf.Tensor,
    values: tf.Tensor,
    lambda_: float = 1.0,
) -> tf.Tensor:
  """Generalised advantage estimates (Schulman et al., 2016, equation 16).

      delta_t = r_t + discount_t V_{t+1} - V_t
      A_t = delta_t + discount_t lambda A_{t+1},  A_T = 0

  With lambda = 1 this is the n-step return of A3C less the value,

      A_t = r_t + discount_t (r_{t+1} + ... V_T) - V_t.

  Args:
    rewards: [T, B], of the action at each time.
    discounts: [T, B], of what comes after it: gamma, and 0 at an end.
    values: [T + 1, B], of each time's observation and of the one after.
    lambda_: 0 trusts the values most, 1 the rewards.

  Returns:
    [T, B]. A_t + V_t is the target of the value.
  """
  deltas = rewards + discounts * values[1:] - values[:-1]
  advantage = tf.zeros_like(deltas[0])
  backwards = []
  for t in reversed(range(rewards.shape[0])):
    advantage = deltas[t] + discounts[t] * lambda_ * advantage
    backwards.append(advantage)
  return tf.stack(backwards[::-1])


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
  """The three terms of each step, unweighted.

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
