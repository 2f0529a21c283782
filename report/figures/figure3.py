# SPDX-License-Identifier: Apache-2.0
"""Figure 3: a function and its models, with the gradients' vector fields.

Left the function, then for each number of training points the regular and the
Sobolev network's surface. Underneath each, its gradient: arrows have the
direction of the gradient, and a length that grows with the square root of its
norm, so that flat places show too. Dots are the training points.
"""

from collections.abc import Sequence

from matplotlib import colors
from matplotlib import figure as figure_lib
from mpl_toolkits.mplot3d import art3d
import numpy as np

from report import names
from report.figures import style
from report.rows import regression

_FLOOR = 0.95  # How far below the surfaces, of their height.
_ARROWS = 13  # Along each side.
_TRUTH = ('truth', 0)  # The panel of the function itself, of no points.
_TITLE = 1.08  # How high a panel's title is, above the corners of a surface.
_DOTS = '#d55e00'  # Neither method's colour, and far from viridis.


def make(
    grid: Sequence[regression.SurfacePoint],
    points: Sequence[regression.TrainingPoint],
) -> figure_lib.Figure:
  """Draws the figure.

  Args:
    grid: of one function and one scale, for which `is_complete`.
    points: the training points; those of others than these are left out.
  """
  scale, function = grid[0][:2]
  panels = _panels(grid)
  truth = panels.pop(_TRUTH)
  sizes = sorted({size for _, size in panels})
  with style.settings():
    height = 3.9 * len(sizes) + 0.7
    figure = figure_lib.Figure((11, height))
    style.title(figure, f'{names.title(function)} and its models', scale)
    figure.text(
        0.01,
        0.1 / height,
        'underneath: the gradient (length: square root of its norm) and the '
        'training points',
        color=style.SOFT,
    )
    layout = figure.add_gridspec(
        len(sizes), 3, left=0.02, right=0.98, bottom=0.04 + 0.2 / height,
        top=0.92, wspace=0.02,
    )
    axis = figure.add_subplot(layout[:, 0], projection='3d')
    axis.set_title('The function', y=_TITLE, loc='center')
    _panel(axis, truth, truth, [])
    for (method, size), panel in panels.items():
      place = layout[sizes.index(size), 1 + list(names.METHODS).index(method)]
      axis = figure.add_subplot(place, projection='3d')
      label = f'{names.title(method)}, {size:,} points'
      axis.set_title(label, y=_TITLE, loc='center')
      cell = (scale, function, size)
      seen = [p for p in points if p[:3] == cell]
      _panel(axis, panel, truth, seen)
    return figure


def is_complete(grid: Sequence[regression.SurfacePoint]) -> bool:
  """Whether rows of one function have the function itself and a model of it."""
  panels = _panels(grid)
  return _TRUTH in panels and len(panels) > 1


def _panels(grid) -> dict[tuple[str, int], dict[str, np.ndarray]]:
  """The panels by what they show; those on no square grid are left out."""
  rows = {}
  for row in grid:
    if row.panel in names.METHODS or (row.panel, row.size) == _TRUTH:
      rows.setdefault((row.panel, row.size), []).append(row)
  found = {key: _arrays(panel) for key, panel in rows.items()}
  return {key: arrays for key, arrays in found.items() if arrays}


def _arrays(found) -> dict[str, np.ndarray]:
  """The columns of one panel as matrices, x1 along the first axis."""
  found = sorted(found, key=lambda row: (row.x1, row.x2))
  side = len({row.x1 for row in found})
  if side**2 != len(found) or len({row.x2 for row in found}) != side:
    return {}
  columns = {
      name: np.array([getattr(row, name) for row in found], np.float64)
      for name in ('x1', 'x2', 'value', 'g1', 'g2')
  }
  return {k: v.reshape(side, side) for k, v in columns.items()}


def _panel(axis, panel, truth, seen):
  """Draws one surface, and its gradients underneath."""
  low, high = truth['value'].min(), truth['value'].max()
  margin = 0.03 * (high - low)
  floor = low - _FLOOR * (high - low)
  axis.plot_surface(
      panel['x1'],
      panel['x2'],
      panel['value'].clip(low - margin, high + margin),
      cmap='viridis',
      vmin=low,
      vmax=high,
      rcount=60,
      ccount=60,
      linewidth=0.15,
      edgecolor='#00000030',
      antialiased=True,
  )
  strongest = np.nanmax(np.hypot(truth['g1'], truth['g2']))
  _field(axis, panel, floor, strongest)
  if seen:
    x1, x2 = zip(*((point.x1, point.x2) for point in seen), strict=True)
    axis.scatter(x1, x2, floor, s=6, color=_DOTS, depthshade=False)
  for side in (axis.xaxis, axis.yaxis):
    side.set_pane_color((0, 0, 0, 0))
  axis.zaxis.set_pane_color(colors.to_rgba(style.FAINT, 0.45))
  for side in (axis.xaxis, axis.yaxis, axis.zaxis):
    side.line.set_color(style.SOFT)
  axis.grid(False)
  axis.set_xlim(truth['x1'].min(), truth['x1'].max())
  axis.set_ylim(truth['x2'].min(), truth['x2'].max())
  axis.set_zlim(floor, high + 6 * margin)
  axis.set_box_aspect((1, 1, 1.05), zoom=1.22)
  axis.view_init(elev=24, azim=-58)
  axis.tick_params(labelsize=7, pad=-3)
  axis.locator_params(nbins=4, prune='both')
  axis.zaxis.set_ticks([])


def _field(axis, panel, floor, strongest):
  """Draws arrows on the floor."""
  side = len(panel['x1'])
  chosen = np.unique(np.linspace(0, side - 1, _ARROWS + 2)[1:-1].round())
  pick = np.ix_(*[chosen.astype(int)] * 2)
  tail = np.stack([panel['x1'][pick], panel['x2'][pick]], -1).reshape(-1, 2)
  slope = np.stack([panel['g1'][pick], panel['g2'][pick]], -1).reshape(-1, 2)
  there = np.isfinite(slope).all(-1)  # Not at a kink.
  tail, slope = tail[there], slope[there]
  norm = np.linalg.norm(slope, axis=-1, keepdims=True)
  longest = np.ptp(panel['x1']) / _ARROWS * 1.25
  length = longest * np.sqrt(np.minimum(norm / strongest, 1))
  arrow = slope / np.maximum(norm, 1e-12) * length
  across = np.stack([-arrow[:, 1], arrow[:, 0]], -1)
  start, tip = tail - arrow / 2, tail + arrow / 2
  neck = tip - 0.42 * arrow
  heads = np.stack([tip, neck + 0.22 * across, neck - 0.22 * across], 1)

  def on_floor(shapes):
    height = np.full((*shapes.shape[:2], 1), floor)
    return np.concatenate([shapes, height], -1)

  axis.add_collection3d(
      art3d.Line3DCollection(
          on_floor(np.stack([start, neck], 1)), color=style.INK, linewidth=0.7
      )
  )
  axis.add_collection3d(
      art3d.Poly3DCollection(on_floor(heads), color=style.INK, linewidth=0)
  )
