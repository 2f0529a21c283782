# SPDX-License-Identifier: Apache-2.0
"""Warns of models whose derivatives cannot be trained, or are wrong.

Those of order 2 of a piecewise-linear network are zero almost everywhere, so
nothing can be learnt from them (paper, 4.1). Some operations' second
derivatives lack a term in TensorFlow; docs/derivatives.md lists them. And what
reduces over the batch, as batch normalisation does in training mode, couples
the examples. The losses call this.
"""

from collections.abc import Callable
from collections.abc import Sequence
import functools
from typing import TypeAlias
import warnings

import numpy as np
import tensorflow as tf

from sobolev_training import operations as operations_lib
from sobolev_training.operations import Given


class PiecewiseLinearWarning(UserWarning):
  """Order 2 or more was asked of a piecewise-linear model."""


class SecondDerivativeWarning(UserWarning):
  """Derivatives were asked of a model whose second derivatives lack a term."""


class MomentsWarning(SecondDerivativeWarning):
  """Derivatives were asked of a model whose moments stop a gradient."""


class BatchStatisticsWarning(UserWarning):
  """Derivatives were asked of a model that reduces over its batch."""


# The first axis is no longer the batch.
_LOST = 'lost'
_MOMENTS = 'moments'
_LABELS = 'labels'
_MESSAGES = {
    _MOMENTS: (
        'model: it uses tf.nn.moments (as layer, group and unfused batch '
        'normalisation do), which stops a gradient: its derivatives of order 2 '
        'are wrong, and so is the training of those of order 1 (of fused batch '
        'normalisation in training mode one order later); take '
        'tf.reduce_mean((x - mean) ** 2) for the variance, or normalise by the '
        'root of the mean square'
    ),
    _LABELS: (
        'model: it uses tf.nn.softmax_cross_entropy_with_logits with labels '
        'that are computed, whose second derivative lacks a term: its '
        'derivatives of order 2 are wrong, and so is the training of those of '
        'order 1; take -tf.reduce_sum(labels * tf.nn.log_softmax(logits), -1)'
    ),
}
_COUPLED = (
    'model: a {} in it reduces over the batch, as batch normalisation does in '
    'training mode. That couples the examples: the derivative of the '
    "batch's sum is not that of an example, and its loss trains little or "
    'nothing. Differentiate in inference mode, and update averages in a call '
    'of their own'
)
_LINEAR = (
    'model: it is piecewise linear (such as a ReLU network), so its '
    'derivatives of order 2 and more are zero almost everywhere and cannot be '
    'trained; use a smooth activation (tanh, softplus, SiLU) or order 1'
)


# What a user should know: the category of a warning and its message.
Finding: TypeAlias = tuple[type[UserWarning], str]


def findings(
    x: tf.Tensor,
    value: tf.Tensor,
    order: int,
    operations: Sequence[operations_lib.Operation],
    exposes: Callable[[operations_lib.Operation], bool] | None = None,
) -> list[Finding]:
  """Returns what makes derivatives wrong, or useless in training.

  Args:
    x: the points [B, D...] that a model was called with.
    value: what it returned.
    order: of the highest derivative that is to be trained.
    operations: of the call.
    exposes: whether the value is differentiated through an operation that was
      run op by op; a graph shows that itself.
  """
  found = []
  if not order:
    return found
  lacking = _lacks_a_term(x, value, operations, order, exposes)
  if lacking:
    kind = MomentsWarning if lacking == _MOMENTS else SecondDerivativeWarning
    found.append((kind, _MESSAGES[lacking]))
  reduction = _couples(x, value, operations)
  if reduction:
    found.append((BatchStatisticsWarning, _COUPLED.format(reduction)))
  if order > 1 and _is_linear(x, value, operations):
    found.append((PiecewiseLinearWarning, _LINEAR))
  return found


def findings_of_values(predictions: Sequence[tf.Tensor]) -> list[Finding]:
  """Returns what a value and its derivatives show alone."""
  if len(predictions) > 2 and _is_zero(predictions[2]):
    return [(PiecewiseLinearWarning, _LINEAR)]
  return []


def warn(found: Sequence[Finding], stacklevel: int = 4):
  """Warns of findings; Python's filters decide how often that is shown.

  Args:
    found: of `findings`.
    stacklevel: of `warnings.warn`; 4 is the caller's caller's caller.
  """
  for category, message in found:
    warnings.warn(message, category, stacklevel=stacklevel)


def check(x: tf.Tensor, predictions: Sequence[tf.Tensor]):
  """Warns if the derivatives of a model at x cannot be trained, or are wrong.

  It looks at the operations between x and the model's value in a graph, and op
  by op at the second derivatives alone, as nothing shows how they came about.
  The losses warn of the same in both.

  Args:
    x: the points [B, D...] that the model was called with.
    predictions: the model's value and its derivatives, in full or projected.
  """
  if tf.is_symbolic_tensor(x):
    order, operations = len(predictions) - 1, x.graph.get_operations()
    warn(findings(x, predictions[0], order, operations))
  else:
    warn(findings_of_values(predictions))


def stops_gradients(x: tf.Tensor, y: tf.Tensor, order: int = 1) -> bool:
  """Whether a graph computes y from x by what spoils second derivatives.

  Args:
    x: a tensor of a graph.
    y: a tensor of the same graph.
    order: of the derivatives that are to be trained, 1 or more: from 2 on fused
      batch normalisation in training mode counts.
  """
  operations = x.graph.get_operations()
  return _lacks_a_term(x, y, operations, order) is not None


def couples_examples(x: tf.Tensor, y: tf.Tensor) -> bool:
  """Whether a graph computes y from x by a reduction over the batch.

  Args:
    x: a tensor [B, D...] of a graph.
    y: a tensor of the same graph.
  """
  return _couples(x, y, x.graph.get_operations()) is not None


def is_piecewise_linear(x: tf.Tensor, y: tf.Tensor) -> bool:
  """Whether a graph computes y from x by piecewise-linear operations only.

  An operation that is not known counts as curved.

  Args:
    x: a tensor of a graph.
    y: a tensor of the same graph.
  """
  return _is_linear(x, y, x.graph.get_operations())


def _is_zero(derivative: tf.Tensor) -> bool:
  is_empty = not tf.size(derivative)
  return not is_empty and not tf.reduce_any(tf.not_equal(derivative, 0))


def _lacks_a_term(
    x: tf.Tensor,
    y: tf.Tensor,
    operations: Sequence[operations_lib.Operation],
    order: int,
    exposes: Callable[[operations_lib.Operation], bool] | None = None,
) -> str | None:
  """Returns the kind of what spoils second derivatives on the way to y."""
  # Labels that move with the parameters alone count too.
  reads = [
      op.outputs[0] for op in operations if op.type == 'ReadVariableOp'
  ]
  computed = operations_lib.spread(operations, [x, *reads], lambda *_: None)

  def rule(op: operations_lib.Operation, given: Given) -> str | None:
    kind = None
    if op.type == 'SquaredDifference' and any(given.halted):
      kind = _MOMENTS
    if order > 1 and _is_training_norm(op):
      kind = _MOMENTS
    if op.type == 'SoftmaxCrossEntropyWithLogits' and (
        given.moves[1] or op.inputs[1].ref() in computed
    ):
      kind = _LABELS
    if kind and isinstance(op, operations_lib.Executed) and not exposes(op):
      return None
    return kind

  spoiled = operations_lib.spread(operations, [x], rule).get(y.ref())
  return spoiled and spoiled.name


def _couples(
    x: tf.Tensor, y: tf.Tensor, operations: Sequence[operations_lib.Operation]
) -> str | None:
  """Returns an operation that reduces over the batch on the way from x to y."""
  size = x.shape[0]
  if size == 1:
    return None

  def is_batch(tensor: tf.Tensor) -> bool:
    shape = tensor.shape
    return shape.rank is None or shape.rank > 0 and shape[0] == size

  def rule(op: operations_lib.Operation, given: Given) -> str | None:
    first = op.inputs[0]
    if _is_training_norm(op):
      return op.type
    if op.type in _REDUCTIONS and given.moves[0] and is_batch(first):
      axes = tf.get_static_value(op.inputs[1])
      rank = first.shape.rank
      if axes is not None and np.any(axes % rank == 0 if rank else axes == 0):
        return op.type
    if _moves_batch(op, given):
      return _LOST
    return None if all(map(is_batch, op.outputs)) else _LOST

  spoiled = operations_lib.spread(
      operations, [x], rule, custom_gradients=False
  ).get(y.ref())
  return spoiled.name if spoiled and spoiled.name != _LOST else None


def _is_linear(
    x: tf.Tensor, y: tf.Tensor, operations: Sequence[operations_lib.Operation]
) -> bool:
  """Whether operations compute y from x, and none of them is curved."""
  moving = operations_lib.spread(
      operations, [x], _curves, custom_gradients=False
  )
  return y.ref() in moving and moving[y.ref()] is None


def _curves(op: operations_lib.Operation, given: Given) -> str | None:
  """Returns an operation that is not piecewise linear in what moves."""
  if op.type in _PIECEWISE_LINEAR:
    linear = True
  elif op.type in _FUSED_NORMS:
    linear = not _is_training_norm(op)
  elif op.type in _QUOTIENTS:
    linear = given.moves == [True, False]
  else:
    linear = op.type in _PRODUCTS and sum(given.moves) == 1
  return None if linear else op.type


def _moves_batch(op: operations_lib.Operation, given: Given) -> bool:
  """Whether what was the first axis is another one, or may be."""
  attribute = functools.partial(operations_lib.attribute, op)
  if op.type in ('Pack', 'Unpack'):
    return attribute('axis') == 0
  if op.type == 'StridedSlice':
    return bool(attribute('new_axis_mask') & 1)
  if op.type in ('ExpandDims', 'Transpose'):
    axis = tf.get_static_value(op.inputs[1])
    if op.type == 'ExpandDims':
      return axis is None or axis == 0
    return axis is None or axis[0] != 0
  if op.type == 'Einsum':
    inputs, output = tf.compat.as_str(attribute('equation')).split('->')
    return any(
        moves and not output.startswith(labels[:1])
        for labels, moves in zip(inputs.split(','), given.moves, strict=True)
    )
  return False


def _is_training_norm(op: operations_lib.Operation) -> bool:
  """Whether it is fused batch normalisation in training mode."""
  return op.type in _FUSED_NORMS and (
      operations_lib.attribute(op, 'is_training')
  )


_FUSED_NORMS = frozenset([
    'FusedBatchNorm', 'FusedBatchNormV2', 'FusedBatchNormV3',
])
_PIECEWISE_LINEAR = frozenset([
    'Abs', 'Add', 'AddN', 'AddV2', 'AvgPool', 'BiasAdd', 'BroadcastTo', 'Cast',
    'ConcatV2', 'EnsureShape', 'ExpandDims', 'GatherV2', 'Identity',
    'IdentityN', 'LeakyRelu', 'Max', 'MaxPool', 'Maximum', 'Mean', 'Min',
    'Minimum', 'MirrorPad', 'Neg', 'Pack', 'Pad', 'PadV2', 'Relu', 'Relu6',
    'Reshape', 'Select', 'SelectV2', 'Slice', 'Split', 'SplitV', 'Squeeze',
    'StridedSlice', 'Sub', 'Sum', 'Tile', 'Transpose', 'Unpack',
])
_PRODUCTS = frozenset([
    'BatchMatMulV2', 'Conv1D', 'Conv2D', 'Conv2DBackpropInput',
    'DepthwiseConv2dNative', 'Einsum', 'MatMul', 'Mul',
])
_QUOTIENTS = frozenset(['DivNoNan', 'RealDiv'])
_REDUCTIONS = frozenset(['EuclideanNorm', 'Max', 'Mean', 'Min', 'Prod', 'Sum'])
