# SPDX-License-Identifier: Apache-2.0
"""Figure 2, right: the test errors of both methods on the seven functions.

A bar starts at the error of predicting the mean, since a logarithm has no zero
to start from, and its length is the number of orders of magnitude that training
gains (downwards) or loses. All panels have the same length per decade, so that
bars can be compared from one function to another.
"""

import math

from matplotlib import figure as figure_lib
from matplotlib import lines
from matplotlib import patches
from matplotlib import ticker
import numpy as np

from report import effects as effects_lib
from report import names
from report import networks as networks_lib
from report.figures import style

_COLUMNS = 4
_WIDTH = 0.38  # Of a bar; a group of two is centred on an integer.
_ARMS = (networks_lib.REGULAR, networks_lib.SOBOLEV)
_DOT = {  # Of a seed.
    'linestyle': '',
    'marker': 'o',
    'markerfacecolor': style.PAPER,
    'markeredgecolor': style.SOFT,
}

# The column of the rows, and what it is called.
_METRICS = {
    'test_mse': ('Test error', 'log₁₀ of the mean squared error'),
    'test_gradient_mse': (
        'Test error of the gradients',
        'log₁₀ of the mean squared norm of the error',
    ),
}


def make(
    networks: networks_lib.Networks, metric: str = 'test_mse'
) -> figure_lib.Figure:
  """Draws where the networks of one recipe ended.

  Args:
    networks: the networks, with the baselines of their functions.
    metric: test_mse, as in the paper, or test_gradient_mse.
  """
  means = {
      name: math.log10(getattr(row, metric))
      for name, row in networks.baselines.items()
  }
  functions = [f for f in networks.functions if f in means]
  gains = {
      (cell, arm): np.array([
          math.log10(getattr(row, metric)) - means[cell.function]
          for row in networks.ends(cell, arm).values()
      ])
      for cell in networks.cells
      if cell.function in functions
      for arm in _ARMS
  }
  with style.settings():
    columns = min(_COLUMNS, len(functions) + 1)
    height = math.ceil((len(functions) + 1) / columns)
    figure = figure_lib.Figure(
        (2.75 * columns, 3.0 * height + 0.5), layout='constrained'
    )
    axes = figure.subplots(height, columns, sharex=True, squeeze=False).flat
    low, high = _span(gains)
    for axis, name in zip(axes, functions, strict=False):
      _panel(axis, name, networks.sizes, gains, means[name])
      axis.set_ylim(means[name] + low, means[name] + high)
    _key(axes[len(functions)], metric, gains)
    for axis in axes[len(functions) + 1 :]:
      axis.set_axis_off()
    title, unit = _METRICS[metric]
    style.title(figure, title, networks.scale, x='training points', y=unit)
    return figure


def _span(gains) -> tuple[float, float]:
  """The range of all panels' y axes, from the lines of the mean."""
  values = np.concatenate([*gains.values(), [0.0, -1.0]])
  return values.min() - 0.35, values.max() + 0.35


def _panel(axis, name, sizes, gains, mean):
  """Draws one function."""
  axis.set_title(names.title(name))
  axis.set_xticks(range(len(sizes)), [f'{size:,}' for size in sizes])
  axis.tick_params(axis='x', length=0, labelbottom=True)
  axis.set_xlim(-0.6, len(sizes) - 0.4)
  axis.grid(False, axis='x')
  axis.yaxis.set_major_locator(ticker.MultipleLocator(1))
  axis.axhline(mean, color=style.INK, linewidth=1.1, zorder=3)
  for (cell, arm), values in gains.items():
    if cell.function == name and len(values):
      side = (-0.5, 0.5)[_ARMS.index(arm)] * (_WIDTH + 0.04)
      place = sizes.index(cell.size) + side
      _bar(axis, place, values, mean, style.METHODS[arm.method])


def _bar(axis, place, values, mean, colour):
  """Draws one bar with the seeds as dots and the interval of their mean."""
  axis.bar(place, values.mean(), _WIDTH, mean, color=colour)
  spread = np.linspace(-0.3, 0.3, len(values)) * _WIDTH
  axis.plot(
      place + (spread if len(values) > 1 else 0), mean + values, **_DOT,
      markersize=2.6, markeredgewidth=0.5, zorder=4,
  )
  if len(values) > 1:
    found = effects_lib.paired(values)
    axis.errorbar(
        place,
        mean + found.value,
        [[found.value - found.low], [found.high - found.value]],
        color=style.INK,
        capsize=3,
        linewidth=1.3,
        zorder=5,
    )


def _key(axis, metric, gains):
  """Explains the marks in a panel of its own."""
  axis.set_axis_off()
  seeds = names.seeds(map(len, gains.values()))
  mean = 'the mean' if metric == 'test_mse' else 'a gradient of zero'
  bar = {'linestyle': '', 'marker': '|', 'markersize': 11}
  bar |= {'markeredgewidth': 1.5, 'color': style.INK}
  handles = [
      *(
          patches.Patch(color=style.METHODS[method], label=label)
          for method, label in names.METHODS.items()
      ),
      lines.Line2D([], [], color=style.INK, label=f'predicting {mean}'),
      lines.Line2D(
          [], [], **_DOT, markersize=4, label=f'one seed ({seeds} per bar)'
      ),
      lines.Line2D([], [], **bar, label='95 % interval of the mean'),
  ]
  axis.legend(handles=handles, loc='center left', fontsize=10, borderpad=0)
