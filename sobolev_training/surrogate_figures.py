# SPDX-License-Identifier: Apache-2.0
"""Figures of a surrogate; matplotlib is loaded when one is drawn.

Axes: N points, D... input, O... outputs.
"""

from collections.abc import Callable
from collections.abc import Sequence
import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
  from matplotlib import figure

_POINTS = 101  # Of a line.
_NAMES = ('values', 'first derivatives', 'second derivatives')


def r_squared(truth: np.ndarray, predicted: np.ndarray) -> float:
  """Returns 1 - the squared errors over the squared deviations.

  Deviations are from the mean of each component, so that nothing is explained
  by components that differ. NaN is left out. Without any deviation it is 1 for
  what is exact, and else minus infinity.

  Args:
    truth: [N, ...].
    predicted: [N, ...].
  """
  known = ~np.isnan(truth)
  counts = np.maximum(1, known.sum(0))
  means = np.sum(truth, 0, where=known) / counts
  error = np.sum((truth - predicted) ** 2, where=known)
  total = np.sum((truth - means) ** 2, where=known)
  if total == 0:
    return 1.0 if error == 0 else -math.inf
  return float(1 - error / total)


def parity(
    truth: Sequence[np.ndarray], predicted: Sequence[np.ndarray]
) -> 'figure.Figure':
  """Draws predicted over true numbers, one panel for each order."""
  figure = _figure(1, len(truth))
  for k, (axes, true, guess) in enumerate(
      zip(figure.axes, truth, predicted, strict=True)
  ):
    name = _NAMES[k] if k < len(_NAMES) else f'derivatives of order {k}'
    axes.plot(np.ravel(true), np.ravel(guess), '.', alpha=0.6)
    ends = [np.nanmin(true), np.nanmax(true)]
    axes.plot(ends, ends, color='black', linewidth=1)
    axes.set(
        xlabel='true', ylabel='predicted',
        title=f'{name}, 1 - R² = {1 - r_squared(true, guess):.2g}',
    )
    axes.locator_params(axis='x', nbins=5)
  return figure


def sensitivity(
    predict: Callable[..., tuple[np.ndarray, ...]],
    x0: np.ndarray,
    low: np.ndarray,
    high: np.ndarray,
) -> 'figure.Figure':
  """Draws outputs (rows) along inputs (columns) through a point.

  Args:
    predict: `Surrogate.predict`.
    x0: [D...].
    low: [D...].
    high: [D...].
  """
  for name, limit in (('low', low), ('high', high)):
    if limit.shape != x0.shape:
      raise ValueError(
          f'{name}: expected the shape {list(x0.shape)} of x0, got '
          f'{list(limit.shape)}'
      )
  value, slope = predict(x0[None], 1)
  outputs, inputs = max(1, value[0].size), x0.size
  value, slope = value.reshape(outputs), slope.reshape(outputs, inputs)
  figure = _figure(outputs, inputs)
  grid = np.reshape(figure.axes, [outputs, inputs])
  for d in range(inputs):
    line = np.linspace(low.flat[d], high.flat[d], _POINTS)
    x = np.repeat(x0.reshape(1, -1), _POINTS, 0)
    x[:, d] = line
    y = predict(x.reshape(_POINTS, *x0.shape)).reshape(_POINTS, outputs)
    for o in range(outputs):
      axes = grid[o, d]
      axes.plot(line, y[:, o])
      at, reach = x0.flat[d], 0.1 * (line[-1] - line[0])
      ends = np.array([at - reach, at + reach])
      axes.plot(ends, value[o] + slope[o, d] * (ends - at), color='black')
      axes.plot(at, value[o], 'o', color='black')
      axes.set(
          xlabel=f'input {d}', ylabel=f'output {o}',
          title=f'slope {slope[o, d]:.3g}',
      )
  return figure


def _figure(rows: int, columns: int) -> 'figure.Figure':
  try:
    from matplotlib import figure
  except ImportError as error:
    raise ImportError(
        'figures need matplotlib: pip install matplotlib'
    ) from error
  result = figure.Figure(
      figsize=(3.4 * columns, 3.2 * rows), layout='constrained'
  )
  result.subplots(rows, columns)
  return result
