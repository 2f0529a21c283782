# SPDX-License-Identifier: Apache-2.0
"""Weights of the terms that adapt, and how much the terms' gradients conflict.

ReLoBRaLo, relative loss balancing with random lookback (Bischof & Kraus,
arXiv:2110.09813), multiplies the m terms L_k of step t by the factors

  b_k(t, t') = m softmax_k(L_k(t) / (T L_k(t')))
  f_k(t) = a (r f_k(t - 1) + (1 - r) b_k(t, 0)) + (1 - a) b_k(t, t - 1)

with r 1 or, seldom, 0: a term that falls more slowly than the others counts
more. They start at 1 and their sum stays m. That pays where all terms can reach
zero; on the functions of the paper's Figure 2 it does not (docs/lab_notes.md).

  balance = sobolev.balancing.ReLoBRaLo()
  ...
  loss = balance(sobolev.full_loss(network, x, target))   # inside the tape
"""

from collections.abc import Callable
from collections.abc import Sequence
import itertools
import math
from typing import Any

import numpy as np
import tensorflow as tf

from sobolev_training import arrays
from sobolev_training import relobralo
from sobolev_training import terms as terms_lib

_DEFAULTS = relobralo.Settings()


class ReLoBRaLo(tf.Module):
  """Balances the terms of a loss by how much they have fallen.

  A checkpoint of it holds what the weights depend on.

  Attributes:
    factors: [m], of the last step, by order.
  """

  def __init__(
      self,
      weights: Sequence[float] = (1.0, 1.0),
      *,
      temperature: float = _DEFAULTS.temperature,
      smoothing: float = _DEFAULTS.smoothing,
      lookback: float = _DEFAULTS.lookback,
      seed: int = _DEFAULTS.seed,
  ):
    """Makes factors of 1.

    Args:
      weights: one for each order from 0, as for the losses: the total is the
        sum of weight times factor times term. Two or more are above 0.
      temperature: T, above 0; with a large one all factors stay 1.
      smoothing: a, from 0 to 1, of what was before.
      lookback: the probability of r = 1, from 0 to 1.
      seed: of r.

    Raises:
      ValueError: an argument does not fit; its message starts with the name.
    """
    super().__init__()
    self._orders = terms_lib.used_orders(weights)
    count = len(self._orders)
    if count < 2:
      raise ValueError(
          f'weights: expected two or more above 0, got {weights}'
      )
    self._weights = tuple(weights)
    self._settings = relobralo.Settings(
        arrays.positive('temperature', temperature),
        arrays.number('smoothing', smoothing, 0, 1),
        arrays.number('lookback', lookback, 0, 1),
        arrays.integer('seed', seed, tf.int64.min, tf.int64.max),
    )
    self.factors = _variable(np.ones(count, np.float32))
    self._first = _variable(np.ones(count, np.float32))
    self._last = _variable(np.ones(count, np.float32))
    self._step = _variable(np.int64(0))

  def get_config(self) -> dict[str, Any]:
    """Returns the arguments it was made with."""
    return {'weights': self._weights, **self._settings._asdict()}

  def __call__(
      self,
      loss: terms_lib.SobolevLoss,
      *,
      mean: Callable[[tf.Tensor], tf.Tensor] = tf.reduce_mean,
  ) -> terms_lib.SobolevLoss:
    """Takes one step, and returns the loss with its balanced total.

    Args:
      loss: what a loss of this package returned. The factors get no gradient.
      mean: of a term [B]; under a strategy, the mean over all replicas.

    Raises:
      ValueError: the loss has terms of other orders.
    """
    if sorted(loss.terms) != list(self._orders):
      raise ValueError(
          f'loss: expected terms of the orders {list(self._orders)}, as '
          f'weights says, got {sorted(loss.terms)}'
      )
    means = [tf.cast(mean(loss.terms[k]), tf.float32) for k in self._orders]
    factors = tf.unstack(self._update(tf.stop_gradient(tf.stack(means))))
    return loss._replace(total=tf.add_n([
        tf.cast(factor, loss.terms[k].dtype) * self._weights[k] * loss.terms[k]
        for k, factor in zip(self._orders, factors, strict=True)
    ]))

  def _update(self, means: tf.Tensor) -> tf.Tensor:
    memory = relobralo.Balance(self.factors, self._first, self._last)
    balance = relobralo.update(
        relobralo.Balance(*(variable.read_value() for variable in memory)),
        means,
        self._step.read_value(),
        self._settings,
    )
    tf.nest.map_structure(
        lambda variable, value: variable.assign(value), memory, balance
    )
    self._step.assign_add(tf.cast(relobralo.usable(means), tf.int64))
    return balance.factors


def gradient_cosines(
    loss_fn: Callable[[], terms_lib.SobolevLoss], variables: Sequence[Any]
) -> dict[tuple[int, int], tf.Tensor]:
  """Returns the cosines between the gradients of a loss's terms.

  Below 0 two terms conflict: a step that lowers one raises the other. It takes
  as many backward passes as there are terms.

  Args:
    loss_fn: computes the loss, such as `lambda: full_loss(model, x, target)`.
    variables: the model's, by which the means of the terms are differentiated.

  Returns:
    A scalar for each pair of orders; 0 where a gradient is zero.
  """
  with tf.GradientTape(persistent=True) as tape:
    means = {k: tf.reduce_mean(v) for k, v in loss_fn().terms.items()}
  gradients = {}
  for k, mean in means.items():
    gradients[k] = tf.concat([
        tf.zeros([math.prod(variable.shape)], mean.dtype)
        if gradient is None
        else tf.reshape(tf.cast(gradient, mean.dtype), [-1])
        for variable, gradient in zip(
            variables, tape.gradient(mean, variables), strict=True
        )
    ], axis=0)
  return {
      (i, j): tf.math.divide_no_nan(
          tf.reduce_sum(gradients[i] * gradients[j]),
          tf.norm(gradients[i]) * tf.norm(gradients[j]),
      )
      for i, j in itertools.combinations(gradients, 2)
  }


def _variable(initial: Any) -> tf.Variable:
  # All replicas of a strategy compute the same.
  return tf.Variable(
      initial, trainable=False,
      aggregation=tf.VariableAggregation.ONLY_FIRST_REPLICA,
  )
