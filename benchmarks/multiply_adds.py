# SPDX-License-Identifier: Apache-2.0
"""Counts the multiply-adds of a graph's convolutions and matrix products."""

import collections
from collections.abc import Callable
import math

import tensorflow as tf


def count(graph: tf.Graph) -> collections.Counter[str]:
  """Counts what a call of a traced function multiplies and adds per device.

  Convolutions, their gradients with respect to input and filter, and matrix
  products count, whatever they are there for: forward, backward, or the second
  backward pass of double backpropagation. Padding counts like the rest.

  Args:
    graph: `get_concrete_function(...).graph`, with static shapes; what its
      results do not depend on does not count.

  Returns:
    The count of each device that operations were placed on by name, '' for the
    others; `total()` is that of all.

  Raises:
    ValueError: a shape is not static.
  """
  found = collections.Counter()
  for operation in _used(graph):
    found[operation.device] += _of_operation(operation)
  return +found  # Without those that only do other things.


def of_call(function: Callable[..., object], *arguments: object) -> int:
  """Counts what a call of a function multiplies and adds, on all devices.

  Args:
    function: takes tensors.
    *arguments: the tensors, or `tf.TensorSpec`s with static shapes.

  Raises:
    ValueError: a shape is not static.
  """
  traced = tf.function(function, autograph=False)
  return count(traced.get_concrete_function(*arguments).graph).total()


def _used(graph: tf.Graph) -> set[tf.Operation]:
  """The operations that a call runs."""
  found = set()
  ahead = [t.op for t in graph.outputs] + list(graph.control_outputs)
  while ahead:
    operation = ahead.pop()
    if operation not in found:
      found.add(operation)
      ahead += [t.op for t in operation.inputs] + operation.control_inputs
  return found


def _of_operation(operation: tf.Operation) -> int:
  inputs, outputs = operation.inputs, operation.outputs
  match operation.type:
    case 'MatMul' | 'BatchMatMulV2':  # Of as many matrices on both sides.
      return math.prod(_shape(inputs[0])) * _shape(outputs[0])[-1]
    case 'Conv2D':
      return _convolution(_shape(inputs[1]), _shape(outputs[0]))
    case 'Conv2DBackpropInput':
      return _convolution(_shape(inputs[1]), _shape(inputs[2]))
    case 'Conv2DBackpropFilter':
      return _convolution(_shape(outputs[0]), _shape(inputs[2]))
  return 0


def _convolution(kernel: list[int], output: list[int]) -> int:
  """Of a kernel [H, W, in, out] and an output [B, H, W, out]."""
  return math.prod(output) * math.prod(kernel[:3])


def _shape(tensor: tf.Tensor) -> list[int]:
  if not tensor.shape.is_fully_defined():
    raise ValueError(
        f'{tensor.name}: expected a static shape, got {tensor.shape}: trace '
        'the function with tensors of known shapes'
    )
  return tensor.shape.as_list()
