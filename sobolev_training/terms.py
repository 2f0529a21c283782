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
outputs alike. What is masked adds nothing, and the rest is not scaled up.

Axes: B batch, M projections or directions, K order.
"""

from collections.abc import Sequence
import math
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from sobolev_training import arrays
from sobolev_training import distances

Weight = float | tf.Tensor
Masks = Sequence[tf.Tensor | np.ndarray | None]
Losses = str | distances.Distance | Sequence[str | distances.Distance]


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
  used = used_orders(weights)
  count = len(weights)
  arrays.require_tuple('predictions', predictions, count)
  arrays.require_tuple('target', target, count)
  masks = [None] * count if masks is None else masks
  arrays.require_tuple('masks', masks, count)
  if isinstance(losses, str) or callable(losses):
    losses = [losses] * count
  arrays.require_tuple('losses', losses, count)
  predictions = of_one_type(predictions)
  terms = {
      k: _term(
          k, predictions[k], target[k], distances.by_name(losses[k]), masks[k],
          sampled and k > 0,
      )
      for k in used
  }
  total = tf.add_n([
      _of_type(weights[k], term.dtype) * term for k, term in terms.items()
  ])
  return SobolevLoss(total, terms)


def _of_type(weight: Weight, dtype: tf.DType) -> tf.Tensor:
  # tf.cast makes float32 of a Python number first.
  if tf.is_tensor(weight):
    return tf.cast(weight, dtype)
  return tf.constant(float(weight), dtype)


def _term(
    k: int,
    prediction: tf.Tensor,
    target: tf.Tensor | np.ndarray | None,
    distance: distances.Distance,
    mask: tf.Tensor | np.ndarray | None,
    sampled: bool,
) -> tf.Tensor:
  """Returns the loss [B] of order k, averaged over M if sampled."""
  name = f'target[{k}]'
  if target is None or prediction is None:
    raise ValueError(
        f'{name}: expected a tensor, as weights[{k}] is not 0, got None'
    )
  if mask is not None:
    mask = _mask(k, mask, prediction, distance, sampled)
  recorded = target
  target = arrays.tensor(name, recorded, prediction)
  what = f"the model's derivative of order {k}" if k else "the model's value"
  target = arrays.require_equal(name, target, prediction, what)
  if not tf.is_tensor(recorded) and not tf.is_symbolic_tensor(mask):
    arrays.require_finite(name, np.asarray(recorded), mask)
  if mask is not None:
    # Both zero: no loss, and no gradient, even where a loss of one's own has
    # none at 0, or the prediction is not finite.
    zero = tf.zeros_like(prediction)
    prediction = tf.where(mask, prediction, zero)
    target = tf.where(mask, target, zero)
  target = tf.stop_gradient(target)
  if sampled:
    shape = tf.shape(prediction)
    merged = tf.concat([[-1], shape[2:]], axis=0)
    each = _by_example(
        k, distance, tf.reshape(prediction, merged), tf.reshape(target, merged)
    )
    loss = tf.reduce_mean(tf.reshape(each, shape[:2]), axis=0)
  else:
    loss = _by_example(k, distance, prediction, target)
  if mask is None or distances.is_by_component(distance):
    return loss
  return tf.where(tf.reshape(mask, [-1]), loss, tf.zeros_like(loss))


def _by_example(
    k: int,
    distance: distances.Distance,
    prediction: tf.Tensor,
    target: tf.Tensor,
) -> tf.Tensor:
  """Returns the distances, having checked that there is one an example."""
  each = tf.convert_to_tensor(distance(prediction, target))
  if not each.shape.is_compatible_with(prediction.shape[:1]):
    raise ValueError(
        f'losses[{k}]: expected a loss of each example, '
        f'{prediction.shape[:1].as_list()}, got {arrays.text(each)}; do not '
        'reduce the batch, and keep no other axis'
    )
  return each


def _mask(
    k: int,
    mask: tf.Tensor | np.ndarray,
    prediction: tf.Tensor,
    distance: distances.Distance,
    sampled: bool,
) -> tf.Tensor | np.ndarray:
  """Returns a mask with the prediction's axes, each of its size or 1."""
  axes = prediction.shape[1:] if sampled else prediction.shape
  given = list(mask.shape) if tf.is_tensor(mask) else list(np.shape(mask))
  mask = arrays.mask(f'masks[{k}]', mask, axes)
  if len(given) > 1 and not distances.is_by_component(distance):
    raise ValueError(
        f'masks[{k}]: a loss of your own can be masked by example only, '
        f'{axes[:1].as_list()}, got {given}'
    )
  return mask[None] if sampled else mask


def used_orders(weights: Sequence[Weight]) -> list[int]:
  """Returns the orders that have a weight."""
  if not isinstance(weights, (list, tuple)):
    raise ValueError(
        'weights: expected a tuple with a number for each order from 0, such '
        f'as (1.0, 1.0), got {weights!r}'
    )
  used = []
  for k, weight in enumerate(weights):
    if tf.is_tensor(weight):
      if weight.shape.rank != 0:
        raise ValueError(
            f'weights[{k}]: expected a scalar, got {arrays.text(weight)}'
        )
      used.append(k)
    elif np.ndim(weight):
      raise ValueError(
          f'weights[{k}]: expected a scalar, got {list(np.shape(weight))}; to '
          'weigh examples, multiply `total` before its mean'
      )
    elif not (weight >= 0 and math.isfinite(weight)):
      raise ValueError(f'weights[{k}]: expected 0 or more, got {weight}')
    elif weight > 0:
      used.append(k)
  if not used:
    raise ValueError(f'weights: expected one above 0, got {weights}')
  return used


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
