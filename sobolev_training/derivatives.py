# SPDX-License-Identifier: Apache-2.0
"""A function and its derivatives at a batch of points; the tapes stay in here.

Axes: B batch, D... the input's (any rank, images too), O... the output's (none
for a scalar), M projections or directions, K the order.

Each function takes a callable f: [B, D...] -> [B, O...] that treats the
examples of a batch independently, calls it once, and returns a tuple that
starts with f(x). A tape around the call can differentiate what is returned with
respect to f's parameters. All run op by op, in a `tf.function`, and under
XLA. A derivative that does not depend on x is zero, never None.

How: a gradient is a vector-Jacobian product (VJP). A Jacobian is one VJP per
output or, if there are fewer inputs, one Jacobian-vector product (JVP) per
input; orders nest, and the rule holds at each. A JVP is the VJP of a VJP:
w -> J^T w is linear, so that its own VJP with u is J u. Measured, training
2 x 256 networks: `tf.autodiff.ForwardAccumulator` takes 1.2 to 13 times as
long, and `tf.GradientTape.batch_jacobian` as long in a graph, five times as
long op by op, and minutes to compile under XLA for many outputs.

Where a VJP has no VJP, a Jacobian takes one per output instead, and a tape that
would train on it gets an error. docs/derivatives.md lists the operations, and
those whose derivative is refused or warned of.

Batch normalisation in training mode couples the examples: VJPs are then those
of the batch's sum, and full Jacobians are not to be trusted.
"""

from collections.abc import Callable
from collections.abc import Sequence
import math
from typing import TypeAlias

import tensorflow as tf

from sobolev_training import arrays
from sobolev_training import watched

BatchFunction: TypeAlias = Callable[[tf.Tensor], tf.Tensor]

# A graph unrolls so many passes; more of them run in a loop, a chunk at a time.
# 100 outputs then compile under XLA in 2.5 s rather than 14 s and train 1.35
# times slower; in a loop without chunks they would 3 times.
_MAX_UNROLLED = 32
_CHUNK = 16
# Tapes nest, and Python's calls with them.
MOST_ORDERS = 32
# Of sums of many numbers, relative to the sum of their sizes, by bytes.
_ROUNDING = {2: 0.1, 4: 1e-3, 8: 1e-7}


def value_and_gradient(
    f: BatchFunction, x: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
  """Returns a scalar function and its gradient D_x f.

  Args:
    f: a function from [B, D...] to [B].
    x: [B, D...], floating.

  Returns:
    The value [B] and the gradient [B, D...].

  Raises:
    ValueError: f's value is not [B].
  """
  x, f = arrays.points(x), _watched(f, 1)
  with _tape() as tape:
    tape.watch(x)
    value = f(x)
  if value.shape.rank != 1:
    raise ValueError(
        f'{f.name}: expected one value per example, [B], got the shape '
        f'{arrays.text(value)}; pick one (`lambda x: net(x)[:, 0]`) or use '
        'value_and_jacobian'
    )
  f.require_derivative(1, x, value, tape)
  gradient = f.derivative(1, lambda: _vjp(tape, value, x))
  return _finished(f, value, gradient)


def value_and_jacobian(
    f: BatchFunction, x: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
  """Returns a function [B, O...] and its full Jacobian D_x f [B, O..., D...].

  It costs min(number of outputs, number of inputs) passes; see
  `value_and_derivatives`.
  """
  return value_and_derivatives(f, x, 1)


def value_and_derivatives(
    f: BatchFunction, x: tf.Tensor, order: int
) -> tuple[tf.Tensor, ...]:
  """Returns a function and its full derivatives up to an order (paper, eq. 1).

  Args:
    f: a function from [B, D...] to [B, O...].
    x: [B, D...], floating, D... static.
    order: K, 0 or more. Order 1 costs min(outputs, inputs) passes, each
      further order as many times more as there are inputs.

  Returns:
    f, D f, ..., D^K f; D^k f is [B, O..., D..., D..., ...] with k times D....

  Raises:
    ValueError: an order that is negative or above 32, or integer x.
  """
  order = arrays.integer('order', order, 0, MOST_ORDERS)
  x, f = arrays.points(x), _watched(f, order)
  return _finished(f, *_derivatives(f, x, order))


def value_and_projected(
    f: BatchFunction, x: tf.Tensor, projections: Sequence[tf.Tensor]
) -> tuple[tf.Tensor, ...]:
  """Returns a function and projected derivatives (paper, eq. 2, Figure 1b).

  That is f, D_x <f, v1>, D_x <D_x <f, v1>, v2>, ...: one VJP per order and
  projection, however many outputs there are.

  Args:
    f: a function from [B, D...] to [B, O...].
    x: [B, D...], floating.
    projections: (v1, ..., vK), M vectors for each order: v1 [M, O...] or
      [M, B, O...], the others [M, D...] or [M, B, D...].

  Returns:
    f [B, O...], then K tensors [M, B, D...].

  Raises:
    ValueError: projections of another shape, or not the same M for each order.
  """
  arrays.require_tuple('projections', projections)
  x, f = arrays.points(x), _watched(f, len(projections))
  (value,), *fields = _projected(f, x, projections)
  return _finished(f, value, *map(tf.stack, fields))


def value_and_directional(
    f: BatchFunction, x: tf.Tensor, directions: Sequence[tf.Tensor]
) -> tuple[tf.Tensor, ...]:
  """Returns a function and its derivatives along directions of the input.

  That is f, (D_x f) u1, (D^2_x f)[u1, u2], ...: one JVP per order and
  direction, however many inputs there are.

  Args:
    f: a function from [B, D...] to [B, O...].
    x: [B, D...], floating.
    directions: (u1, ..., uK), M vectors for each order, of any length, each
      [M, D...] or [M, B, D...].

  Returns:
    f [B, O...], then K tensors [M, B, O...].

  Raises:
    ValueError: directions of another shape, or not the same M for each order.
  """
  arrays.require_tuple('directions', directions)
  x, f = arrays.points(x), _watched(f, len(directions))
  (value,), *fields = _directional(f, x, directions)
  return _finished(f, value, *map(tf.stack, fields))


def _watched(f: BatchFunction, order: int) -> watched.Watched:
  return f if isinstance(f, watched.Watched) else watched.Watched(f, 'f', order)


def _finished(
    f: watched.Watched, *results: tf.Tensor
) -> tuple[tf.Tensor, ...]:
  """Returns a value and derivatives that refuse to be trained if they must."""
  return tuple(
      f.final(order, one, results[0]) for order, one in enumerate(results)
  )


def _derivatives(
    f: watched.Watched, x: tf.Tensor, order: int
) -> tuple[tf.Tensor, ...]:
  if order == 0:
    return (f(x),)
  with _tape() as dual_tape:
    with _tape() as tape:
      tape.watch(x)
      lower = _derivatives(f, x, order - 1)
    f.require_derivative(order, x, lower[0], tape)
    top = lower[-1]
    axes = arrays.static(f.name, top), arrays.static('x', x)
    batch, (outputs, inputs) = arrays.batch_size(x), map(math.prod, axes)
    pulled = None
    if outputs > inputs:
      dual = tf.ones_like(top)
      dual_tape.watch(dual)
      pulled = _pull(f, order, tape, top, x, dual)
  columns = None
  if pulled is not None:
    columns = _if_possible(lambda: _all_gradients(dual_tape, pulled, dual))
  if columns is None or not _add_up(columns, pulled):
    rows = f.derivative(order, lambda: _all_gradients(tape, top, x))
    jacobian = tf.transpose(
        tf.reshape(rows, [outputs, batch, inputs]), [1, 0, 2]
    )
  else:
    jacobian = tf.transpose(
        tf.reshape(columns, [inputs, batch, outputs]), [1, 2, 0]
    )
  return *lower, tf.reshape(jacobian, [batch, *axes[0], *axes[1]])


def _projected(
    f: watched.Watched, x: tf.Tensor, projections: Sequence[tf.Tensor]
) -> list[list[tf.Tensor]]:
  """Returns for each order a list of M fields, or of f alone for order 0."""
  if not projections:
    return [[f(x)]]
  order = len(projections)
  with _tape() as tape:
    tape.watch(x)
    lower = _projected(f, x, projections[:-1])
    field = lower[-1][0]
    name = f'projections[{order - 1}]'
    v = arrays.vectors(
        name, projections[-1], field, arrays.static(f.name, field)
    )
    scalars = [
        tf.reduce_sum(arrays.flat(field) * vector, axis=1)  # [B]
        for field, vector in _paired(name, lower[-1], v)
    ]
  f.require_derivative(order, x, lower[0][0], tape)
  fields = f.derivative(
      order, lambda: [_vjp(tape, scalar, x) for scalar in scalars]
  )
  return lower + [fields]


def _directional(
    f: watched.Watched, x: tf.Tensor, directions: Sequence[tf.Tensor]
) -> list[list[tf.Tensor]]:
  """Returns for each order a list of M fields, or of f alone for order 0."""
  if not directions:
    return [[f(x)]]
  order = len(directions)
  with _tape() as dual_tape:
    with _tape() as tape:
      tape.watch(x)
      lower = _directional(f, x, directions[:-1])
    f.require_derivative(order, x, lower[0][0], tape)
    name = f'directions[{order - 1}]'
    u = arrays.vectors(name, directions[-1], x, arrays.static('x', x))
    pairs = _paired(name, lower[-1], u)
    duals = [tf.ones_like(field) for field, _ in pairs]
    dual_tape.watch(duals)
    pulled = [
        _pull(f, order, tape, field, x, dual)
        for (field, _), dual in zip(pairs, duals, strict=True)
    ]
  rows, fields = {}, []
  for (field, vector), dual, gradient in zip(pairs, duals, pulled, strict=True):
    along = _along(dual_tape, gradient, dual, vector)
    if along is None:
      arrays.static(f.name, field)
      if id(field) not in rows:  # Order 1 has one field for all directions.
        rows[id(field)] = f.derivative(
            order, lambda field=field: _all_gradients(tape, field, x)
        )
      shape = tf.concat([[-1], tf.shape(vector)], axis=0)
      along = tf.einsum(
          'nbs,bs->bn', tf.reshape(rows[id(field)], shape), vector
      )
      along = tf.reshape(along, tf.shape(dual))
    fields.append(along)
  return lower + [fields]


def _add_up(columns: tf.Tensor, pulled: tf.Tensor) -> bool:
  """Whether columns J u [N, B, O...] have J^T 1 [B, D...] as their sums.

  They have not if TensorFlow takes a derivative of J^T w for zero. A graph
  cannot turn back, but shows its operations.
  """
  if tf.is_symbolic_tensor(columns):
    return True
  axes = range(2, columns.shape.rank)
  sums, sizes = tf.reduce_sum(columns, axes), tf.reduce_sum(abs(columns), axes)
  right = tf.cast(tf.transpose(arrays.flat(pulled)), sums.dtype)  # [N, B]
  tolerance = _ROUNDING[columns.dtype.size]
  return bool(tf.reduce_all(abs(sums - right) <= tolerance * sizes))


def _along(
    dual_tape: tf.GradientTape,
    gradient: tf.Tensor | None,
    dual: tf.Tensor,
    vector: tf.Tensor,
) -> tf.Tensor | None:
  """Returns J u [B, O...] from w -> J^T w, recorded, and u [B, size].

  None if the gradient is, or cannot be differentiated.
  """
  if gradient is None:
    return None
  if dual.shape[1:].num_elements() == 1:
    # The gradient is at hand: half the cost.
    product = tf.reduce_sum(arrays.flat(gradient) * vector, axis=1)
    return tf.reshape(product, tf.shape(dual))
  vector = tf.reshape(vector, tf.shape(gradient))
  return _if_possible(lambda: _vjp(dual_tape, gradient, dual, vector))


def _pull(
    f: watched.Watched,
    order: int,
    tape: tf.GradientTape,
    field: tf.Tensor,
    x: tf.Tensor,
    dual: tf.Tensor,
) -> tf.Tensor | None:
  """Returns J^T w for w = dual, or None if that cannot be differentiated."""
  pulled = _if_possible(
      lambda: f.derivative(order, lambda: _vjp(tape, field, x, dual))
  )
  return pulled if f.has_dual(order) else None


def _if_possible(compute: Callable[[], tf.Tensor]) -> tf.Tensor | None:
  """Returns a derivative of a derivative, or None if TensorFlow has none."""
  try:
    return compute()
  except (LookupError, NotImplementedError, TypeError, ValueError):
    return None


def _paired(
    name: str, fields: list[tf.Tensor], vectors: tf.Tensor
) -> list[tuple[tf.Tensor, tf.Tensor]]:
  """Pairs M fields, or one for all, with M vectors [M, B, size]."""
  vectors = tf.unstack(vectors)
  if len(fields) not in (1, len(vectors)):
    raise ValueError(
        f'{name}: expected {len(fields)} vectors (M), as many as for the order '
        f'before, got {len(vectors)}'
    )
  fields = fields * (len(vectors) // len(fields))
  return list(zip(fields, vectors, strict=True))


def _all_gradients(
    tape: tf.GradientTape, target: tf.Tensor, source: tf.Tensor
) -> tf.Tensor:
  """Returns the gradient of each of target's components.

  Args:
    tape: a persistent tape that recorded target.
    target: [B, N...].
    source: [B, S...].

  Returns:
    [N, B, S...] with N... merged.
  """
  axes = target.shape[1:]
  count = math.prod(axes)

  def gradients(basis: list[tf.Tensor]) -> tf.Tensor:
    return tf.stack([
        _vjp(tape, target, source, tf.broadcast_to(unit, tf.shape(target)))
        for unit in basis
    ])

  if count <= _MAX_UNROLLED or tf.executing_eagerly():
    basis = tf.reshape(tf.eye(count, dtype=target.dtype), [count, *axes])
    return gradients(tf.unstack(basis))
  chunks = -(-count // _CHUNK)
  # The last chunk is filled up with zeros.
  basis = tf.eye(chunks * _CHUNK, count, dtype=target.dtype)
  result = tf.map_fn(
      lambda chunk: gradients(tf.unstack(chunk)),
      tf.reshape(basis, [chunks, _CHUNK, *axes]),
      fn_output_signature=tf.TensorSpec([_CHUNK, *source.shape], source.dtype),
  )
  shape = [chunks * _CHUNK, arrays.batch_size(source), *source.shape[1:]]
  return tf.reshape(result, shape)[:count]


def _vjp(
    tape: tf.GradientTape,
    target: tf.Tensor,
    source: tf.Tensor,
    cotangent: tf.Tensor | None = None,
) -> tf.Tensor:
  return tf.convert_to_tensor(
      tape.gradient(
          target,
          source,
          output_gradients=cotangent,
          unconnected_gradients=tf.UnconnectedGradients.ZERO,
      )
  )


def _tape() -> tf.GradientTape:
  return tf.GradientTape(persistent=True, watch_accessed_variables=False)
