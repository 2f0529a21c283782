# SPDX-License-Identifier: Apache-2.0
"""What a loss compares, order by order: weights, distances, masks.

One object checks them once, for `full_loss`, `projected_loss`,
`directional_loss`, `loss_and_gradients` and `loss_terms`; `terms` describes the
arguments. Axes: B batch, D... input, M projections or directions, K order.
"""

from collections.abc import Sequence
import functools
import math
import operator
from typing import Any
from typing import TypeAlias

import numpy as np
import tensorflow as tf

from sobolev_training import arrays
from sobolev_training import distances
from sobolev_training import masking

Weight: TypeAlias = float | tf.Tensor
Masks: TypeAlias = Sequence[masking.Mask | None]
_Loss: TypeAlias = str | distances.Distance
Losses: TypeAlias = _Loss | Sequence[_Loss]


class Orders:
  """The orders 0 to K of a loss.

  Attributes:
    used: the orders that have a weight, ascending.
    highest: the last of them; no derivative beyond it is computed.
  """

  def __init__(
      self,
      weights: Sequence[Weight],
      losses: Losses = 'squared_l2',
      masks: Masks | None = None,
      *,
      sampled: bool = False,
  ):
    """Checks what a loss was called with.

    Args:
      weights: one for each order from 0 to K.
      losses: a distance, or one for each order.
      masks: one or None for each order.
      sampled: whether the orders from 1 on have an axis M before B.

    Raises:
      ValueError: an argument does not fit; its message starts with the name.
    """
    self.used = used_orders(weights)
    self.highest = self.used[-1]
    count = len(weights)
    if isinstance(losses, str) or callable(losses):
      losses = [losses] * count
    masks = [None] * count if masks is None else masks
    arrays.require_tuple('losses', losses, count)
    arrays.require_tuple('masks', masks, count)
    self.distances = [distances.by_name(loss) for loss in losses]
    self._weights, self._sampled = weights, sampled
    self._masks = [
        None if mask is None else masking.checked(f'masks[{k}]', mask)
        for k, mask in enumerate(masks)
    ]
    # Which recorded numbers are known, of the target's shapes.
    self._recorded: list[np.ndarray | None] = [None] * count

  def record(self, target: Sequence[Any]) -> list[Any]:
    """Takes over the masks of a recorded target, of NumPy's masked arrays.

    Args:
      target: an array or None for each order.

    Returns:
      The same without masks.
    """
    arrays.require_tuple('target', target, len(self._weights))
    pairs = [arrays.unmasked(array) for array in target]
    self._recorded = [known for _, known in pairs]
    return [array for array, _ in pairs]

  def sampled(self, k: int) -> bool:
    """Whether what order k compares has an axis M before B."""
    return self._sampled and k > 0

  def weight(self, k: int, dtype: tf.DType) -> tf.Tensor:
    """Returns a weight in a loss's type."""
    weight = self._weights[k]
    if tf.is_tensor(weight):
      return tf.cast(weight, dtype)
    # tf.cast makes float32 of a Python number first.
    return arrays.tensor(f'weights[{k}]', float(weight), tf.zeros([], dtype))

  def mask(self, k: int, shape: tf.TensorShape) -> masking.Mask | None:
    """Returns the mask of order k, with as many axes as what it compares.

    Args:
      k: the order.
      shape: what it compares, [B, ...] or [M, B, ...].

    Raises:
      ValueError: the mask does not fit.
    """
    mask, recorded = self._masks[k], self._recorded[k]
    if mask is not None:
      axes = shape[1:] if self.sampled(k) else shape
      mask = masking.aligned(f'masks[{k}]', mask, axes)
      mask = mask[None] if self.sampled(k) else mask
    if not distances.is_by_component(self.distances[k]):
      self._require_by_example(k, shape)
    if recorded is None:
      return mask
    return recorded if mask is None else mask & recorded

  def _require_by_example(self, k: int, shape: tf.TensorShape):
    """Checks that a loss of one's own is masked by whole examples."""
    mask, recorded = self._masks[k], self._recorded[k]
    lead = 1 + self.sampled(k)
    wrong = None
    if mask is not None and len(mask.shape) > 1:
      wrong = f'masks[{k}]', mask
    if recorded is not None:
      rows = recorded.reshape(*recorded.shape[:lead], -1)
      if np.any(rows.all(-1) != rows.any(-1)):
        wrong = f'target[{k}]', recorded
    if wrong is not None:
      name, given = wrong
      raise ValueError(
          f'{name}: a loss of your own can be masked by example only, '
          f'{shape[lead - 1:lead].as_list()}, got {list(given.shape)}'
      )

  def checked(self, k: int, prediction: tf.Tensor) -> tf.Tensor:
    """Returns what a model predicts, unless a mask hides what spoils the rest.

    Where a component that is masked is not finite, 0 times its derivative is
    NaN, which reaches the gradient through the example's other components.

    Args:
      k: the order.
      prediction: [B, ...] or [M, B, ...].

    Returns:
      The prediction; under XLA, which cannot raise an error, NaN for such an
      example, so that its loss says what its gradient would be.

    Raises:
      ValueError: such a component; a graph says so when it runs.
    """
    mask, lead = self.mask(k, prediction.shape), 1 + self.sampled(k)
    if mask is None or all(size == 1 for size in mask.shape[lead:]):
      return prediction
    name = f'target[{k}]' if self._masks[k] is None else f'masks[{k}]'
    known = tf.reduce_any(mask, range(lead, len(mask.shape)), keepdims=True)
    hidden = known & ~mask & ~tf.math.is_finite(prediction)
    message = (
        f'{name}: order {k} of the model is not finite in a component that is '
        'masked, beside components that are not, which makes their gradient '
        'NaN; mask the whole example'
    )
    if not tf.is_symbolic_tensor(hidden):
      if tf.reduce_any(hidden):
        raise ValueError(message)
      return prediction
    check = tf.debugging.assert_equal(tf.reduce_any(hidden), False, message)
    spoiled = tf.reduce_any(hidden, range(lead, hidden.shape.rank), True)
    with tf.control_dependencies([check]):
      return tf.where(
          spoiled, tf.constant(math.nan, prediction.dtype), prediction
      )

  def checked_together(
      self, name: str, predictions: dict[int, tf.Tensor]
  ) -> dict[int, tf.Tensor]:
    """Returns predictions at points that all orders have in common.

    As `checked`, for `points(together=True)`: an example of which one order
    knows something stays where it is for the others too.

    Args:
      name: the argument's that says what is known.
      predictions: [B, ...] for each order that is used.

    Raises:
      ValueError: what a mask hides is not finite; a graph says so when it runs,
        and under XLA all predictions are NaN.
    """
    spoiled = {}
    for k, prediction in predictions.items():
      mask = self.mask(k, prediction.shape)
      if mask is not None:
        hidden = ~mask & ~tf.math.is_finite(prediction)
        spoiled[k] = tf.reduce_any(hidden)
    checks = []
    for k, any_spoiled in spoiled.items():
      message = (
          f'{name}[{k}]: order {k} of the model is not finite where it is not '
          'known, and the example has something that is, which makes the '
          'gradient NaN; leave such an example out, or let nothing of it be '
          'known'
      )
      if tf.is_symbolic_tensor(any_spoiled):
        checks.append(tf.debugging.assert_equal(any_spoiled, False, message))
      elif any_spoiled:
        raise ValueError(message)
    if not checks:
      return predictions
    with tf.control_dependencies(checks):
      bad = tf.reduce_any(list(spoiled.values()))
      return {
          k: tf.where(bad, tf.constant(math.nan, one.dtype), one)
          for k, one in predictions.items()
      }

  def points(
      self, x: tf.Tensor, together: bool = False
  ) -> list[tuple[list[int], tf.Tensor]]:
    """Returns the used orders, and the points at which to ask for each.

    An example of which an order knows nothing has another one's x there, so
    that nothing of it reaches a gradient; see `masking.replace`.

    Args:
      x: [B, D...].
      together: whether all orders have the same points, where only examples
        are replaced of which none knows anything.

    Returns:
      Pairs of orders and points [B, D...]; without masks one.
    """
    groups = {}
    for k in self.used:
      known, key = self._known(k, x), None
      if isinstance(known, np.ndarray) and known.all():
        known = None
      if known is not None:
        key = id(self._masks[k]), id(self._recorded[k])
      if isinstance(known, np.ndarray):
        key = known.tobytes()
      groups.setdefault(key, ([], known))[0].append(k)
    if together and len(groups) > 1:
      masks = [known for _, known in groups.values()]
      known = None
      if not any(mask is None for mask in masks):
        known = functools.reduce(operator.or_, masks)
      groups = {None: (self.used, known)}
    return [
        (used, x if known is None else masking.replace(x, known))
        for used, known in groups.values()
    ]

  def _known(self, k: int, x: tf.Tensor) -> masking.Mask | None:
    """Returns the examples of which order k knows anything, [B] or [1]."""
    mask, recorded = self._masks[k], self._recorded[k]
    if mask is None and recorded is None:
      return None
    name = f'masks[{k}]' if recorded is None else f'target[{k}]'
    if recorded is None:
      known = masking.examples(mask)
    else:
      before = int(self.sampled(k))
      combined = self.mask(k, tf.TensorShape(recorded.shape))
      known = masking.examples(combined, before)
    if not (known.shape[0] == 1 or x.shape[:1].is_compatible_with(known.shape)):
      raise ValueError(
          f'{name}: expected {x.shape[0]} examples, as x has, got '
          f'{known.shape[0]}'
      )
    return masking.fitted(name, known, x[(..., *[0] * (x.shape.rank - 1))])


def used_orders(weights: Sequence[Weight]) -> list[int]:
  """Returns the orders that have a weight.

  Raises:
    ValueError: not a tuple of numbers from 0, one of them above.
  """
  if not isinstance(weights, (list, tuple)):
    raise ValueError(
        'weights: expected a tuple with a number for each order from 0, such '
        f'as (1.0, 1.0), got {weights!r}'
    )
  used = [k for k, weight in enumerate(weights) if _is_used(k, weight)]
  if not used:
    raise ValueError(f'weights: expected one above 0, got {weights}')
  return used


def _is_used(k: int, weight: Weight) -> bool:
  """Whether a weight is not 0; a tensor, which may change, always counts."""
  if callable(weight) and not tf.is_tensor(weight):
    raise ValueError(
        f'weights[{k}]: expected a number, got a {type(weight).__name__}; call '
        'a schedule with its step'
    )
  weight = arrays.dense(f'weights[{k}]', weight)
  if weight.shape.rank if tf.is_tensor(weight) else weight.ndim:
    raise ValueError(
        f'weights[{k}]: expected a scalar, got {list(weight.shape)}; to weigh '
        'examples, multiply `total` before its mean'
    )
  if tf.is_symbolic_tensor(weight):
    return True
  if not 0 <= float(weight) < math.inf:
    raise ValueError(f'weights[{k}]: expected 0 or more, got {float(weight)}')
  return tf.is_tensor(weight) or float(weight) > 0
