# SPDX-License-Identifier: Apache-2.0
"""A function that is to be differentiated: its value checked, its ops watched.

TensorFlow takes some derivatives for zero that are not, and cannot
differentiate some others again; docs/derivatives.md lists them. Which
operations a function and its derivatives use is seen as they are run or traced.
"""

from collections.abc import Callable
import contextlib
import re
from typing import Any

import tensorflow as tf

# Nothing public pauses tapes that are not at hand.
from tensorflow.python.eager import record

from sobolev_training import arrays
from sobolev_training import guards
from sobolev_training import operations
from sobolev_training import resampling

# Inputs, by position, whose derivative TensorFlow takes for zero, and gradients
# that are not the derivative.
_WRONG_INPUTS = {
    'Betainc': {0, 1},
    'ImageProjectiveTransformV2': {0, 1},
    'ImageProjectiveTransformV3': {0, 1, 3},
    'MatrixDiagPartV2': {2},
    'MatrixDiagPartV3': {2},
    'MatrixDiagV2': {4},
    'MatrixDiagV3': {4},
    'MatrixSolveLs': {2},
    'PadV2': {2},
    'Polygamma': {0},
    'QuantizeAndDequantizeV2': {1, 2},
    'QuantizeAndDequantizeV3': {1, 2},
    'ScaleAndTranslate': {2, 3},
    'SparseMatrixAdd': {2, 3},
    'Zeta': {0},
}


class DerivativeError(ValueError):
  """A derivative that is refused."""


class Watched:
  """A function whose value is checked, and whose operations are watched.

  Attributes:
    name: the argument's name, for messages.
    order: of the highest derivative.
    blockers: by order, the type of an operation in the derivative that cannot
      be differentiated further, where there is one.
  """

  def __init__(
      self, f: Callable[[tf.Tensor], tf.Tensor], name: str, order: int
  ):
    """Takes a function.

    Args:
      f: a function from [B, D...] to [B, O...].
      name: the argument's name.
      order: of the highest derivative that it is called for.

    Raises:
      ValueError: f cannot be called.
    """
    if not callable(f):
      raise ValueError(
          f'{name}: expected a function from [B, D...] to [B, O...], got '
          f'{type(f).__name__}'
      )
    self._f, self.name, self.order = f, name, order
    self._points, self._value, self._operations = None, None, []
    self._tape, self._hidden, self.blockers = None, set(), {}

  def __call__(self, x: tf.Tensor) -> tf.Tensor:
    """Returns the value [B, O...] at the points x [B, D...].

    Raises:
      ValueError: it is not a tensor, or not [B, O...]; or, op by op, a
        derivative is refused.
    """
    watching = operations.recorded() if self.order else (
        contextlib.nullcontext([])
    )
    with resampling.differentiable(), watching as self._operations:
      value = self._f(x)
    self._points, self._value = x, self._checked(value, x)
    return self._value

  def findings(self) -> list[guards.Finding]:
    """Returns what a user should be warned of."""
    return guards.findings(
        self._points, self._value, self.order, self._operations, self._exposes
    )

  def coarsest(self) -> tf.DType:
    """Returns the floating type of the fewest bytes on the way to the value."""
    used = operations.leading_to([self._value], self._operations)
    for dtype in (tf.bfloat16, tf.float32):
      found, _ = operations.spoiling(
          used,
          [self._points],
          lambda op, _, most=dtype.size: op.type if any(
              one.dtype.is_floating and one.dtype.size <= most
              for one in (*op.inputs, *op.outputs)
          ) else None,
      )
      if found:
        return dtype
    return self._points.dtype

  def require_derivative(
      self, order: int, x: tf.Tensor, value: tf.Tensor, tape: tf.GradientTape
  ):
    """Checks that TensorFlow has the derivative of an order.

    Args:
      order: 1 or more, of which those below have been computed.
      x: the points of the last call.
      value: its value.
      tape: one that watched x and recorded the call, or the order before.

    Raises:
      ValueError: it takes the derivative for zero, or has none.
    """
    if order > 1:
      if order - 1 in self.blockers:
        raise DerivativeError(self._message(order - 1))
      return
    self._tape = tape
    spoiling, moving = operations.spoiling(
        self._operations, [x], _spoils_derivative
    )
    for op_type, op in spoiling:
      if self._exposes(op):
        raise self._no_derivative(op_type)
      self._hidden.add(op_type)  # In a custom gradient, or leading nowhere.
    is_constant = value.ref() not in moving
    if is_constant and tf.executing_eagerly() and _is_by_numpy(self._f, x):
      raise DerivativeError(
          f'{self.name}: its value does not come from x by operations of '
          'TensorFlow, which knows no derivative then; of a NumPy function '
          'targets.BlackBox estimates it'
      )

  def derivative(self, order: int, compute: Callable[[], Any]) -> Any:
    """Computes a derivative, and notes in `blockers` what of it has none.

    Args:
      order: of the derivative.
      compute: returns it.

    Returns:
      What it computes. Where a tape around cannot record that, it does not.

    Raises:
      ValueError: TensorFlow has no such derivative.
    """
    try:
      with resampling.differentiable():
        if order in self.blockers:
          with record.stop_recording():
            return compute()
        with operations.recorded() as found:
          result = compute()
    except LookupError as error:
      if order in self.blockers:
        raise self._no_derivative(_operation_of(error)) from error
      # Of a tf.function the derivative is made with its own derivative.
      self.blockers[order] = _operation_of(error)
      return self.derivative(order, compute)
    used = operations.leading_to(
        tf.nest.flatten(result, expand_composites=True), found
    )
    for op_type in self._hidden:
      # Computed again (tf.recompute_grad), and to no avail.
      if op_type in {op.type for op in found} - {op.type for op in used}:
        raise self._no_derivative(op_type)
    blocker = operations.cannot_be_differentiated(used, resampling.MENDED)
    if blocker is not None:
      self.blockers[order] = blocker
    return result

  def has_dual(self, order: int) -> bool:
    """Whether a derivative can be differentiated by its dual vector."""
    return order not in self.blockers

  def final(
      self, order: int, derivative: tf.Tensor, value: tf.Tensor
  ) -> tf.Tensor:
    """Returns a derivative that a tape around it refuses if it must.

    Args:
      order: of the derivative.
      derivative: any shape.
      value: the function's, which has the same parameters.
    """
    if order not in self.blockers:
      return derivative

    @tf.custom_gradient
    def refusing(derivative, value):
      del value

      def gradient(*_):
        raise DerivativeError(self._message(order))

      return tf.identity(derivative), gradient

    return refusing(derivative, value)

  def _message(self, order: int) -> str:
    return (
        f'{self.name}: TensorFlow cannot differentiate '
        f'{self.blockers[order]}, by which the derivative of order {order} is '
        'computed: it cannot be trained, and there is none of the next order; '
        'use other operations, or a lower order'
    )

  def _no_derivative(self, operation: str) -> DerivativeError:
    return DerivativeError(
        f'{self.name}: TensorFlow has no derivative of {operation}, or a wrong '
        'one; compute it by other operations, give it a derivative by '
        'tf.custom_gradient or, if zero is meant, wrap it in tf.stop_gradient'
    )

  def _exposes(self, op: operations.Operation) -> bool:
    """Whether the value is differentiated through an operation.

    It is not if that is within a custom gradient, or leads nowhere.
    """
    outputs = [tensor for tensor in op.outputs if tensor.dtype.is_floating]
    try:
      gradients = self._tape.gradient(self._value, outputs)
    except LookupError:  # It wanted the operation's own gradient.
      return True
    return any(gradient is not None for gradient in gradients)

  def _checked(self, value: Any, x: tf.Tensor) -> tf.Tensor:
    if not tf.is_tensor(value):
      kind = type(value).__name__
      if isinstance(value, dict):
        key = next(iter(value), 'output')
        hint = f'pick one of its tensors, such as lambda x: model(x)[{key!r}]'
      elif isinstance(value, (list, tuple)):
        hint = 'pick one of its tensors, such as lambda x: model(x)[0]'
      else:
        hint = (
            'TensorFlow cannot differentiate it; a target in NumPy is a '
            'targets.BlackBox, and of Keras take model(x), not model.predict(x)'
        )
      raise ValueError(
          f'{self.name}: expected a tensor [B, O...], got {kind}: {hint}'
      )
    value = tf.convert_to_tensor(arrays.dense(self.name, value))
    if not value.dtype.is_floating:
      raise ValueError(
          f'{self.name}: expected floating values, got {value.dtype.name}'
      )
    if not value.shape.rank or not value.shape[:1].is_compatible_with(
        x.shape[:1]
    ):
      raise ValueError(
          f'{self.name}: expected a value [B, O...] for x {arrays.text(x)}, '
          f'got {arrays.text(value)}'
      )
    return value


def _is_by_numpy(f: Callable, x: tf.Tensor) -> bool:
  """Whether a function cannot be traced as NumPy has a part in it."""
  try:
    tf.function(f, autograph=False).get_concrete_function(
        tf.TensorSpec(x.shape, x.dtype)
    )
  except Exception as error:  # pylint: disable=broad-exception-caught
    # User code may do anything that no graph can.
    return 'numpy' in str(error)
  return False


def _operation_of(error: LookupError) -> str:
  """Returns the operation that TensorFlow says has no gradient."""
  match = re.search(r'(?:entry for|op type): (\w+)', str(error))
  return match[1] if match else str(error)


def _spoils_derivative(
    op: operations.Operation, given: operations.Given
) -> str | None:
  """Returns an operation whose derivative is wrong in an input that moves."""
  wrong = _WRONG_INPUTS.get(op.type, ())
  if operations.has_no_gradient(op.type) or any(
      moves and i in wrong for i, moves in enumerate(given.moves)
  ):
    return op.type
  return None
