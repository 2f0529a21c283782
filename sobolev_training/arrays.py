"""Checks of arrays: exact shapes, one type, finite numbers.

Nothing in this package broadcasts without being asked to: [N] against [N, 1]
would become [N, N] and train on nonsense. Axes: B batch, D... input, O...
outputs, M projections or directions.
"""

from collections.abc import Sequence
import math

import numpy as np
import tensorflow as tf

Shape = Sequence[int]


def text(tensor: tf.Tensor) -> str:
  """Returns a tensor's static shape for a message, such as `[20, 1]`."""
  return str(tensor.shape.as_list())


def tensor(name: str, array, like: tf.Tensor) -> tf.Tensor:
  """Returns an array as a tensor of another one's type.

  What is not yet a tensor, such as NumPy's float64, is converted.

  Raises:
    ValueError: a tensor of another type.
  """
  if not tf.is_tensor(array):
    array = np.asarray(array, dtype=like.dtype.as_numpy_dtype)
  array = tf.convert_to_tensor(array)
  if array.dtype != like.dtype:
    raise ValueError(
        f'{name}: expected {like.dtype.name}, got {array.dtype.name}; use '
        'tf.cast'
    )
  return array


def require_tuple(name: str, values: Sequence, length: int | None = None):
  """Checks that there is a tuple or a list, with an entry for each order.

  Raises:
    ValueError: it is another thing, such as a tensor, or has another length.
  """
  if not isinstance(values, (list, tuple)):
    raise ValueError(
        f'{name}: expected a tuple with one entry for each order, got '
        f'{type(values).__name__}; a single one is written (it,)'
    )
  if length is not None and len(values) != length:
    raise ValueError(
        f'{name}: expected {length}, as weights says how many orders there '
        f'are, got {len(values)}'
    )


def require_equal(name: str, array: tf.Tensor, expected: tf.Tensor, what: str):
  """Returns a tensor, having checked that its shape is another one's.

  Axes that are unknown while tracing are compared when the graph runs.

  Args:
    name: the argument's name.
    array: the tensor to check.
    expected: the tensor whose shape it must have.
    what: what the expected shape is, such as `the model's value`.

  Raises:
    ValueError: the shapes differ.
  """
  if not array.shape.is_compatible_with(expected.shape):
    raise ValueError(
        f'{name}: expected the shape {text(expected)} of {what}, got '
        f'{text(array)}; nothing is broadcast, reshape one of them'
    )
  if array.shape.is_fully_defined() and expected.shape.is_fully_defined():
    return array
  message = f'{name}: its shape must be that of {what}'
  check = tf.debugging.assert_equal(
      tf.shape(array), tf.shape(expected), message=message
  )
  with tf.control_dependencies([] if check is None else [check]):
    return tf.identity(array)


def require_finite(
    name: str, array: np.ndarray, mask: np.ndarray | None = None
):
  """Checks that data has no NaN and no infinity where a mask is True.

  Args:
    name: the argument's name.
    array: any shape.
    mask: booleans, or None to look everywhere: [B], or with the same number of
      axes, each of the same size or 1.

  Raises:
    ValueError: says how many there are, and where the first is.
  """
  bad = ~np.isfinite(array)
  if mask is not None:
    mask = np.asarray(mask)
    lead = mask.shape + (1,) * (bad.ndim - mask.ndim)
    bad &= mask.reshape(lead)
  if bad.any():
    first = tuple(np.argwhere(bad)[0].tolist())
    raise ValueError(
        f'{name}: {bad.sum()} of {bad.size} numbers are not finite, the first '
        f'is {array[first]} at {list(first)}; leave these examples out, or '
        'pass a mask that is False there'
    )


def batch_size(array: tf.Tensor) -> int | tf.Tensor:
  """Returns the first axis's size, as an int where it is known."""
  size = array.shape[0]
  return tf.shape(array)[0] if size is None else size


def static(name: str, array: tf.Tensor) -> list[int]:
  """Returns all axes but the batch's; a ValueError if one is unknown."""
  axes = array.shape[1:]
  if not axes.is_fully_defined():
    raise ValueError(
        f'{name}: expected static axes after the batch, got {text(array)}; use '
        'tf.ensure_shape'
    )
  return axes.as_list()


def flat(array: tf.Tensor, *groups: Shape) -> tf.Tensor:
  """Reshapes [B, *group, *group, ...] to [B, size, size, ...].

  Args:
    array: any tensor with a batch axis.
    *groups: the axes to merge; all after the first into one when not given.
  """
  groups = groups or [array.shape[1:]]
  sizes = [math.prod(group) for group in groups]
  return tf.reshape(array, [batch_size(array), *sizes])


def vectors(
    name: str, array: tf.Tensor, batch: tf.Tensor, shape: Shape
) -> tf.Tensor:
  """Returns M vectors for each example, flattened.

  Args:
    name: the argument's name.
    array: [M, *shape], shared by the batch, or [M, B, *shape].
    batch: a tensor [B, ...] of the wanted type.
    shape: the vectors' axes.

  Returns:
    [M, B, size].

  Raises:
    ValueError: another shape or type.
  """
  array = tensor(name, array, batch)
  shape, size = list(shape), batch_size(batch)
  shared = array.shape[1:].is_compatible_with(shape)
  given = array.shape[1:].is_compatible_with([batch.shape[0], *shape])
  if not array.shape.rank or not array.shape[0] or not (shared or given):
    wanted = ''.join(f', {axis}' for axis in shape)
    raise ValueError(
        f'{name}: expected the shape [M{wanted}] or, for a vector per example, '
        f'[M, {batch.shape[0] or "B"}{wanted}], got {text(array)}'
    )
  count = array.shape[0]
  middle = 1 if shared else size
  array = tf.reshape(array, [count, middle, math.prod(shape)])
  return tf.broadcast_to(array, [count, size, math.prod(shape)])
