# SPDX-License-Identifier: Apache-2.0
"""The terms of a Sobolev loss from values and derivatives that are at hand.

Arguments that all losses share, each with one entry for each order, 0 (values)
to K:

`weights`: numbers; how many there are says what K is. The Python number 0
leaves a term out, and nothing is computed that only it needs: (1, 0) is regular
training. A tensor, such as a schedule's, is always computed.

`losses`: a distance's name or function (see `distances`), or one for all.

`masks`: booleans or None, False where the target is missing; it may be NaN
there. A mask is [B], for whole examples, or has the axes of what is compared
(without M), each of its size or 1: [B, 1, D] masks partial derivatives of all
outputs alike. What is masked adds nothing, and the rest is not scaled up. The
mask of a NumPy masked array in `target` counts like one here.

Axes: B batch, M projections or directions, K order.
"""

from collections.abc import Mapping
from collections.abc import Sequence
from typing import NamedTuple
from typing import TypeAlias

import numpy as np
import tensorflow as tf

from sobolev_training import arrays
from sobolev_training import distances
from sobolev_training import masking
from sobolev_training import orders as orders_lib

Weight: TypeAlias = orders_lib.Weight
Masks: TypeAlias = orders_lib.Masks
Losses: TypeAlias = orders_lib.Losses
used_orders = orders_lib.used_orders


class SobolevLoss(NamedTuple):
  """Losses of each example.

  Attributes:
    total: [B], the weighted sum of the terms; what to minimise the mean of.
    terms: the terms [B] by order, without their weights; those with the weight
      0 are not in it.
  """

  total: tf.Tensor
  terms: dict[int, tf.Tensor]


def loss_terms(
    predictions: Sequence[tf.Tensor],
    target: Sequence[tf.Tensor | np.ndarray | None],
    *,
    weights: Sequence[Weight] = (1.0, 1.0),
    losses: Losses = 'squared_l2',
    masks: Masks | None = None,
    sampled: bool = False,
) -> SobolevLoss:
  """Compares values and derivatives that are at hand already.

  Args:
    predictions: the model's value [B, ...] and derivatives for each order.
    target: the same of the target, of exactly the same shapes. An order of
      weight 0 may be None in both.
    weights: one for each order from 0 to K.
    losses: a distance, or one for each order.
    masks: one or None for each order.
    sampled: whether the orders from 1 on have an axis M before B, projections
      or directions, to average over.

  Returns:
    The losses of each example. The predictions get their gradient.

  Raises:
    ValueError: an argument does not fit; its message starts with the name.
  """
  orders = orders_lib.Orders(weights, losses, masks, sampled=sampled)
  arrays.require_tuple('predictions', predictions, len(weights))
  predictions = [
      None if one is None
      else tf.convert_to_tensor(arrays.dense(f'predictions[{k}]', one))
      for k, one in enumerate(predictions)
  ]
  return compare(orders, of_one_type(predictions), orders.record(target))


def compare(
    orders: orders_lib.Orders,
    predictions: Mapping[int, tf.Tensor] | Sequence[tf.Tensor],
    target: Mapping[int, tf.Tensor] | Sequence[tf.Tensor | np.ndarray | None],
) -> SobolevLoss:
  """Does what `loss_terms` does, for orders that are checked.

  Args:
    orders: what to compare.
    predictions: see `loss_terms`; of one type.
    target: see `loss_terms`; without masks of their own.
  """
  terms = {
      k: _term(orders, k, predictions[k], target[k]) for k in orders.used
  }
  first = orders.used[0]
  for k, term in terms.items():
    if not term.shape.is_compatible_with(terms[first].shape):
      raise ValueError(
          f'predictions[{k}]: its batch is {arrays.text(term)}, that of order '
          f'{first} {arrays.text(terms[first])}; projections and directions '
          'have an axis M before it, and sampled=True'
      )
  total = tf.add_n([
      orders.weight(k, term.dtype) * term for k, term in terms.items()
  ])
  return SobolevLoss(total, terms)


def _term(
    orders: orders_lib.Orders,
    k: int,
    prediction: tf.Tensor,
    target: tf.Tensor | np.ndarray | None,
) -> tf.Tensor:
  """Returns the loss [B] of order k, averaged over M if sampled."""
  name = f'target[{k}]'
  if target is None or prediction is None:
    raise ValueError(
        f'{name}: expected a tensor, as weights[{k}] is not 0, got None'
    )
  mask = orders.mask(k, prediction.shape)
  recorded = target
  target = arrays.tensor(name, recorded, prediction)
  what = f"the model's derivative of order {k}" if k else "the model's value"
  target = arrays.require_equal(name, target, prediction, what)
  if not tf.is_tensor(recorded) and not tf.is_symbolic_tensor(mask):
    arrays.require_finite(name, np.asarray(recorded), mask)
  if mask is not None:
    mask = masking.fitted(f'masks[{k}]', mask, prediction)
    # Both zero: no loss, and no gradient, even where a loss of one's own has
    # none at 0, or the prediction is not finite.
    zero = tf.zeros_like(prediction)
    prediction = tf.where(mask, prediction, zero)
    target = tf.where(mask, target, zero)
  target = tf.stop_gradient(target)
  distance = orders.distances[k]
  if not orders.sampled(k):
    loss = _by_example(k, distance, prediction, target)
  else:
    shape = tf.shape(prediction)
    merged = tf.concat([[-1], shape[2:]], axis=0)
    loss = _by_example(
        k, distance, tf.reshape(prediction, merged), tf.reshape(target, merged)
    )
    loss = tf.reshape(loss, shape[:2])
  if mask is not None and not distances.is_by_component(distance):
    known = mask[(..., *[0] * (len(mask.shape) - len(loss.shape)))]
    loss = tf.where(known, loss, tf.zeros_like(loss))
  return tf.reduce_mean(loss, axis=0) if orders.sampled(k) else loss


def _by_example(
    k: int,
    distance: distances.Distance,
    prediction: tf.Tensor,
    target: tf.Tensor,
) -> tf.Tensor:
  """Returns the distances, having checked that there is one per example."""
  each = tf.convert_to_tensor(distance(prediction, target))
  if not each.shape.is_compatible_with(prediction.shape[:1]):
    raise ValueError(
        f'losses[{k}]: expected a loss of each example, '
        f'{prediction.shape[:1].as_list()}, got {arrays.text(each)}; do not '
        'reduce the batch, and keep no other axis'
    )
  return each


def of_one_type(
    orders: Sequence[tf.Tensor | np.ndarray | None],
) -> tuple[tf.Tensor | np.ndarray | None, ...]:
  """Returns tensors cast to the widest of their types, and others as they are.

  A Keras model has values of its own type, such as a mixed policy's bfloat16,
  and derivatives of x's.
  """
  types = [one.dtype for one in orders if tf.is_tensor(one)]
  widest = max(types, key=lambda dtype: dtype.size, default=None)
  return tuple(
      tf.cast(one, widest) if tf.is_tensor(one) else one for one in orders
  )
