# SPDX-License-Identifier: Apache-2.0
"""Checks of arguments: real numbers, exact shapes, one type, nothing masked.

Nothing in this package broadcasts without being asked to: [N] against [N, 1]
would become [N, N] and train on nonsense. Every error is a ValueError whose
message starts with the argument's name. Axes: B batch, D... input, O...
outputs, M projections or directions.
"""

from collections.abc import Iterator
from collections.abc import Sequence
import contextlib
import math
import numbers
import operator
from typing import Any
from typing import TypeAlias

import numpy as np
import tensorflow as tf

Shape: TypeAlias = Sequence[int]


def text(tensor: tf.Tensor) -> str:
  """Returns a tensor's static shape for a message, such as `[20, 1]`."""
  shape = tensor.shape
  return 'of unknown rank' if shape.rank is None else str(shape.as_list())


def dense(name: str, array: Any) -> tf.Tensor | np.ndarray:
  """Returns dense real numbers: tensors as tensors, the rest as NumPy arrays.

  Args:
    name: the argument's name.
    array: a tensor, a variable, an array, or what NumPy makes one of.

  Raises:
    ValueError: None, strings, complex, sparse or ragged numbers, or a NumPy
      array some of whose numbers are masked.
  """
  data, known = unmasked(array)
  if known is not None:
    raise ValueError(
        f'{name}: expected known numbers, got a masked array, in which '
        f'{known.size - known.sum()} of {known.size} are missing'
    )
  try:
    if tf.is_tensor(data):
      data = tf.convert_to_tensor(data)
    else:
      data = np.asarray(data)
    dtype = tf.as_dtype(data.dtype)
  except (NotImplementedError, TypeError, ValueError):  # The first: symbolic.
    dtype = None
  if not dtype or not (dtype.is_floating or dtype.is_integer or dtype.is_bool):
    kind = type(array).__name__
    if hasattr(data, 'dtype') and not isinstance(array, (list, tuple)):
      kind += f' of {getattr(data.dtype, "name", data.dtype)}'
    raise ValueError(
        f'{name}: expected a dense array of real numbers, got {kind}'
    )
  return data


def unmasked(array: Any) -> tuple[Any, np.ndarray | None]:
  """Returns an array without its NumPy mask, and where its numbers are known.

  Args:
    array: anything; a masked array may be an entry of lists and tuples.

  Returns:
    The array with 0 in the place of what is masked, and booleans of its shape,
    or None if nothing is masked.
  """
  if isinstance(array, (list, tuple)):
    parts = [unmasked(part) for part in array]
    if all(known is None for _, known in parts):
      return array, None
    array = np.ma.stack([
        np.ma.array(data, mask=False if known is None else ~known)
        for data, known in parts
    ])
  if not isinstance(array, np.ma.MaskedArray):
    return array, None
  known = ~np.ma.getmaskarray(array)
  if known.all():
    return array.data, None
  return np.where(known, array.data, np.zeros([], array.dtype)), known


def recorded(name: str, array: Any) -> tf.Tensor | np.ndarray:
  """Returns dense real numbers, NaN where a NumPy mask hides them."""
  data, known = unmasked(array)
  data = dense(name, data)
  return data if known is None else np.where(known, data, np.nan)


def tensor(name: str, array, like: tf.Tensor) -> tf.Tensor:
  """Returns an array as a tensor of another one's type.

  What is not yet a tensor, such as NumPy's float64, is converted.

  Raises:
    ValueError: a tensor of another type, or numbers too large for it.
  """
  array = dense(name, array)
  if tf.is_tensor(array):
    if array.dtype != like.dtype:
      raise ValueError(
          f'{name}: expected {like.dtype.name}, got {array.dtype.name}; use '
          'tf.cast'
      )
    return array
  with np.errstate(over='ignore'):
    cast = array.astype(like.dtype.as_numpy_dtype)
  if cast.dtype != array.dtype:
    lost = np.isfinite(array) & ~np.isfinite(cast)
    if lost.any():
      raise ValueError(
          f'{name}: {array[lost][0]:g} is too large for {like.dtype.name}'
      )
  return tf.convert_to_tensor(cast)


def integer(
    name: str, value: Any, least: int, most: float = math.inf
) -> int:
  """Returns an integer, having checked that it is one and its range."""
  try:
    result = operator.index(value)
  except (AttributeError, TypeError):  # The first of floating tensors.
    raise ValueError(
        f'{name}: expected an integer, got {value!r}'
    ) from None
  if result < least:
    raise ValueError(f'{name}: expected {least} or more, got {value}')
  if result > most:
    raise ValueError(f'{name}: expected {most} or less, got {value}')
  return result


def positive(name: str, value: Any) -> float:
  """Returns a number, having checked that it is finite and above 0."""
  result = _real(value)
  if not 0 < result < math.inf:
    raise ValueError(f'{name}: expected a positive number, got {value!r}')
  return result


def number(
    name: str, value: Any, least: float, most: float = math.inf
) -> float:
  """Returns a number, having checked that it is finite and its range."""
  result = _real(value)
  if not least <= result <= most or result == math.inf:
    wanted = f'{least} or more' if most == math.inf else f'{least} to {most}'
    raise ValueError(f'{name}: expected {wanted}, got {value!r}')
  return result


def _real(value: Any) -> float:
  """Returns a real number, or NaN; infinity for an integer that is larger."""
  if not isinstance(value, numbers.Real) or isinstance(value, bool):
    return math.nan
  try:
    return float(value)
  except OverflowError:
    return math.inf if value > 0 else -math.inf


@contextlib.contextmanager
def naming(name: str) -> Iterator[None]:
  """Names the argument that an error of another module is about."""
  try:
    yield
  except (TypeError, ValueError) as error:
    raise ValueError(f'{name}: {error}') from error


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
  return _known_later(
      array, tf.shape(expected), f'{name}: its shape must be that of {what}'
  )


def _known_later(
    array: tf.Tensor, shape: tf.Tensor | list, message: str
) -> tf.Tensor:
  """Returns a tensor of a shape that is checked when the graph runs."""
  check = tf.debugging.assert_equal(tf.shape(array), shape, message=message)
  with tf.control_dependencies([] if check is None else [check]):
    # Grappler may drop the reshape, and what it depends on with it.
    array = tf.identity(array)
  # XLA makes no check; but it adds no arrays whose axes do not fit, and gives
  # none another number of elements.
  zeros = tf.zeros_like(array) + tf.zeros(shape, array.dtype)
  return tf.reshape(array, shape) + tf.reshape(zeros, shape)


def points(x: Any) -> tf.Tensor:
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
  array = dense('x', x)
  # Of a list TensorFlow makes float32, NumPy float64.
  x = tf.identity(x if isinstance(x, (list, tuple)) else array)
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
    ValueError: another shape or type, or numbers that are not finite.
  """
  array = dense(name, array)
  if not tf.is_symbolic_tensor(array):
    require_finite(name, np.asarray(array))
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
  if shared:
    array = tf.reshape(array, [count, 1, math.prod(shape)])
    return tf.broadcast_to(array, [count, size, math.prod(shape)])
  if not (array.shape.is_fully_defined() and isinstance(size, int)):
    array = _known_later(
        array, [count, size, *shape], f'{name}: expected a vector per example'
    )
  return tf.reshape(array, [count, size, math.prod(shape)])
