# SPDX-License-Identifier: Apache-2.0
"""Random vectors v to project derivatives onto (paper, eq. 2).

All kinds have a multiple of the identity as second moment over a space of d
dimensions, E[v v^T] = c I, hence E |J^T v|^2 = c |J|^2 (Frobenius):

  sphere      uniform on the unit sphere, the paper's; c = 1 / d
  rademacher  independent signs +-1;                   c = 1
  one_hot     one output at a time, uniformly;         c = 1 / d

so a squared loss of projections is in expectation c times the full one. The
paper does not rescale it, and neither does this package; divide the weight by
`second_moment` to compare weights between kinds or with the full loss.

A seed draws the same vectors op by op, in a graph and under XLA. Drawn anew
each step, as the paper does, or fixed, is the caller's choice of seed:

  seed = sobolev.projections.make_seed(run_seed, step)   # or without the step
  v = sobolev.projections.sample([actions], seed=seed, batch_size=batch)
"""

from collections.abc import Callable
from collections.abc import Sequence
import math
import numbers as numbers_lib
from typing import TypeAlias

import tensorflow as tf

from sobolev_training import arrays

Seed: TypeAlias = Sequence[int] | tf.Tensor

# Auto-selection would draw other numbers on other devices.
_ALGORITHM = 'philox'
# An odd number of 23 bits, over 2^23, is exact in float32 and never 0 or +-1.
_BITS = 22


def make_seed(*numbers: int | tf.Tensor) -> tf.Tensor:
  """Returns a seed [2] made of any integers, such as (run seed, step, order).

  Args:
    *numbers: one or more integers, of 32 bits with sign, or integer tensors;
      another one or another order of them is another seed.

  Raises:
    ValueError: no number, or one that is no integer or too large.
  """
  if not numbers:
    raise ValueError('numbers: expected at least one integer, got none')
  result = tf.zeros([2], tf.int32)
  for k, number in enumerate(numbers):
    if tf.is_tensor(number):
      fits = number.dtype.is_integer
    else:
      fits = isinstance(number, numbers_lib.Integral) and (
          tf.int32.min <= number <= tf.int32.max
      )
    if not fits:
      raise ValueError(
          f'numbers[{k}]: expected an integer of 32 bits with sign, got '
          f'{number}'
      )
    result = tf.random.experimental.stateless_fold_in(
        result, tf.cast(number, tf.int32), alg=_ALGORITHM
    )
  return result


def sample(
    shape: Sequence[int],
    *,
    seed: Seed,
    count: int = 1,
    batch_size: int | tf.Tensor | None = None,
    kind: str = 'sphere',
    dtype: tf.DType = tf.float32,
) -> tf.Tensor:
  """Draws vectors for `projected_loss`, or directions for `directional_loss`.

  Args:
    shape: the vectors' axes: O... for the first order, D... for the others and
      for directions. [] is a scalar output's, with v = +-1 (one_hot: 1).
    seed: two integers; see `make_seed`.
    count: M, how many.
    batch_size: B, to draw each example's own; None shares them.
    kind: `sphere`, `rademacher` or `one_hot`.
    dtype: the model's.

  Returns:
    [M, *shape], or with a batch size [M, B, *shape]. They get no gradient.

  Raises:
    ValueError: an argument does not fit; its message starts with the name.
  """
  _check_kind(kind)
  shape, seed = _axes(shape), _checked_seed(seed)
  count = arrays.integer('count', count, 1)
  lead, size = [count], math.prod(shape)
  if tf.is_symbolic_tensor(batch_size):
    lead.append(batch_size)
  elif batch_size is not None:
    lead.append(arrays.integer('batch_size', batch_size, 0))
    size_of_all = math.prod(lead) * size
    if size_of_all > tf.int32.max:
      raise ValueError(
          'batch_size: expected fewer than 2^31 numbers in all, got '
          f'{size_of_all}'
      )
  dtype = _floating(dtype)
  vectors = _KINDS[kind]([*lead, size], size, seed, dtype)
  return tf.reshape(vectors, [*lead, *shape])


def second_moment(kind: str, shape: Sequence[int]) -> float:
  """Returns c of E[v v^T] = c I for vectors of a kind and shape."""
  _check_kind(kind)
  return 1.0 if kind == 'rademacher' else 1.0 / math.prod(_axes(shape))


def _sphere(full: list, size: int, seed: Seed, dtype: tf.DType) -> tf.Tensor:
  # Normal numbers, divided by their norm. They are made of integers since
  # stateless_normal draws others under XLA; none is 0, so the norm is not.
  bits = tf.random.stateless_uniform(
      full, seed, 0, 2**_BITS, tf.int32, alg=_ALGORITHM
  )
  wide = tf.float64 if dtype == tf.float64 else tf.float32
  odd = tf.cast(2 * bits + 1, wide)
  normal = tf.math.erfinv(odd / 2**_BITS - 1)
  return tf.cast(normal / tf.norm(normal, axis=-1, keepdims=True), dtype)


def _rademacher(
    full: list, size: int, seed: Seed, dtype: tf.DType
) -> tf.Tensor:
  bits = tf.random.stateless_uniform(
      full, seed, 0, 2, tf.int32, alg=_ALGORITHM
  )
  return tf.cast(2 * bits - 1, dtype)


def _one_hot(full: list, size: int, seed: Seed, dtype: tf.DType) -> tf.Tensor:
  index = tf.random.stateless_uniform(
      full[:-1], seed, 0, size, tf.int32, alg=_ALGORITHM
  )
  return tf.one_hot(index, size, dtype=dtype)


_KINDS: dict[str, Callable] = {
    'sphere': _sphere,
    'rademacher': _rademacher,
    'one_hot': _one_hot,
}
# In the order of a flag's choices: the paper's first.
KINDS = tuple(_KINDS)


def _axes(shape: Sequence[int]) -> list[int]:
  """Returns the vectors' axes, having checked them."""
  is_list = isinstance(shape, (list, tuple, tf.TensorShape))
  if not is_list or any(axis is None for axis in shape):
    raise ValueError(
        "shape: expected the vectors' axes without the batch, such as [3], "
        f'got {shape}'
    )
  return [arrays.integer(f'shape[{i}]', n, 1) for i, n in enumerate(shape)]


def _checked_seed(seed: Seed) -> tf.Tensor:
  """Returns a seed [2], having checked that it is one."""
  try:
    tensor = tf.convert_to_tensor(seed)
    fits = tensor.shape == [2] and tensor.dtype.is_integer
  except (TypeError, ValueError, OverflowError, tf.errors.OpError):
    fits = False
  if not fits:
    raise ValueError(
        'seed: expected two integers, such as make_seed(...) returns, got '
        f'{seed}'
    )
  return tensor


def _floating(dtype: tf.DType) -> tf.DType:
  """Returns a type, having checked that it is one of floating numbers."""
  try:
    found = tf.as_dtype(dtype)
  except TypeError:
    found = None
  if found is None or not found.is_floating:
    raise ValueError(f'dtype: expected a floating type, got {dtype!r}')
  return found


def _check_kind(kind: str):
  if not isinstance(kind, str) or kind not in _KINDS:
    raise ValueError(
        f'kind: expected one of {", ".join(KINDS)}, got {kind!r}'
    )
