# SPDX-License-Identifier: Apache-2.0
"""The operations of a graph, and what moves through them.

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

import tensorflow as tf

# Nothing public shows what a function's body holds, or which gradients exist.
from tensorflow.python.eager import context
from tensorflow.python.framework import function_def_to_graph
from tensorflow.python.framework import ops as framework

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
# Derivatives are made with the help of some of constants.
_OF_CONSTANTS = frozenset(['LinSpace', 'OneHot', 'Range'])


class Spoiled(NamedTuple):
  """What spoils a moving tensor.

  Attributes:
    name: what the rule says.
    operation: the operation, or the one that calls a function with it.
  """

  name: str
  operation: tf.Operation


class Given(NamedTuple):
  """What is known of an operation's inputs, by position.

  Attributes:
    moves: whether it moves.
    halted: whether it would, but for a `tf.stop_gradient` just before.
  """

  moves: list[bool]
  halted: list[bool]


# Returns how an operation spoils what it computes, or None.
Rule = Callable[[tf.Operation, Given], str | None]
# Tensors that move, and by what they are spoiled, if they are.
Moving = dict[Any, Spoiled | None]


@contextlib.contextmanager
def recorded() -> Iterator[list[tf.Operation]]:
  """Collects the operations that are added to the current graph."""
  found = []
  graph = tf.compat.v1.get_default_graph()
  before = len(graph.get_operations())
  yield found
  found += graph.get_operations()[before:]


def attribute(op: tf.Operation, name: str) -> Any:
  """Returns an operation's attribute, or None if it has none of the name."""
  try:
    return op.get_attr(name)
  except ValueError:
    return None


def spread(
    operations: Iterable[tf.Operation],
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


class _Walk:
  """Follows what moves through operations and what they call."""

  def __init__(self, rule: Rule, custom_gradients: bool):
    self._rule, self._custom_gradients = rule, custom_gradients

  def spread(self, operations: Iterable[tf.Operation], moving: Moving):
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
      self, op: tf.Operation, given: Given, spoiled: list[Spoiled | None]
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
      op: tf.Operation,
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
    operations: Iterable[tf.Operation], but: Iterable[str] = ()
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
    if bodies or op.type in but or not has_no_gradient(op.type):
      continue
    if any(map(_can_move, op.inputs)) and any(map(_can_move, op.outputs)):
      return op.type
  return None


def leading_to(
    tensors: Iterable[tf.Tensor], operations: Sequence[tf.Operation]
) -> list[tf.Operation]:
  """Returns those of some operations that tensors are computed by, in order."""
  left, needed = {op.name for op in operations}, set()
  pending = [t.op for t in tensors if tf.is_symbolic_tensor(t)]
  while pending:
    op = pending.pop()
    if op.name in left:
      left.remove(op.name)
      needed.add(op.name)
      pending += [tensor.op for tensor in op.inputs]
  return [op for op in operations if op.name in needed]


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
  operations: list[tf.Operation]


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


def _bodies(op: tf.Operation) -> list[_Body]:
  """Returns what an operation calls."""
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
