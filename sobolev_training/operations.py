# SPDX-License-Identifier: Apache-2.0
"""The operations of a computation, and what moves through them.

A tensor moves if it is computed from a source by operations that have a
derivative. `spread` follows the moving tensors forward, into functions,
branches and loops too, and asks a rule at each operation whether it spoils
what comes after it.
"""

from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Sequence
import contextlib
import functools
from typing import Any
from typing import NamedTuple
from typing import TypeAlias

import tensorflow as tf

# Nothing public shows what is run op by op, what a function's body holds, or
# which gradients exist.
from tensorflow.python.eager import context
from tensorflow.python.eager import execute
from tensorflow.python.eager import record
from tensorflow.python.framework import function_def_to_graph
from tensorflow.python.framework import ops as framework
from tensorflow.python.ops import script_ops

from sobolev_training import replacing

# Their derivatives are zero wherever they exist, or are meant to be.
STILL = frozenset([
    'Ceil', 'Floor', 'FloorDiv', 'OnesLike', 'Rint', 'Round', 'Sign',
    'StopGradient', 'TruncateDiv', 'ZerosLike',
])
# Their gradients are errors, or those of what Python does unseen.
_WITH_ERRORS = frozenset([
    'EagerPyFunc', 'PreventGradient', 'QuantizeAndDequantizeV4Grad',
    'SparseDenseCwiseAdd', 'SparseSparseMaximum', 'SparseSparseMinimum',
])
# Their derivatives are NaN, as logarithms of zero are in their gradients.
_NAN = frozenset(['CumulativeLogsumexp'])
# Derivatives are made with the help of some of constants.
_OF_CONSTANTS = frozenset(['LinSpace', 'OneHot', 'Range'])


class Executed(NamedTuple):
  """An operation, or a function, that was run op by op; as a `tf.Operation`."""

  type: str
  inputs: Sequence[tf.Tensor]
  outputs: Sequence[tf.Tensor]
  attributes: Sequence[Any] = ()  # Names and values in turn.
  body: '_Body | None' = None  # Of a function.

  def get_attr(self, name: str) -> Any:
    """Returns an attribute's value; a ValueError if there is none."""
    names, values = self.attributes[::2], self.attributes[1::2]
    return values[names.index(name)]


Operation: TypeAlias = tf.Operation | Executed


class Spoiled(NamedTuple):
  """What spoils a moving tensor.

  Attributes:
    name: what the rule says.
    operation: the operation, or the one that calls a function with it.
  """

  name: str
  operation: Operation


class Given(NamedTuple):
  """What is known of an operation's inputs, by position.

  Attributes:
    moves: whether it moves.
    halted: whether it would, but for a `tf.stop_gradient` just before.
  """

  moves: list[bool]
  halted: list[bool]


# Returns how an operation spoils what it computes, or None.
Rule = Callable[[Operation, Given], str | None]
# Tensors that move, and by what they are spoiled, if they are.
Moving = dict[Any, Spoiled | None]


_call_numpy = script_ops.py_func_common


@contextlib.contextmanager
def recorded() -> Iterator[list[Operation]]:
  """Collects the operations that are run, or added to the current graph."""
  found = []
  if not tf.executing_eagerly():
    graph = tf.compat.v1.get_default_graph()
    before = len(graph.get_operations())
    yield found
    found += graph.get_operations()[before:]
    return

  def note(op_type, inputs, attributes, outputs, op_name=None, graph=None):
    del op_name
    if graph is None:  # It was run.
      if isinstance(op_type, bytes):
        op_type = op_type.decode()
      is_function = context.context().has_function(op_type)
      # Who made the lists may change them, and functions are deleted.
      found.append(Executed(
          op_type, tuple(inputs), tuple(outputs), attributes,
          _body(op_type) if is_function else None,
      ))

  with _noticing():
    context.context().add_op_callback(note)
    try:
      yield found
    finally:
      context.context().remove_op_callback(note)


def _noticed_numpy(func, inp, *args, **kwargs):
  """`tf.numpy_function`, which is no operation when it is run op by op."""
  result = _call_numpy(func, inp, *args, **kwargs)
  if tf.executing_eagerly():
    inputs, outputs = (
        [part for part in tf.nest.flatten(parts) if tf.is_tensor(part)]
        for parts in (inp, result)
    )
    record.record_operation(
        'PyFunc', outputs, inputs, lambda *_: [None] * len(inputs)
    )
    for callback in context.context().op_callbacks:
      callback('PyFunc', inputs, (), outputs)
  return result


# While it is open, callbacks of any thread learn of all that is run.
_noticing = replacing.Replacement(
    (vars(execute), {'execute': execute.execute_with_callbacks}),
    (vars(script_ops), {'py_func_common': _noticed_numpy}),
)


def attribute(op: Operation, name: str) -> Any:
  """Returns an operation's attribute, or None if it has none of the name."""
  try:
    return op.get_attr(name)
  except ValueError:
    return None


def spread(
    operations: Iterable[Operation],
    sources: Iterable[tf.Tensor],
    rule: Rule,
    *,
    custom_gradients: bool = True,
) -> Moving:
  """Returns the tensors that move with any source, and what spoils each.

  Args:
    operations: inputs before what is computed of them.
    sources: what moves.
    rule: how an operation spoils its outputs.
    custom_gradients: whether one mends what the operations within spoil.

  Returns:
    A dict from references of the moving tensors to what spoils them, or None.
  """
  moving = {source.ref(): None for source in sources}
  _Walk(rule, custom_gradients).spread(operations, moving)
  return moving


def spoiling(
    operations: Iterable[Operation], sources: Iterable[tf.Tensor], rule: Rule
) -> tuple[list[Spoiled], Moving]:
  """Returns every operation that spoils what moves, and all that moves."""
  walk, moving, found = _Walk(rule, True), {s.ref(): None for s in sources}, []
  for op in operations:
    walk.spread([op], moving)
    outputs = [tensor.ref() for tensor in op.outputs]
    by = next(filter(None, map(moving.get, outputs)), None)
    if by:
      found.append(by)
      moving |= {ref: None for ref in outputs if ref in moving}
  return found, moving


class _Walk:
  """Follows what moves through operations and what they call."""

  def __init__(self, rule: Rule, custom_gradients: bool):
    self._rule, self._custom_gradients = rule, custom_gradients

  def spread(self, operations: Iterable[Operation], moving: Moving):
    """Adds to the moving tensors those that operations compute of them."""
    halted = set()
    for op in operations:
      inputs = [tensor.ref() for tensor in op.inputs]
      given = Given(
          [i in moving for i in inputs], [i in halted for i in inputs]
      )
      if not any(given.moves):
        continue
      if op.type == 'StopGradient':
        halted |= {tensor.ref() for tensor in op.outputs}
      if op.type in STILL:
        continue
      spoiled = [moving.get(i) for i in inputs]
      bodies = _bodies(op)
      if bodies:
        results = self._through(op, bodies, given.moves, spoiled)
      else:
        results = [(True, self._spoiled(op, given, spoiled))] * len(op.outputs)
      for tensor, (moves, by) in zip(op.outputs, results, strict=True):
        if moves and _can_move(tensor):
          moving[tensor.ref()] = by

  def _spoiled(
      self, op: Operation, given: Given, spoiled: list[Spoiled | None]
  ) -> Spoiled | None:
    """Returns what spoils the outputs of an operation that calls nothing."""
    if self._custom_gradients and op.type == 'IdentityN' and (
        attribute(op, '_gradient_op_type')
    ):
      return None
    before = next(filter(None, spoiled), None)
    if before:
      return before
    name = self._rule(op, given)
    return Spoiled(name, op) if name else None

  def _through(
      self,
      op: Operation,
      bodies: list['_Body'],
      moves: list[bool],
      spoiled: list[Spoiled | None],
  ) -> list[tuple[bool, Spoiled | None]]:
    """Returns for each output of a call whether it moves and what spoils it."""
    skipped = len(op.inputs) - len(bodies[0].inputs)  # Which branch to take.
    moves, spoiled = moves[skipped:], spoiled[skipped:]
    while True:
      results = [(False, None)] * len(op.outputs)
      for body in bodies:
        inner = {
            tensor.ref(): by
            for tensor, m, by in zip(body.inputs, moves, spoiled, strict=True)
            if m
        }
        self.spread(body.operations, inner)
        for i, tensor in enumerate(body.outputs):
          by = results[i][1] or inner.get(tensor.ref())
          results[i] = (
              results[i][0] or tensor.ref() in inner,
              by and Spoiled(by.name, op),
          )
      before = moves, spoiled
      if op.type in _LOOPS:  # Until another round moves and spoils no more.
        moves = [m or r[0] for m, r in zip(moves, results, strict=True)]
        spoiled = [s or r[1] for s, r in zip(spoiled, results, strict=True)]
      if (moves, [bool(s) for s in spoiled]) == (
          before[0], [bool(s) for s in before[1]]
      ):
        return results


def cannot_be_differentiated(
    operations: Iterable[Operation], but: Iterable[str] = ()
) -> str | None:
  """Returns the first operation of real numbers that has no derivative.

  Args:
    operations: what computes a derivative.
    but: types that may be.

  Returns:
    Its type; None if there is none such.
  """
  but = _OF_CONSTANTS.union(but)
  for op in operations:
    bodies = _bodies(op)
    for body in bodies:
      found = cannot_be_differentiated(body.operations, but)
      if found:
        return found
    if bodies or op.type in but:
      continue
    if op.type not in _NAN and not has_no_gradient(op.type):
      continue
    if any(map(_can_move, op.inputs)) and any(map(_can_move, op.outputs)):
      return op.type
  return None


def leading_to(
    tensors: Iterable[tf.Tensor], operations: Sequence[Operation]
) -> list[Operation]:
  """Returns those of some operations that tensors are computed by, in order."""
  needed = {tensor.ref() for tensor in tensors}
  found = []
  for op in reversed(operations):
    if any(tensor.ref() in needed for tensor in op.outputs):
      needed.update(tensor.ref() for tensor in op.inputs)
      found.append(op)
  return found[::-1]


def has_no_gradient(op_type: str) -> bool:
  """Whether TensorFlow answers None or an error for an operation's gradient."""
  if op_type in STILL:
    return False
  try:
    gradient = framework.gradient_registry.lookup(op_type)
  except LookupError:
    return True
  return gradient is None or op_type in _WITH_ERRORS


def _can_move(tensor: tf.Tensor) -> bool:
  # Lists of tensors are variants.
  dtype = tensor.dtype
  return dtype.is_floating or dtype.is_complex or dtype == tf.variant


class _Body(NamedTuple):
  """A function, branch or loop that an operation calls."""

  inputs: list[tf.Tensor]
  outputs: list[tf.Tensor]
  operations: list[Operation]


_LOOPS = ('StatelessWhile', 'While')
_CALLED = {
    'PartitionedCall': ('f',),
    'StatefulPartitionedCall': ('f',),
    'If': ('then_branch', 'else_branch'),
    'StatelessIf': ('then_branch', 'else_branch'),
    'Case': ('branches',),
    'StatelessCase': ('branches',),
    'While': ('body',),
    'StatelessWhile': ('body',),
}


def _bodies(op: Operation) -> list[_Body]:
  """Returns what an operation calls."""
  if isinstance(op, Executed) and op.body:
    return [op.body]
  names = []
  for name in _CALLED.get(op.type, ()):
    value = attribute(op, name)
    names += value if isinstance(value, list) else [value]
  return [_body(name.name) for name in names]


# A function's name is its own for good.
@functools.lru_cache(maxsize=256)
def _body(name: str) -> _Body:
  graph = function_def_to_graph.function_def_to_graph(
      context.context().get_function_def(name)
  )
  return _Body(graph.inputs, graph.outputs, graph.get_operations())
