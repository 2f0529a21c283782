# SPDX-License-Identifier: Apache-2.0
"""What the tests share: slow NumPy references, modes, tolerances, examples.

Nothing here uses the code under test. Axes: B batch, D input, O outputs.
"""

from collections.abc import Callable
import itertools
import pathlib
import re
from typing import Any

import numpy as np
import tensorflow as tf

# Every numeric test runs in each of these: op by op, as a TensorFlow graph, and
# compiled by XLA.
MODES = ('eager', 'graph', 'xla')

# The same float64 arithmetic in another order: some tens of roundings (2e-16).
SAME_FLOAT64 = 1e-12
# The same float32 arithmetic in another order: some tens of roundings (1e-7).
SAME_FLOAT32 = 1e-5
# A float64 central difference with the step 1e-5: truncation h^2 = 1e-10 and
# rounding 1e-16 / h = 1e-11, with room for third derivatives of size 100.
CENTRAL_DIFFERENCE = 1e-7
# A central difference of central differences, step 1e-4 each: rounding
# 1e-16 / h^2 = 1e-8, with room for fourth derivatives of size 100.
SECOND_CENTRAL_DIFFERENCE = 1e-5


def assert_close(actual, expected, tolerance: float):
  """Checks arrays of any nesting: relative error, absolute below 1."""
  if isinstance(actual, (list, tuple)):
    for one, other in zip(actual, expected, strict=True):
      assert_close(one, other, tolerance)
  else:
    np.testing.assert_allclose(
        actual, expected, rtol=tolerance, atol=tolerance
    )


def in_mode(mode: str, f: Callable) -> Callable:
  """Returns f as it is, as a `tf.function`, or compiled by XLA."""
  if mode == 'eager':
    return f
  return tf.function(f, autograph=False, jit_compile=mode == 'xla')


def central_difference(
    f: Callable[[np.ndarray], np.ndarray], x: np.ndarray, step: float = 1e-5
) -> np.ndarray:
  """Returns the derivative of any array function at one array.

  Args:
    f: a function from an array of x's shape to an array [...].
    x: any shape, float64.
    step: half the distance of the two points of a difference.

  Returns:
    [..., *x.shape]: d f[i] / d x[j] at [i, j].
  """
  columns = []
  for index in np.ndindex(x.shape):
    shift = np.zeros_like(x)
    shift[index] = step
    columns.append((np.asarray(f(x + shift)) - f(x - shift)) / (2 * step))
  stacked = np.stack(columns, axis=-1)
  return stacked.reshape(stacked.shape[:-1] + x.shape)


def per_example(
    f: Callable[[np.ndarray], np.ndarray],
    x: np.ndarray,
    order: int = 1,
    step: float = 1e-5,
) -> np.ndarray:
  """Returns D^k f of each example on its own, by central differences.

  Args:
    f: a function from [B, D...] to [B, O...].
    x: [B, D...], float64.
    order: k, 1 or more; differences are nested.
    step: as for `central_difference`.

  Returns:
    [B, O..., D..., D..., ...] with k times D....
  """
  def derivative(point: np.ndarray, k: int) -> np.ndarray:
    if k == 0:
      return np.asarray(f(point[None]))[0]
    return central_difference(lambda p: derivative(p, k - 1), point, step)

  return np.stack([derivative(point, order) for point in x])


def loss_of_example(
    kind: str, prediction: np.ndarray, target: np.ndarray, delta: float = 1.0
) -> float:
  """Returns l(prediction, target) of one example, component by component."""
  total = 0.0
  for p, t in zip(np.ravel(prediction), np.ravel(target), strict=True):
    r = abs(float(p) - float(t))
    if kind in ('squared_l2', 'l2'):
      total += r * r
    elif kind == 'l1':
      total += r
    elif kind == 'huber':
      total += 0.5 * r * r if r <= delta else delta * (r - 0.5 * delta)
    else:
      raise ValueError(f'kind: unknown loss {kind!r}')
  return total ** 0.5 if kind == 'l2' else total


def contract(tensor: np.ndarray, vector: np.ndarray) -> np.ndarray:
  """Returns sum_i tensor[i, ...] vector[i] over vector's axes, by a loop."""
  total = np.zeros(tensor.shape[vector.ndim:])
  for index in itertools.product(*map(range, vector.shape)):
    total = total + tensor[index] * vector[index]
  return total


def run_example(document: pathlib.Path, name: str) -> dict[str, Any]:
  """Runs the one Python block after `<!-- example: name -->`.

  Args:
    document: a Markdown file.
    name: of the example.

  Returns:
    The block's variables, by name.
  """
  blocks = re.findall(
      rf'<!-- example: {name} -->\s*```python\n(.*?)```',
      document.read_text(encoding='utf-8'),
      re.DOTALL,
  )
  if len(blocks) != 1:
    raise AssertionError(
        f'{document}: expected one Python block after `<!-- example: {name} '
        f'-->`, found {len(blocks)}'
    )
  variables = {}
  exec(compile(blocks[0], f'{document}: {name}', 'exec'), variables)
  return variables


class SmoothNetwork(tf.Module):
  """tanh(x W1 + b1) W2 + b2 with fixed weights, [B, D...] -> [B, O...]."""

  def __init__(
      self,
      inputs: tuple[int, ...],
      outputs: tuple[int, ...],
      *,
      hidden: int = 7,
      dtype: tf.DType = tf.float64,
      seed: int = 0,
  ):
    super().__init__()
    random = np.random.default_rng(seed)
    sizes = [int(np.prod(inputs)), hidden, int(np.prod(outputs))]
    self._outputs = outputs
    self.weights = []
    for fan_in, fan_out in itertools.pairwise(sizes):
      for shape in ((fan_in, fan_out), (fan_out,)):
        initial = random.normal(size=shape) / np.sqrt(fan_in)
        self.weights.append(tf.Variable(initial, dtype=dtype))

  def __call__(self, x: tf.Tensor) -> tf.Tensor:
    w1, b1, w2, b2 = self.weights
    flat = tf.reshape(x, [x.shape[0], w1.shape[0]])
    y = tf.tanh(flat @ w1 + b1) @ w2 + b2
    return tf.reshape(y, [x.shape[0], *self._outputs])

  def numpy(self, x: np.ndarray) -> np.ndarray:
    """The same function written in NumPy."""
    w1, b1, w2, b2 = [w.numpy() for w in self.weights]
    y = np.tanh(np.reshape(x, [len(x), -1]) @ w1 + b1) @ w2 + b2
    return np.reshape(y, [len(x), *self._outputs])
