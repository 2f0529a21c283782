# SPDX-License-Identifier: Apache-2.0
"""A function that is to be differentiated: its value checked, its ops watched.

TensorFlow takes some derivatives for zero that are not, and cannot
differentiate some others again; docs/derivatives.md lists them. A graph shows
which operations a function and its derivatives use. Op by op the function is
traced for that, once for points of a shape and type; what cannot be traced is
not watched.
"""

from collections.abc import Callable
from collections.abc import Hashable
from collections.abc import Sequence
import functools
import itertools
import re
import types
from typing import Any
from typing import NamedTuple
import weakref

import numpy as np
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


class _Seen(NamedTuple):
  """What a function's graph shows of it, and of its derivatives.

  Attributes:
    traced: whether there is such a graph.
    by_numpy: whether there is none as NumPy computes something of the points.
    refusal: why a derivative is refused, if it is.
    blockers: see `Watched`.
    findings: see `guards.findings`.
  """

  traced: bool
  by_numpy: bool = False
  refusal: str | None = None
  blockers: dict[int, str] = {}
  findings: list[guards.Finding] = []


# By what was traced, for which points and order. Functions are not kept alive.
_SEEN: dict[Hashable, _Seen] = {}
_MOST_SEEN = 1000
_NUMBERS, _COUNT = weakref.WeakKeyDictionary(), itertools.count()


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
    self._seen, self.blockers = _Seen(True), {}

  def __call__(self, x: tf.Tensor) -> tf.Tensor:
    """Returns the value [B, O...] at the points x [B, D...].

    Raises:
      ValueError: it is not a tensor, or not [B, O...]; or, op by op, a
        derivative is refused.
    """
    with resampling.differentiable():
      if tf.is_symbolic_tensor(x):
        with operations.recorded() as self._operations:
          value = self._f(x)
      else:
        value = self._f(x)
    self._points, self._value = x, self._checked(value, x)
    if self.order and not tf.is_symbolic_tensor(x):
      self._seen = self._look(x)
      if self._seen.refusal:
        raise DerivativeError(f'{self.name}: {self._seen.refusal}')
      self.blockers = dict(self._seen.blockers)
    return self._value

  def findings(
      self, predictions: Sequence[tf.Tensor] = ()
  ) -> list[guards.Finding]:
    """Returns what a user should be warned of.

    Args:
      predictions: the value and derivatives, to look at if nothing else can be.
    """
    if tf.is_symbolic_tensor(self._points):
      return guards.findings(
          self._points, self._value, self.order, self._operations
      )
    if self._seen.traced:
      return self._seen.findings
    return guards.findings_of_values(predictions)

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
    if self._seen.by_numpy and tape.gradient(value, x) is None:
      raise DerivativeError(
          f'{self.name}: its value does not come from x by operations of '
          'TensorFlow, which knows no derivative then; of a NumPy function '
          'targets.BlackBox estimates it'
      )
    moving = operations.spread(self._operations, [x], _spoils_derivative)
    spoiled = moving.get(value.ref())
    if spoiled and _is_exposed(spoiled.operation, value, tape):
      raise self._no_derivative(spoiled.name)

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
    blocker = operations.cannot_be_differentiated(
        operations.leading_to(
            tf.nest.flatten(result, expand_composites=True), found
        ),
        resampling.MENDED,
    )
    if blocker is not None:
      self.blockers[order] = blocker
    return result

  def has_dual(self, order: int) -> bool:
    """Whether a derivative can be differentiated by its dual vector."""
    return self._seen.traced and order not in self.blockers

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

  def _look(self, x: tf.Tensor) -> _Seen:
    """Traces the function and its derivatives, unless that has been done."""
    key = _same(self._f), tuple(x.shape), x.dtype, self.order
    if key not in _SEEN:
      if len(_SEEN) >= _MOST_SEEN:
        _SEEN.clear()
      _SEEN[key] = _traced(self._f, x, self.order)
    return _SEEN[key]

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


def _traced(f: Callable, x: tf.Tensor, order: int) -> _Seen:
  """Returns what the graph of a function and its derivatives shows."""
  seen = []

  def run(points: tf.Tensor):
    watched = Watched(lambda points: tf.convert_to_tensor(f(points)), '', order)
    refusal = None
    try:
      _differentiate(watched, points, order)
    except DerivativeError as error:
      refusal = str(error).removeprefix(': ')
    seen.append(
        _Seen(True, False, refusal, watched.blockers, watched.findings())
    )

  try:
    tf.function(run, autograph=False).get_concrete_function(
        tf.TensorSpec(x.shape, x.dtype)
    )
  except Exception as error:  # pylint: disable=broad-exception-caught
    # User code may do anything that no graph can.
    return _Seen(False, 'numpy' in str(error))
  return seen[0]


def _differentiate(
    f: Watched, x: tf.Tensor, order: int
) -> tuple[tf.Tensor, tf.Tensor]:
  """Returns f's value and the gradient of the gradient ... of its sum."""
  if not order:
    value = f(x)
    return value, value
  with tf.GradientTape(
      persistent=True, watch_accessed_variables=False
  ) as tape:
    tape.watch(x)
    value, field = _differentiate(f, x, order - 1)
  f.require_derivative(order, x, value, tape)
  return value, f.derivative(order, lambda: tape.gradient(
      field, x, unconnected_gradients=tf.UnconnectedGradients.ZERO
  ))


def _same(thing: Any, depth: int = 3) -> Hashable:
  """Returns what functions have in common that run the same operations.

  A lambda is another one each time, of the same code and, mostly, of the same
  network.

  Args:
    thing: a function, or what it holds.
    depth: how far to look into functions that hold functions.
  """
  if isinstance(thing, (tf.Tensor, tf.Variable, np.ndarray)):
    return tuple(thing.shape), thing.dtype
  if isinstance(thing, float):  # A factor, another one each time.
    return float, thing > 0, thing < 0
  if thing is None or isinstance(thing, (int, str)):
    return type(thing), thing
  parts = ()
  if isinstance(thing, types.MethodType):
    parts = thing.__func__, thing.__self__
  elif isinstance(thing, functools.partial):
    parts = thing.func, thing.args, *thing.keywords.items()
  elif isinstance(thing, types.FunctionType):
    code = thing.__code__
    named = [thing.__globals__.get(name) for name in code.co_names]
    held = [_content(cell) for cell in thing.__closure__ or ()]
    parts = code, *named, *held, *(thing.__defaults__ or ())
  elif isinstance(thing, tuple):
    parts = thing
  elif isinstance(thing, (dict, list)):
    # What may choose an operation; others may record what went on.
    values, kinds = thing, str
    if isinstance(thing, dict):
      values, kinds = thing.values(), (bool, str)
    chosen = [v for v in values if callable(v) or isinstance(v, kinds)]
    parts = type(thing), *chosen
  if depth and parts:
    return tuple(_same(part, depth - 1) for part in parts)
  try:
    return _NUMBERS.setdefault(parts[0] if parts else thing, next(_COUNT))
  except TypeError:  # It has no hash or no weak references.
    return id(thing)


def _content(cell: types.CellType) -> Any:
  try:
    return cell.cell_contents
  except ValueError:  # It has none yet.
    return None


def _operation_of(error: LookupError) -> str:
  """Returns the operation that TensorFlow says has no gradient."""
  match = re.search(r'(?:entry for|op type): (\w+)', str(error))
  return match[1] if match else str(error)


def _is_exposed(
    op: tf.Operation, value: tf.Tensor, tape: tf.GradientTape
) -> bool:
  """Whether a tape goes through an operation, not by a custom gradient."""
  try:
    gradients = tape.gradient(value, list(op.outputs))
  except LookupError:  # It wanted the operation's own gradient.
    return True
  return any(gradient is not None for gradient in gradients)


def _spoils_derivative(
    op: tf.Operation, given: operations.Given
) -> str | None:
  """Returns an operation whose derivative is wrong in an input that moves."""
  wrong = _WRONG_INPUTS.get(op.type, ())
  if operations.has_no_gradient(op.type) or any(
      moves and i in wrong for i, moves in enumerate(given.moves)
  ):
    return op.type
  return None
