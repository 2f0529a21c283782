# SPDX-License-Identifier: Apache-2.0
"""Central differences of a network in place of its derivative, to be trained.

How a ReLU network's kinks move with the parameters is missing from what
backpropagation trains a derivative by, and is in these differences (see
docs/derivatives.md). `terms.loss_terms` compares them with a target. Those of a
black box, which is not trained, are in `finite_differences`.

Axes: B batch, D... the input's, O... the output's, M directions, N of either.
"""

from collections.abc import Sequence
import contextlib
import math

import numpy as np
import tensorflow as tf

from sobolev_training import arrays
from sobolev_training import derivatives
from sobolev_training import watched

_LEAST_BYTES = 4
_MOST_INPUTS = 256


def value_and_differences(
    f: derivatives.BatchFunction,
    x: tf.Tensor,
    half_width: float,
    directions: Sequence[tf.Tensor] | None = None,
) -> tuple[tf.Tensor, tf.Tensor]:
  """Returns a function and central differences in place of its derivative.

  It calls f 2 N + 1 times, for N inputs or directions. Noise in f is divided by
  the width: that of a dropout which is drawn anew at each call, and roundings,
  which leave an error of about eps |f| / half_width, of quantised values their
  steps. Differences also see what `tf.stop_gradient` hides.

  Args:
    f: a function from [B, D...] to [B, O...].
    x: [B, D...], float32 or float64, D... static.
    half_width: half the distance of the points that are compared, in units of x
      (and of the directions' lengths): wider than the space between kinks, and
      narrower than what the target does.
    directions: None for all inputs, of which there may be 256; or (u,), as
      `derivatives.value_and_directional` has it: [M, D...] or [M, B, D...].

  Returns:
    f [B, O...], and its differences over 2 half_width: [B, O..., D...] as a
    Jacobian, or [M, B, O...] along directions.

  Raises:
    ValueError: a width that is not positive, or whose points x's type or a
      coarser one in f cannot tell apart (a graph says so when it runs, XLA does
      not); 16 bits on the way from x to f(x); directions of another shape.
  """
  half_width = arrays.positive('half_width', half_width)
  x, f = arrays.points(x), watched.Watched(f, 'f', 1)
  half = arrays.tensor('half_width', np.asarray(half_width), x)
  axes, batch = arrays.static('x', x), arrays.batch_size(x)
  u = _steps(x, directions)
  with tf.GradientTape(
      persistent=True, watch_accessed_variables=False
  ) as tape:
    tape.watch(x)
    value = f(x)
  f.require_derivative(1, x, value, tape)
  outputs, coarsest = arrays.static(f.name, value), f.coarsest()
  if coarsest.size < _LEAST_BYTES:
    raise ValueError(
        f'{f.name}: it computes with {8 * coarsest.size} bits, which leave '
        'differences no digits; make x and the model float32 or float64'
    )
  ends = [x + half * u, x - half * u]  # [N, B, D...]
  with _require_apart(half_width, u, ends, coarsest):
    ends = [tf.unstack(tf.identity(end), u.shape[0]) for end in ends]
  slopes = tf.stack([
      (f(above) - f(below)) / 2 / tf.cast(half, value.dtype)
      for above, below in zip(*ends, strict=True)
  ])
  if directions is None:
    inputs_last = tf.transpose(slopes, [*range(1, slopes.shape.rank), 0])
    slopes = tf.reshape(inputs_last, [batch, *outputs, *axes])
  return value, slopes


def _steps(
    x: tf.Tensor, directions: Sequence[tf.Tensor] | None
) -> tf.Tensor:
  """Returns the directions, or those of all inputs: [N, B, D...]."""
  axes, batch = arrays.static('x', x), arrays.batch_size(x)
  size = math.prod(axes)
  if directions is None:
    if size > _MOST_INPUTS:
      raise ValueError(
          f'directions: x has {size:,} inputs, and differences in all of them '
          f'would call f {2 * size:,} times; give a few directions'
      )
    units = tf.eye(size, dtype=x.dtype)[:, None]
    u = tf.broadcast_to(units, [size, batch, size])
  else:
    arrays.require_tuple('directions', directions)
    if len(directions) != 1:
      raise ValueError(
          'directions: expected (u,), as there are differences of order 1 '
          f'alone, got {len(directions)} entries'
      )
    u = arrays.vectors('directions[0]', directions[0], x, axes)
  return tf.reshape(u, [u.shape[0], batch, *axes])


def _require_apart(
    half_width: float,
    u: tf.Tensor,
    ends: Sequence[tf.Tensor],
    dtype: tf.DType,
) -> contextlib.AbstractContextManager:
  """Checks that a type holds points apart by 2 half_width u, to 1 in 1,000.

  Returns:
    Where a graph makes what is to fail if it does not.

  Raises:
    ValueError: it does not, op by op.
  """
  above, below = (tf.cast(tf.cast(end, dtype), tf.float64) for end in ends)
  wanted = half_width * tf.cast(u, tf.float64)
  error, size = (
      tf.reduce_max(abs(part), axis=range(2, part.shape.rank))
      for part in (above / 2 - below / 2 - wanted, wanted)
  )
  lost = tf.reduce_any(error > 1e-3 * size)
  message = (
      f'half_width: points x + {half_width:g} and x - {half_width:g} are not '
      f'told apart by {dtype.name}, as x is so large; take a wider one, or '
      'scale x'
  )
  # A graph may see that nothing depends on points that are the same.
  if tf.is_symbolic_tensor(lost) and dtype.as_numpy_dtype(half_width):
    check = tf.debugging.assert_equal(lost, False, message)
    return tf.control_dependencies([check])
  if tf.is_symbolic_tensor(lost) or lost:
    raise ValueError(message)
  return contextlib.nullcontext()
