# SPDX-License-Identifier: Apache-2.0
"""Maps of where Sobolev Training helps: colour is log10 of the ratio of errors.

A number above 0 (blue) says that the regular error is that many orders of
magnitude larger. Numbers in bold are significant: a paired t-test over the
seeds, at 5 %, cell by cell, not corrected for their number.
"""

from collections.abc import Mapping
import math

from matplotlib import figure as figure_lib
import numpy as np

from report import effects as effects_lib
from report import names
from report import networks as networks_lib
from report import verdicts
from report.figures import style

_LIMIT = 1.5  # Orders of magnitude at which colours end.
_COLUMNS = 16  # That fit a map over steps.
_FEW = 2  # Cells for which a column of their own is too much.


def over_steps(networks: networks_lib.Networks) -> figure_lib.Figure:
  """The verdict map: a row per cell of Figure 2, a column per evaluation."""
  by_step = [networks.effects_by_step(cell) for cell in networks.cells]
  steps = sorted(set().union(*by_step))
  count = min(_COLUMNS, len(steps))
  places = np.linspace(0, len(steps) - 1, count).round().astype(int)
  shown = [steps[place] for place in places]
  effects = [[of.get(step, ()) for step in shown] for of in by_step]
  with style.settings():
    figure = figure_lib.Figure(
        (2.9 + 0.5 * max(8, len(shown)), 1.6 + 0.27 * max(8, len(effects))),
        layout='constrained',
    )
    axis = figure.subplots()
    _map(figure, axis, effects)
    _rows(axis, networks.cells)
    axis.set_xticks(
        range(len(shown)), [f'{step:,}' for step in shown], rotation=60,
        ha='right', rotation_mode='anchor',
    )
    axis.set_xlabel('training steps')
    style.title(figure, 'Where Sobolev Training helps', networks.scale)
    return figure


def over_recipes(
    recipes: Mapping[str, networks_lib.Networks],
) -> figure_lib.Figure:
  """What settings do: a column per recipe and gradient term.

  The left panel has the networks' last step, the right one their errors with
  early stopping. Recipes of one or two functions and sizes are left out where
  there are others.
  """
  columns = [
      (name, networks, arm)
      for name, networks in recipes.items()
      for arm in networks.arms
      if arm != networks_lib.REGULAR
  ]
  many = [one for one in columns if len(one[1].cells) > _FEW]
  columns = many or columns
  cells = networks_lib.ordered(
      cell for _, networks, _ in columns for cell in networks.cells
  )
  with style.settings():
    figure = figure_lib.Figure(
        (3.4 + 1.1 * max(3, len(columns)), 3.2 + 0.27 * len(cells)),
        layout='constrained',
    )
    panels = figure.subplots(1, 2, sharey=True)
    for panel, when in zip(
        panels, (networks_lib.LAST, networks_lib.EARLY), strict=True
    ):
      effects = [
          [
              list(networks.effects(cell, when, arm).values())
              for _, networks, arm in columns
          ]
          for cell in cells
      ]
      _map(figure, panel, effects, bar=panel is panels[-1])
      panel.set_title(when.capitalize(), fontsize=10)
      labels = [_label(name, arm) for name, _, arm in columns]
      panel.set_xticks(
          range(len(columns)), labels, rotation=60, ha='right',
          rotation_mode='anchor',
      )
      _rows(panel, cells)
    style.title(figure, 'What the settings do')
    return figure


def _label(recipe: str, arm: networks_lib.Arm) -> str:
  words = [recipe]
  if arm.gradient_weight != networks_lib.SOBOLEV.gradient_weight:
    words.append(f'weight {arm.gradient_weight:g}')
  if arm.distance != networks_lib.SOBOLEV.distance:
    words.append(arm.distance)
  return ', '.join(words)


def _rows(axis, cells):
  axis.set_yticks(
      range(len(cells)),
      [f'{names.title(c.function)}, {c.size:,}' for c in cells],
  )
  for index in range(1, len(cells)):
    if cells[index].function != cells[index - 1].function:
      axis.axhline(index - 0.5, color=style.PAPER, linewidth=3)


def _map(figure, axis, effects, bar=True):
  """Draws a map with its numbers, the means of each cell's effects."""
  values = np.array([
      [np.mean(cell) if len(cell) else math.nan for cell in row]
      for row in effects
  ]).reshape(len(effects), -1)
  image = axis.imshow(
      values, cmap='RdBu', vmin=-_LIMIT, vmax=_LIMIT, aspect='auto'
  )
  for (y, x), value in np.ndenumerate(values):
    if math.isnan(value):
      continue
    effect = effects_lib.paired(effects[y][x])
    axis.text(
        x,
        y,
        '0.0' if abs(value) < 0.05 else f'{value:+.1f}'.replace('-', '−'),
        ha='center',
        va='center',
        fontsize=7,
        fontweight='bold' if effect.p <= verdicts.ALPHA else 'normal',
        color=style.PAPER if abs(value) > 0.75 * _LIMIT else style.INK,
    )
  axis.grid(False)
  axis.tick_params(length=0)
  for spine in axis.spines.values():
    spine.set_visible(False)
  if bar:
    figure.colorbar(
        image, ax=axis, label='log₁₀ regular / Sobolev test error', pad=0.02
    ).outline.set_visible(False)
