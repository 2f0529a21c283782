"""Test error during training, which the paper does not show.

At equal steps both methods have seen the same points; at equal time Sobolev
Training also pays for its longer steps.
"""

from collections.abc import Sequence

from matplotlib import figure as figure_lib
from matplotlib import ticker
import numpy as np
from scipy import stats

from report import comparison
from report import rows
from report import style

# What the x axis may be, and what it is called.
_AXES = {
    'step': 'steps: both methods have seen the same points',
    'seconds': 'seconds of training for one network',
}


def make(
    points: Sequence[rows.CurvePoint],
    baselines: Sequence[rows.Baseline],
    axis: str = 'step',
    theme: style.Theme = style.LIGHT,
) -> figure_lib.Figure:
  """Draws a row of panels a function, a panel a training set's size.

  Args:
    points: the curves of one scale.
    baselines: the errors of predicting the mean, of each function at least.
    axis: step or seconds.
    theme: the colours.

  Returns:
    The figure, to be saved.

  Raises:
    ValueError: the curves are of several scales.
  """
  scale = rows.only_scale(points)
  means = {row.function: row.log_test_mse for row in baselines}
  names = rows.functions(points)
  sizes = sorted({row.size for row in points})
  with style.settings(theme):
    figure = figure_lib.Figure(
        (9, 1.75 * len(names) + 1.0), layout='constrained'
    )
    panels = figure.subplots(
        len(names), len(sizes), sharex=True, sharey='row', squeeze=False
    )
    for row, name in zip(panels, names, strict=True):
      for panel, size in zip(row, sizes, strict=True):
        for method in rows.METHODS:
          curve = [
              p
              for p in points
              if (p.function, p.size, p.method) == (name, size, method)
          ]
          _curve(panel, curve, axis, method, theme)
        panel.axhline(means[name], color=theme.ink, linewidth=0.9)
        panel.yaxis.set_major_locator(
            ticker.MaxNLocator(5, integer=True, min_n_ticks=3)
        )
      row[0].set_title(rows.title(name))
    for panel, size in zip(panels[0], sizes, strict=True):
      panel.set_title(f'{size:,} points', loc='right', fontweight='normal')
    panels[0][0].set_xscale('log')
    handles, labels = panels[0][0].get_legend_handles_labels()
    figure.legend(
        handles, labels, loc='outside upper right', ncols=2, fontsize=10
    )
    figure.suptitle(
        style.heading('Test error during training', scale), x=0.01, ha='left'
    )
    figure.supxlabel(_AXES[axis], fontsize=10, color=theme.soft)
    figure.supylabel(
        'log₁₀ of the mean squared error', fontsize=10, color=theme.soft
    )
    return figure


def _curve(panel, curve, axis, method, theme):
  """Draws the mean over the seeds and its confidence interval."""
  if not curve:
    return
  curve = sorted(curve, key=lambda p: p.step)
  x = [getattr(p, axis) for p in curve]
  mean = np.array([p.log_test_mse_mean for p in curve])
  colour = theme.method(method)
  label = style.LABELS[method]
  panel.plot(x, mean, color=colour, linewidth=1.7, label=label)
  half = np.array([_half_interval(p) for p in curve])
  panel.fill_between(
      x, mean - half, mean + half, color=colour, alpha=0.22, linewidth=0
  )


def _half_interval(point: rows.CurvePoint) -> float:
  if point.n < 2:
    return 0.0
  quantile = stats.t.ppf((1 + comparison.CONFIDENCE) / 2, point.n - 1)
  return quantile * point.log_test_mse_std / point.n**0.5
