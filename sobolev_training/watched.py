# SPDX-License-Identifier: Apache-2.0
"""A function that is to be differentiated: its value checked, its ops watched.

TensorFlow takes some derivatives for zero that are not, and cannot
differentiate some others again; docs/derivatives.md lists them. Which
operations a function uses is seen when it is traced or, op by op, when it is
called for the first time with points of a shape and type.
"""

from collections.abc import Callable
from collections.abc import Hashable
import re
from typing import Any
import weakref

import tensorflow as tf

# Nothing public pauses tapes that are not at hand.
from tensorflow.python.eager import record

from sobolev_training import arrays
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

# What was found to be in order, by function; functions are not kept alive.
_IN_ORDER = weakref.WeakKeyDictionary()


class Watched:
  """A function whose value is checked, and whose operations are watched.

  Attributes:
    name: the argument's name, for messages.
    points: those of the last call.
    operations: those of the last call, or None where a call like it was found
      to be in order before.
    blockers: by order, the type of an operation in the derivative that cannot
      be differentiated further, where there is one.
    guarded: whether it is for `guards` to say that all is in order.
  """

  def __init__(
      self,
      f: Callable[[tf.Tensor], tf.Tensor],
      name: str,
      use: Hashable,
      *,
      owner: Any = None,
      guarded: bool = False,
  ):
    """Takes a function.

    Args:
      f: a function from [B, D...] to [B, O...].
      name: the argument's name.
      use: what it is called for; what is in order for one may not be for
        another.
      owner: what the user gave, where f is a wrapper of it that lives shorter.
      guarded: whether `guards` will look at the operations too.

    Raises:
      ValueError: f cannot be called.
    """
    if not callable(f):
      raise ValueError(
          f'{name}: expected a function from [B, D...] to [B, O...], got '
          f'{type(f).__name__}'
      )
    self._f, self.name, self._use, self.guarded = f, name, use, guarded
    self._owner = f if owner is None else owner
    self._key, self.points, self.operations = None, None, None
    self.blockers = {}

  def __call__(self, x: tf.Tensor) -> tf.Tensor:
    """Returns the value [B, O...] at the points x [B, D...].

    Raises:
      ValueError: it is not a tensor, or not [B, O...].
    """
    key = None
    if not tf.is_symbolic_tensor(x):
      key = (*x.shape, x.dtype, self._use)
    self._key, self.points, self.blockers = key, x, {}
    if key is not None and key in self._in_order():
      self.operations = None
      return self._checked(self._f(x), x)
    with operations.recorded() as self.operations:
      value = self._f(x)
    return self._checked(value, x)

  def require_differentiable(
      self, x: tf.Tensor, value: tf.Tensor, tape: tf.GradientTape
  ):
    """Checks that TensorFlow has a derivative of what computes a value.

    Args:
      x: the points of the last call.
      value: its value.
      tape: one that watched x and recorded the call.

    Raises:
      ValueError: it takes one for zero, or has none.
    """
    if self.operations is None:
      return
    moving = operations.spread(self.operations, [x], _spoils_derivative)
    spoiled = moving.get(value.ref())
    if spoiled and _is_exposed(spoiled.operation, value, tape):
      raise ValueError(
          f'{self.name}: TensorFlow has no derivative of {spoiled.name}, or a '
          'wrong one; compute it by other operations, give it a derivative by '
          'tf.custom_gradient or, if zero is meant, wrap it in '
          'tf.stop_gradient'
      )

  def derivative(self, order: int, compute: Callable[[], Any]) -> Any:
    """Computes a derivative, and notes in `blockers` what of it has none.

    Args:
      order: of the derivative.
      compute: returns it.

    Returns:
      What it computes. Where a tape around cannot record that, it does not.
    """
    try:
      if self.operations is None:
        return compute()
      with operations.recorded() as found:
        result = compute()
    except LookupError as error:
      # Of a tf.function the derivative is made with its own derivative.
      self.blockers[order] = _operation_of(error)
      with record.stop_recording():
        return compute()
    blocker = operations.cannot_be_differentiated(found, resampling.MENDED)
    if blocker is not None:
      self.blockers[order] = blocker
    return result

  def require_smooth(self, order: int):
    """Checks that the derivative of an order can be differentiated.

    Raises:
      ValueError: it cannot.
    """
    if order in self.blockers:
      raise ValueError(self._message(order))

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
        raise ValueError(self._message(order))

      return tf.identity(derivative), gradient

    return refusing(derivative, value)

  def remember(self):
    """Notes that calls like the last one are in order."""
    if self._key is not None and not self.blockers:
      self._in_order().add(self._key)

  def _message(self, order: int) -> str:
    return (
        f'{self.name}: TensorFlow cannot differentiate '
        f'{self.blockers[order]}, by which the derivative of order {order} is '
        'computed: it cannot be trained, and there is none of the next order; '
        'use other operations, or a lower order'
    )

  def _in_order(self) -> set:
    try:
      return _IN_ORDER.setdefault(self._owner, set())
    except TypeError:  # It has no hash or no weak references.
      return set()

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


def _operation_of(error: LookupError) -> str:
  """Returns the operation that TensorFlow says has no gradient."""
  match = re.search(r'(?:entry for|op type): (\w+)', str(error))
  return match[1] if match else str(error)


def _is_exposed(
    op: operations.Operation, value: tf.Tensor, tape: tf.GradientTape
) -> bool:
  """Whether a tape goes through an operation, not by a custom gradient."""
  try:
    gradients = tape.gradient(value, list(op.outputs))
  except LookupError:  # It wanted the operation's own gradient.
    return True
  return any(gradient is not None for gradient in gradients)


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
