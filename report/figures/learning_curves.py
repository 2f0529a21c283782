# SPDX-License-Identifier: Apache-2.0
"""Figure 2's test errors during training, which the paper does not show.

At equal steps both methods have seen the same points; at equal time Sobolev
Training also pays for its longer steps.
"""

import math

from matplotlib import figure as figure_lib
from matplotlib import ticker
import numpy as np

from report import effects as effects_lib
from report import names
from report import networks as networks_lib
from report.figures import style

# What the x axis may be, and what it is called.
_AXES = {
    'step': 'steps: both methods have seen the same points',
    'seconds': 'seconds of training for one network',
}


def make(
    networks: networks_lib.Networks, axis: str = 'step'
) -> figure_lib.Figure:
  """Draws a row of panels per function, a panel per training set size."""
  functions, sizes = networks.functions, networks.sizes
  with style.settings():
    figure = figure_lib.Figure((9, 1.75 * len(functions) + 1.0))
    panels = figure.subplots(
        len(functions), len(sizes), sharex=True, sharey='row', squeeze=False,
        gridspec_kw={'hspace': 0.28, 'wspace': 0.06},
    )
    style.margins(figure, left=0.75, right=0.15, bottom=0.6, top=0.75)
    for row, function in zip(panels, functions, strict=True):
      row[0].set_title(names.title(function))
      for panel, size in zip(row, sizes, strict=True):
        cell = networks_lib.Cell(function, size)
        for arm in (networks_lib.REGULAR, networks_lib.SOBOLEV):
          _curve(panel, networks.curves(cell, arm), axis, arm.method)
        if function in networks.baselines:
          mean = networks.baselines[function].test_mse
          panel.axhline(math.log10(mean), color=style.INK, linewidth=0.9)
        panel.yaxis.set_major_locator(
            ticker.MaxNLocator(5, integer=True, min_n_ticks=3)
        )
    for panel, size in zip(panels[0], sizes, strict=True):
      panel.set_title(f'{size:,} points', loc='right', fontweight='normal')
    panels[0][0].set_xscale('log')
    left, right = panels[0][0].get_xlim()
    style.decades(panels[0][0].xaxis, right / left)
    style.legend(figure, panels.flat, loc='upper right')
    style.title(
        figure, 'Test error during training', networks.scale,
        x=_AXES[axis], y='log₁₀ of the mean squared error',
    )
    return figure


def _curve(panel, seeds, axis, method):
  """Draws the mean over the seeds and its confidence interval."""
  by_step = {}
  for curve in seeds.values():
    for row in curve:
      by_step.setdefault(row.step, []).append(row)
  steps = [rows for _, rows in sorted(by_step.items())]
  x = [np.mean([getattr(row, axis) for row in rows]) for rows in steps]
  effects = [
      effects_lib.paired([math.log10(row.test_mse) for row in rows])
      for rows in steps
  ]
  band = [e.low for e in effects], [e.high for e in effects]
  style.curve(
      panel, x, [e.value for e in effects], band if len(seeds) > 1 else None,
      names.title(method), style.METHODS[method],
  )
