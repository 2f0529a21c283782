# SPDX-License-Identifier: Apache-2.0
"""Masks: which examples and which of their components are known.

True is known. A mask is [B], for whole examples, or has all axes of what it
masks, each of its size or 1. Axes: B batch, S... what is masked.
"""

from typing import TypeAlias

import numpy as np
import tensorflow as tf

from sobolev_training import arrays

Mask: TypeAlias = tf.Tensor | np.ndarray


def checked(name: str, mask: Mask) -> Mask:
  """Returns a mask as NumPy's where its entries are at hand, else as a tensor.

  Raises:
    ValueError: not an array of booleans with a batch axis.
  """
  mask = arrays.dense(name, mask)
  if mask.dtype != bool:
    raise ValueError(
        f'{name}: expected booleans, False where the target is missing, got '
        f'{tf.as_dtype(mask.dtype).name}'
    )
  if not mask.shape or tf.TensorShape(mask.shape).rank is None:
    raise ValueError(f'{name}: expected booleans [B] or [B, ...], got a scalar')
  return mask if tf.is_symbolic_tensor(mask) else np.asarray(mask)


def aligned(name: str, mask: Mask, axes: tf.TensorShape) -> Mask:
  """Returns a mask with as many axes as what it masks, each its size or 1.

  Axes whose size is unknown while tracing are left to `fitted`.

  Args:
    name: the argument's name.
    mask: booleans: [B], or with all axes.
    axes: the shape [B, S...] of what it masks.

  Raises:
    ValueError: another shape.
  """
  sizes = list(mask.shape)
  if len(sizes) == 1:
    sizes += [1] * (axes.rank - 1)
  if len(sizes) != axes.rank or not all(
      size in (1, None, axis) or axis is None
      for size, axis in zip(sizes, axes, strict=True)
  ):
    raise ValueError(
        f'{name}: expected the shape {axes[:1].as_list()} or '
        f'{axes.as_list()}, in which any axis may be 1, got '
        f'{list(mask.shape)}'
    )
  missing = (None,) * (len(sizes) - len(mask.shape))
  return mask[(..., *missing)]


def fitted(name: str, mask: Mask, like: tf.Tensor) -> Mask:
  """Returns an aligned mask, its unknown axes checked when the graph runs."""
  if tf.TensorShape(mask.shape).is_fully_defined() and (
      like.shape.is_fully_defined()
  ):
    return mask
  sizes, axes = tf.shape(mask), tf.shape(like)
  check = tf.debugging.assert_equal(
      tf.reduce_all((sizes == 1) | (sizes == axes)),
      True,
      message=f'{name}: its axes must be those of what it masks, or 1',
  )
  with tf.control_dependencies([] if check is None else [check]):
    # Not tf.broadcast_to: Grappler takes its result's shape for the axes'.
    return tf.reshape(mask & tf.ones(axes, bool), axes)


def both(
    name: str,
    mask: Mask | None,
    recorded: np.ndarray | None,
    shape: tuple[int, ...],
) -> np.ndarray | None:
  """Returns where data at hand is known by a mask and by its own.

  Args:
    name: the mask's name.
    mask: booleans for data of a shape, or None.
    recorded: booleans of that shape, or None; see `arrays.unmasked`.
    shape: the data's.
  """
  if mask is None:
    return recorded
  mask = aligned(name, checked(name, mask), tf.TensorShape(shape))
  mask = np.broadcast_to(np.asarray(mask), shape)
  return mask if recorded is None else mask & recorded


def examples(mask: Mask, before: int = 0) -> Mask:
  """Returns which examples have any known component, [B] or [1].

  Args:
    mask: [..., B, ...].
    before: the number of axes before B.
  """
  rank = len(mask.shape)
  axes = (*range(before), *range(before + 1, rank))
  if isinstance(mask, np.ndarray):
    return mask.any(axes)
  return tf.reduce_any(mask, axes)


def replace(x: tf.Tensor, known: Mask) -> tf.Tensor:
  """Puts a known example's x in the place of those that are not known.

  What a function does at a masked point can then reach nothing: where its
  derivative is infinite, even a loss of zero has the gradient 0 * inf = NaN.

  Args:
    x: [B, D...].
    known: booleans [B] or [1].

  Returns:
    [B, D...]: the first known example instead of the others, or ones if none
    is known.
  """
  known = known & tf.ones(tf.shape(x)[:1], bool)
  # The first that is known of them and of ones, which always are.
  paddings = [[0, 1]] + [[0, 0]] * (x.shape.rank - 1)
  spare = tf.pad(x, paddings, constant_values=1)
  filler = spare[tf.argmax(tf.cast(tf.concat([known, [True]], 0), tf.int32))]
  lead = tf.reshape(known, [-1] + [1] * (x.shape.rank - 1))
  return tf.where(lead, x, filler)
