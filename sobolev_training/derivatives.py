"""A function and its derivatives at a batch of points; the tapes stay in here.

Axes: B batch, D... the input's (any rank, images too), O... the output's (none
for a scalar), M projections or directions, K the order.

Each function takes a callable f: [B, D...] -> [B, O...] that treats the
examples of a batch independently, calls it once, and returns a tuple that
starts with f(x). A tape around the call can differentiate what is returned
with respect to f's parameters. All run op by op, in a `tf.function`, and under
XLA. A derivative that does not depend on x is zero, never None; nor does, to a
tape, what TensorFlow cannot differentiate, such as a `tf.numpy_function`.

How: a gradient is a vector-Jacobian product (VJP). A Jacobian is one VJP per
output or, if there are fewer inputs, one Jacobian-vector product (JVP) per
input; orders nest, and the rule holds at each. A JVP is the VJP of a VJP:
w -> J^T w is linear, so that its own VJP with u is J u. Measured, training
2 x 256 networks: `tf.autodiff.ForwardAccumulator` takes 1.2 to 13 times as
long, and `tf.GradientTape.batch_jacobian` as long in a graph, five times as
long op by op, and minutes to compile under XLA for many outputs.

Two traps are not of this module's making. Batch normalisation in training mode
couples the examples: VJPs are then those of the batch's sum, and full Jacobians
are not to be trusted. And `tf.nn.moments` stops a gradient that only a second
derivative needs: through Sonnet's and Keras's layer, group and unfused batch
normalisation derivatives of order 2 are wrong, by 10 % and more, and so is the
parameters' gradient of those of order 1; fused batch normalisation in training
mode does so one order later (in a `tf.function` the losses warn of it, see
`guards`). A layer that takes tf.reduce_mean((x - mean) ** 2) for the
variance is right, and so are Keras's RMSNormalization and batch normalisation
in inference.
"""

from collections.abc import Callable
from collections.abc import Sequence
import math
from typing import TypeAlias

import tensorflow as tf

from sobolev_training import arrays

BatchFunction: TypeAlias = Callable[[tf.Tensor], tf.Tensor]

# A graph unrolls so many passes; more of them run in a loop, a chunk at a time.
# 100 outputs then compile under XLA in 2.5 s rather than 14 s and train 1.35
# times slower; in a loop without chunks they would 3 times.
_MAX_UNROLLED = 32
_CHUNK = 16


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
  x = arrays.points(x)
  with _tape() as tape:
    tape.watch(x)
    value = _value(f, x)
  if value.shape.rank != 1:
    raise ValueError(
        'f: expected one value per example, [B], got the shape '
        f'{arrays.text(value)}; pick one (`lambda x: net(x)[:, 0]`) or use '
        'value_and_jacobian'
    )
  return value, _vjp(tape, value, x)


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
    ValueError: a negative order, or integer x.
  """
  if order < 0:
    raise ValueError(f'order: expected 0 or more, got {order}')
  return _derivatives(f, arrays.points(x), order)


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
  value, *fields = _projected(f, arrays.points(x), projections)
  return value[0], *map(tf.stack, fields)


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
  value, *fields = _directional(f, arrays.points(x), directions)
  return value[0], *map(tf.stack, fields)


def _derivatives(
    f: BatchFunction, x: tf.Tensor, order: int
) -> tuple[tf.Tensor, ...]:
  if order == 0:
    return (_value(f, x),)
  with _tape() as dual_tape:
    with _tape() as tape:
      tape.watch(x)
      lower = _derivatives(f, x, order - 1)
    top = lower[-1]
    axes = arrays.static('f', top), arrays.static('x', x)
    batch, (outputs, inputs) = arrays.batch_size(x), map(math.prod, axes)
    if outputs > inputs:
      dual = tf.ones_like(top)
      dual_tape.watch(dual)
      pulled = _vjp(tape, top, x, dual)
  if outputs > inputs:
    columns = _all_gradients(dual_tape, pulled, dual)
    columns = tf.reshape(columns, [inputs, batch, outputs])
    jacobian = tf.transpose(columns, [1, 2, 0])
  else:
    rows = _all_gradients(tape, top, x)
    rows = tf.reshape(rows, [outputs, batch, inputs])
    jacobian = tf.transpose(rows, [1, 0, 2])
  return *lower, tf.reshape(jacobian, [batch, *axes[0], *axes[1]])


def _projected(
    f: BatchFunction, x: tf.Tensor, projections: Sequence[tf.Tensor]
) -> list[list[tf.Tensor]]:
  """Returns for each order a list of M fields, or of f alone for order 0."""
  if not projections:
    return [[_value(f, x)]]
  with _tape() as tape:
    tape.watch(x)
    lower = _projected(f, x, projections[:-1])
    field = lower[-1][0]
    name = f'projections[{len(projections) - 1}]'
    v = arrays.vectors(
        name, projections[-1], field, arrays.static('f', field)
    )
    scalars = [
        tf.reduce_sum(arrays.flat(field) * vector, axis=1)  # [B]
        for field, vector in _paired(name, lower[-1], v)
    ]
  return lower + [[_vjp(tape, scalar, x) for scalar in scalars]]


def _directional(
    f: BatchFunction, x: tf.Tensor, directions: Sequence[tf.Tensor]
) -> list[list[tf.Tensor]]:
  """Returns for each order a list of M fields, or of f alone for order 0."""
  if not directions:
    return [[_value(f, x)]]
  with _tape() as dual_tape:
    with _tape() as tape:
      tape.watch(x)
      lower = _directional(f, x, directions[:-1])
    name = f'directions[{len(directions) - 1}]'
    u = arrays.vectors(name, directions[-1], x, arrays.static('x', x))
    pairs = _paired(name, lower[-1], u)
    duals = [tf.ones_like(field) for field, _ in pairs]
    dual_tape.watch(duals)
    pulled = [
        _vjp(tape, field, x, dual)
        for (field, _), dual in zip(pairs, duals, strict=True)
    ]
  fields = [
      _along(dual_tape, gradient, dual, vector)
      for gradient, dual, (_, vector) in zip(pulled, duals, pairs, strict=True)
  ]
  return lower + [fields]


def _along(
    dual_tape: tf.GradientTape,
    gradient: tf.Tensor,
    dual: tf.Tensor,
    vector: tf.Tensor,
) -> tf.Tensor:
  """Returns J u [B, O...] from w -> J^T w, recorded, and u [B, size]."""
  if dual.shape[1:].num_elements() == 1:
    # The gradient is at hand: half the cost.
    product = tf.reduce_sum(arrays.flat(gradient) * vector, axis=1)
    return tf.reshape(product, tf.shape(dual))
  vector = tf.reshape(vector, tf.shape(gradient))
  return _vjp(dual_tape, gradient, dual, vector)


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


def _value(f: BatchFunction, x: tf.Tensor) -> tf.Tensor:
  value = f(x)
  if not tf.is_tensor(value):
    kind = type(value).__name__
    if isinstance(value, (list, tuple, dict)):
      hint = 'pick one of its tensors, such as lambda x: model(x)[0]'
    else:
      hint = (
          'TensorFlow cannot differentiate it; a target in NumPy is a '
          'targets.BlackBox, and of Keras take model(x), not model.predict(x)'
      )
    raise ValueError(f'f: expected a tensor [B, O...], got {kind}: {hint}')
  value = tf.convert_to_tensor(value)
  if not value.shape.rank or not value.shape[:1].is_compatible_with(
      x.shape[:1]
  ):
    raise ValueError(
        f'f: expected a value [B, O...] for x {arrays.text(x)}, got '
        f'{arrays.text(value)}'
    )
  return value
