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
  shape = tensor.shape
  return 'of unknown rank' if shape.rank is None else str(shape.as_list())


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

  Axes that are unknown while tracing are compared when the graph runs; XLA,
  which leaves that out, still refuses another number of elements.

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
    return tf.reshape(array, tf.shape(expected))


def mask(
    name: str, array: tf.Tensor | np.ndarray, axes: tf.TensorShape
) -> tf.Tensor | np.ndarray:
  """Returns a mask with as many axes as what it is for, each its size or 1.

  Args:
    name: the argument's name.
    array: booleans: [B], or with all axes.
    axes: the shape of what is masked, [B, ...].

  Raises:
    ValueError: another type or shape.
  """
  if not tf.is_tensor(array):
    array = np.asarray(array)
  if array.dtype != bool:
    raise ValueError(
        f'{name}: expected booleans, False where the target is missing, got '
        f'{tf.as_dtype(array.dtype).name}'
    )
  sizes = list(array.shape)
  if len(sizes) == 1:
    sizes += [1] * (axes.rank - 1)
  if len(sizes) != axes.rank or not all(
      size in (1, None, axis) for size, axis in zip(sizes, axes, strict=True)
  ):
    raise ValueError(
        f'{name}: expected the shape {axes[:1].as_list()} or '
        f'{axes.as_list()}, in which any axis may be 1, got '
        f'{list(array.shape)}'
    )
  missing = (None,) * (len(sizes) - len(array.shape))
  return array[(..., *missing)]


def points(x) -> tf.Tensor:
  """Returns x as a tensor of its own, so that f cannot hold the same one.

  Raises:
    ValueError: not one floating tensor [B, D...].
  """
  if isinstance(x, dict) or (
      isinstance(x, (list, tuple))
      and any(tf.is_tensor(part) or isinstance(part, np.ndarray) for part in x)
  ):
    raise ValueError(
        f'x: expected one tensor [B, D...], got a {type(x).__name__}; '
        'differentiate in one input, and let the function hold the others: '
        'lambda x: model((x, others))'
    )
  x = tf.identity(x)
  if not x.dtype.is_floating or not x.shape.rank:
    raise ValueError(
        f'x: expected a floating tensor [B, D...], got {x.dtype.name} {text(x)}'
    )
  return x


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
