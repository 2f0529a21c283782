# SPDX-License-Identifier: Apache-2.0
"""Distances l(prediction, target) between the tensors of one example.

The paper's l and l_j (eq. 1). Axes: B batch, S... the components of a value or
of a derivative, which are summed over, never averaged:

  squared_l2  |r|_2^2 = sum r^2              the paper's ||.||_2^2
  l2          |r|_2 = sqrt(sum r^2)          unsquared (paper, 4.2)
  l1          |r|_1 = sum |r|
  huber       sum r^2 / 2 where |r| <= delta, delta (|r| - delta / 2) beyond

for r = prediction - target. All are 0 with zero gradient where r = 0.
"""

from collections.abc import Callable
import functools
import inspect
from typing import TypeAlias

import tensorflow as tf

from sobolev_training import arrays

# (prediction [B, S...], target [B, S...]) -> [B].
Distance: TypeAlias = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]


def squared_l2(prediction: tf.Tensor, target: tf.Tensor) -> tf.Tensor:
  """Returns the sum of squares [B] of tensors [B, S...]."""
  return tf.reduce_sum(_residual(prediction, target) ** 2, axis=1)


def l2(prediction: tf.Tensor, target: tf.Tensor) -> tf.Tensor:
  """Returns the Euclidean norm [B] of tensors [B, S...].

  Its gradient is r / |r|, and zero at r = 0, where it has none. Squares of
  very large or small residuals neither overflow nor vanish.
  """
  residual = _residual(prediction, target)
  # The result does not depend on the scale, so it needs no gradient.
  scale = tf.stop_gradient(
      tf.reduce_max(tf.abs(residual), axis=1, keepdims=True)
  )
  # Zero residuals divide by one: the square root of their sum, unused, would
  # still send its infinite slope through `where`.
  zero = tf.equal(scale, 0)
  scale = tf.where(
      zero | tf.math.is_inf(scale), tf.ones_like(scale), scale
  )
  squares = tf.reduce_sum((residual / scale) ** 2, axis=1, keepdims=True)
  norm = scale * tf.sqrt(tf.where(zero, tf.ones_like(squares), squares))
  return tf.squeeze(tf.where(zero, tf.zeros_like(norm), norm), axis=1)


def l1(prediction: tf.Tensor, target: tf.Tensor) -> tf.Tensor:
  """Returns the sum of absolute values [B] of tensors [B, S...]."""
  return tf.reduce_sum(tf.abs(_residual(prediction, target)), axis=1)


def huber(
    prediction: tf.Tensor, target: tf.Tensor, delta: float = 1.0
) -> tf.Tensor:
  """Returns the sum of Huber losses [B] of tensors [B, S...].

  Args:
    prediction: [B, S...].
    target: [B, S...].
    delta: where the parabola becomes a line, in the residual's unit. Another
      one than 1 in a loss: `functools.partial(distances.huber, delta=0.1)`.
  """
  delta = arrays.positive('delta', delta)
  size = tf.abs(_residual(prediction, target))
  # min(|r|, delta) makes one formula of the two, with finite gradients.
  small = tf.minimum(size, delta)
  return tf.reduce_sum(small * (size - small / 2), axis=1)


_BY_NAME: dict[str, Distance] = {
    'squared_l2': squared_l2,
    'l2': l2,
    'l1': l1,
    'huber': huber,
}
# In the order of a flag's choices: the paper's first.
NAMES = tuple(_BY_NAME)


def by_name(distance: str | Distance) -> Distance:
  """Returns the distance of a name; a function stays what it is."""
  if callable(distance):
    _require_two_arguments(distance)
    return distance
  if not isinstance(distance, str) or distance not in _BY_NAME:
    raise ValueError(
        f'losses: expected {", ".join(NAMES)} or a function, got {distance!r}'
    )
  return _BY_NAME[distance]


def _require_two_arguments(distance: Distance):
  try:
    inspect.signature(distance).bind(None, None)
  except TypeError:
    raise ValueError(
        'losses: expected functions of (prediction, target), got '
        f'{getattr(distance, "__name__", type(distance).__name__)}'
    ) from None
  except ValueError:  # It shows no signature.
    pass


def is_by_component(distance: Distance) -> bool:
  """Whether a distance is a function of the residual, 0 where that is 0."""
  while isinstance(distance, functools.partial):
    distance = distance.func
  return distance in _BY_NAME.values()


def _residual(prediction: tf.Tensor, target: tf.Tensor) -> tf.Tensor:
  """Returns prediction - target, flattened to [B, size]."""
  prediction = tf.convert_to_tensor(arrays.dense('prediction', prediction))
  if not prediction.dtype.is_floating or not prediction.shape.rank:
    raise ValueError(
        'prediction: expected a floating tensor [B, S...], got '
        f'{prediction.dtype.name} {arrays.text(prediction)}'
    )
  target = arrays.tensor('target', target, prediction)
  target = arrays.require_equal(
      'target', target, prediction, 'the prediction'
  )
  axes = prediction.shape[1:]
  size = axes.num_elements()
  batch = arrays.batch_size(prediction)
  return tf.reshape(
      prediction - target, [batch, -1 if size is None else size]
  )
