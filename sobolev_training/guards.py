"""Warns of models whose derivatives cannot be trained, or are wrong.

Those of order 2 of a piecewise-linear network are zero almost everywhere, so
nothing can be learnt from them (paper, 4.1). And `tf.nn.moments` spoils them,
as `derivatives` explains. The losses call this.
"""

from collections.abc import Sequence
import warnings

import tensorflow as tf


class PiecewiseLinearWarning(UserWarning):
  """Order 2 or more was asked of a piecewise-linear model."""


class MomentsWarning(UserWarning):
  """Derivatives were asked of a model that uses `tf.nn.moments`."""


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
  if in_graph and uses_moments(x, predictions[0]):
    warnings.warn(
        'model: it uses tf.nn.moments (as layer, group and unfused batch '
        'normalisation do), which stops a gradient: its derivatives of order 2 '
        'are wrong, and so is the training of those of order 1; take '
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
    zero = not tf.reduce_any(tf.not_equal(predictions[2], 0))
  if zero:
    warnings.warn(
        'model: it is piecewise linear (such as a ReLU network), so its '
        'derivatives of order 2 and more are zero almost everywhere and '
        'cannot be trained; use a smooth activation (tanh, softplus, SiLU) or '
        'order 1',
        PiecewiseLinearWarning,
        stacklevel=4,
    )


def uses_moments(x: tf.Tensor, y: tf.Tensor) -> bool:
  """Whether a graph computes y from x by way of `tf.nn.moments`.

  Args:
    x: a tensor of a graph.
    y: a tensor of the same graph.
  """
  moving, beyond = {x.ref()}, set()
  for op in x.graph.get_operations():
    inputs = {tensor.ref() for tensor in op.inputs}
    outputs = {tensor.ref() for tensor in op.outputs}
    if inputs & moving:
      moving |= outputs
      stops = any(tensor.op.type == 'StopGradient' for tensor in op.inputs)
      if inputs & beyond or (op.type == 'SquaredDifference' and stops):
        beyond |= outputs
  return y.ref() in beyond


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
  if op.type.startswith('FusedBatchNorm'):
    return not op.get_attr('is_training')
  positions = [tensor.ref() in moving for tensor in op.inputs]
  if op.type in _QUOTIENTS:
    return positions == [True, False]
  return op.type in _PRODUCTS and sum(positions) == 1


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
