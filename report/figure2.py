"""Figure 2, right: the test errors of both methods on the seven functions.

A bar starts at the error of predicting the mean, since a logarithm has no zero
to start from, and its length is the number of orders of magnitude that training
gains (downwards) or loses. All panels have the same length a decade, so that
bars can be compared from one function to another.
"""

from collections.abc import Sequence
import math
import pathlib

from matplotlib import figure as figure_lib
from matplotlib import lines
from matplotlib import patches
from matplotlib import ticker
import numpy as np

from report import comparison
from report import evidence
from report import rows
from report import style

_COLUMNS = 4
_WIDTH = 0.38  # Of a bar; a group of two is centred on a whole number.

# The column of the networks, and what it is called.
_METRICS = {
    'test_mse': ('Test error', 'log₁₀ of the mean squared error'),
    'test_gradient_mse': (
        'Test error of the gradients',
        'log₁₀ of the mean squared norm of the error',
    ),
}


def make(
    networks: Sequence[rows.Network],
    baselines: Sequence[rows.Baseline],
    metric: str = 'test_mse',
    theme: style.Theme = style.LIGHT,
) -> figure_lib.Figure:
  """Draws the figure.

  Args:
    networks: of one scale.
    baselines: the errors of predicting the mean, of each function at least.
    metric: test_mse, as in the paper, or test_gradient_mse.
    theme: the colours.

  Returns:
    The figure, to be saved.

  Raises:
    ValueError: the networks are of several scales.
  """
  scale = rows.only_scale(networks)
  found = evidence.Evidence(scale, networks)
  lines_ = {row.function: getattr(row, f'log_{metric}') for row in baselines}
  names = rows.functions(networks)
  sizes = sorted({row.size for row in networks})
  gains = {
      (*cell, method): np.subtract(
          list(found.errors(cell, method, metric).values()),
          lines_[cell[0]],
      )
      for cell in found.cells()
      for method in rows.METHODS
  }
  with style.settings(theme):
    columns = min(_COLUMNS, len(names) + 1)
    height = math.ceil((len(names) + 1) / columns)
    figure = figure_lib.Figure(
        (2.75 * columns, 3.0 * height + 0.5), layout='constrained'
    )
    axes = figure.subplots(height, columns, sharex=True, squeeze=False).flat
    span = _span(gains.values())
    for axis, name in zip(axes, names, strict=False):
      _panel(axis, name, sizes, gains, lines_[name], theme)
      axis.set_ylim(lines_[name] + span[0], lines_[name] + span[1])
    _key(axes[len(names)], metric, found, theme)
    for axis in axes[len(names) + 1 :]:
      axis.set_axis_off()
    title, unit = _METRICS[metric]
    figure.suptitle(style.heading(title, scale), x=0.01, ha='left')
    figure.supxlabel('training points', fontsize=10, color=theme.soft)
    figure.supylabel(unit, fontsize=10, color=theme.soft)
    return figure


def _span(gains) -> tuple[float, float]:
  """The range of all panels' y axes, from the lines of the mean."""
  values = np.concatenate(list(gains))
  return min(values.min(), -1) - 0.35, max(values.max(), 0) + 0.35


def _panel(axis, name, sizes, gains, baseline, theme):
  """Draws one function."""
  axis.set_title(rows.title(name))
  axis.set_xticks(range(len(sizes)), [f'{size:,}' for size in sizes])
  axis.tick_params(axis='x', length=0, labelbottom=True)
  axis.set_xlim(-0.6, len(sizes) - 0.4)
  axis.grid(False, axis='x')
  axis.yaxis.set_major_locator(ticker.MultipleLocator(1))
  axis.axhline(baseline, color=theme.ink, linewidth=1.1, zorder=3)
  for (function, size, method), values in gains.items():
    if function == name and len(values):
      side = (-0.5, 0.5)[rows.METHODS.index(method)] * (_WIDTH + 0.04)
      place = sizes.index(size) + side
      _bar(axis, place, values, baseline, theme.method(method), theme)


def _bar(axis, place, values, baseline, colour, theme):
  """Draws one bar with the seeds as dots and the interval of their mean."""
  mean = values.mean()
  axis.bar(place, mean, _WIDTH, baseline, color=colour)
  spread = np.linspace(-0.3, 0.3, len(values)) * _WIDTH
  axis.plot(
      place + (spread if len(values) > 1 else 0),
      baseline + values,
      linestyle='',
      marker='o',
      markersize=2.6,
      markerfacecolor=theme.paper,
      markeredgecolor=theme.soft,
      markeredgewidth=0.5,
      zorder=4,
  )
  if len(values) > 1:
    low, high = comparison.interval(values)
    axis.errorbar(
        place,
        baseline + mean,
        [[mean - low], [high - mean]],
        color=theme.ink,
        capsize=3,
        linewidth=1.3,
        zorder=5,
    )


def _key(axis, metric, found, theme):
  """Explains the marks in a panel of its own."""
  axis.set_axis_off()
  counts = {
      len(found.errors(cell, method))
      for cell in found.cells()
      for method in rows.METHODS
  }
  seeds = '-'.join(str(n) for n in sorted({min(counts), max(counts)}))
  mean = 'the mean' if metric == 'test_mse' else 'a gradient of zero'
  handles = [
      *(
          patches.Patch(color=theme.method(m), label=style.LABELS[m])
          for m in rows.METHODS
      ),
      lines.Line2D([], [], color=theme.ink, label=f'predicting {mean}'),
      lines.Line2D(
          [],
          [],
          linestyle='',
          marker='o',
          markersize=4,
          markerfacecolor=theme.paper,
          markeredgecolor=theme.soft,
          label=f'a seed ({seeds} a bar)',
      ),
      lines.Line2D(
          [],
          [],
          linestyle='',
          marker='|',
          markersize=11,
          markeredgewidth=1.5,
          color=theme.ink,
          label='95 % interval of the mean',
      ),
  ]
  axis.legend(handles=handles, loc='center left', fontsize=10, borderpad=0)


def draw(
    results: pathlib.Path, scale: str, path: pathlib.Path
) -> None:
  """Writes the figure to a file.

  Args:
    results: the folder of the rows.
    scale: which of them to draw.
    path: the file; its suffix tells the format.

  Raises:
    ValueError: there are no rows of that scale.
  """
  networks = rows.read(results / 'figure2_networks.csv', rows.Network)
  baselines = rows.read(results / 'figure2_baselines.csv', rows.Baseline)
  chosen = [row for row in networks if row.scale == scale]
  style.save(make(chosen, baselines), path)
