"""Warns of models whose derivatives cannot be trained, or are wrong.

Those of order 2 of a piecewise-linear network are zero almost everywhere, so
nothing can be learnt from them (paper, 4.1). And `tf.nn.moments` spoils them,
as `derivatives` explains, and so does fused batch normalisation. The losses
call this.
"""

from collections.abc import Iterable
from collections.abc import Sequence
import warnings

import tensorflow as tf


class PiecewiseLinearWarning(UserWarning):
  """Order 2 or more was asked of a piecewise-linear model."""


class MomentsWarning(UserWarning):
  """Derivatives were asked of a model whose moments stop a gradient."""


def check(x: tf.Tensor, predictions: Sequence[tf.Tensor]):
  """Warns if the derivatives of a model at x cannot be trained, or are wrong.

  In a graph it looks at the operations between x and the model's value, once as
  it is traced; op by op only at whether the second derivatives are zero. It
  costs next to nothing. Python's filters decide how often a warning is shown,
  by default once a place.

  Args:
    x: the points [B, D...] that the model was called with.
    predictions: the model's value and its derivatives, in full or projected.
  """
  if len(predictions) < 2:
    return
  in_graph = tf.is_symbolic_tensor(x)
  if in_graph and stops_gradients(x, predictions[0], len(predictions) - 1):
    warnings.warn(
        'model: it uses tf.nn.moments (as layer, group and unfused batch '
        'normalisation do), which stops a gradient: its derivatives of order 2 '
        'are wrong, and so is the training of those of order 1 (of fused batch '
        'normalisation in training mode one order later); take '
        'tf.reduce_mean((x - mean) ** 2) for the variance, or normalise by the '
        'root of the mean square',
        MomentsWarning,
        stacklevel=4,
    )
  if len(predictions) < 3:
    return
  if in_graph:
    zero = is_piecewise_linear(x, predictions[0])
  else:
    second = predictions[2]
    zero = tf.size(second) and not tf.reduce_any(tf.not_equal(second, 0))
  if zero:
    warnings.warn(
        'model: it is piecewise linear (such as a ReLU network), so its '
        'derivatives of order 2 and more are zero almost everywhere and '
        'cannot be trained; use a smooth activation (tanh, softplus, SiLU) or '
        'order 1',
        PiecewiseLinearWarning,
        stacklevel=4,
    )


def stops_gradients(x: tf.Tensor, y: tf.Tensor, order: int = 1) -> bool:
  """Whether a graph computes y from x by moments that spoil its derivatives.

  Args:
    x: a tensor of a graph.
    y: a tensor of the same graph.
    order: of the derivatives that are to be trained, 1 or more: from 2 on fused
      batch normalisation in training mode counts.
  """
  moving, beyond = {x.ref()}, set()
  operations = x.graph.get_operations()
  stopped = {op.name for op in operations if op.type == 'StopGradient'}
  for op in operations:
    inputs = {tensor.ref() for tensor in op.inputs}
    outputs = {tensor.ref() for tensor in op.outputs}
    if inputs & moving:
      moving |= outputs
      if inputs & beyond or _stops(op.node_def, stopped, x.graph, order):
        beyond |= outputs
  return y.ref() in beyond


def _stops(
    node, stopped: Iterable[str], graph: tf.Graph, order: int
) -> bool:
  """Whether a NodeDef is moments, or calls a function with some in it."""
  if node.op == 'SquaredDifference':
    return any(name.split(':')[0] in stopped for name in node.input)
  if node.op in _FUSED_NORMS:
    return order > 1 and node.attr['is_training'].b
  for attribute in node.attr.values():  # What it calls, or has as branches.
    function = graph._get_function(attribute.func.name)  # pylint: disable=protected-access
    nodes = function.cached_definition.node_def if function else ()
    inside = {n.name for n in nodes if n.op == 'StopGradient'}
    if any(_stops(n, inside, graph, order) for n in nodes):
      return True
  return False


def is_piecewise_linear(x: tf.Tensor, y: tf.Tensor) -> bool:
  """Whether a graph computes y from x by piecewise-linear operations only.

  An operation that is not known, a call of a `tf.function` for one, counts as
  curved.

  Args:
    x: a tensor of a graph.
    y: a tensor of the same graph.
  """
  moving, curved = {x.ref()}, set()
  # Operations stand in the order of their creation: inputs come first.
  for op in x.graph.get_operations():
    inputs = {tensor.ref() for tensor in op.inputs}
    if not inputs & (moving | curved) or op.type in _CONSTANT:
      continue
    linear = not inputs & curved and _is_linear(op, moving)
    (moving if linear else curved).update(out.ref() for out in op.outputs)
  return y.ref() in moving


def _is_linear(op: tf.Operation, moving: set) -> bool:
  """Whether an operation is piecewise linear in its inputs that move."""
  if op.type in _PIECEWISE_LINEAR:
    return True
  if op.type in _FUSED_NORMS:
    return not op.get_attr('is_training')
  positions = [tensor.ref() in moving for tensor in op.inputs]
  if op.type in _QUOTIENTS:
    return positions == [True, False]
  return op.type in _PRODUCTS and sum(positions) == 1


_FUSED_NORMS = frozenset([
    'FusedBatchNorm', 'FusedBatchNormV2', 'FusedBatchNormV3',
])
# Their derivatives are zero wherever they exist.
_CONSTANT = frozenset([
    'ArgMax', 'ArgMin', 'Ceil', 'Equal', 'Floor', 'Greater', 'GreaterEqual',
    'Less', 'LessEqual', 'NotEqual', 'OnesLike', 'Rank', 'Round', 'Shape',
    'Sign', 'Size', 'StopGradient', 'ZerosLike',
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
