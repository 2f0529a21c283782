"""Figure 3: a function and its models, with the gradients' vector fields.

Left the function, then for each number of training points the regular and the
Sobolev network's surface. Underneath each, its gradient: arrows have the
direction of the gradient, and a length that grows with the square root of its
norm, so that flat places show too. Dots are the training points.
"""

from collections.abc import Sequence
import pathlib

from matplotlib import colors
from matplotlib import figure as figure_lib
from mpl_toolkits.mplot3d import art3d
import numpy as np

from report import rows
from report import style

_FLOOR = 0.95  # How far below the surfaces, of their height.
_ARROWS = 13  # Along each side.
_DOTS = '#d55e00'  # Neither method's colour, and far from viridis.


def make(
    grid: Sequence[rows.GridPoint],
    points: Sequence[rows.TrainingPoint],
    theme: style.Theme = style.LIGHT,
) -> figure_lib.Figure:
  """Draws the figure.

  Args:
    grid: of one function and one scale: the panels truth (size 0), and regular
      and sobolev of each size, all on the same square grid.
    points: the training points; those of others than these are left out.
    theme: the colours.

  Returns:
    The figure, to be saved.

  Raises:
    ValueError: the rows are of several functions or scales, or not a grid.
  """
  scale = rows.only_scale(grid)
  names = rows.functions(grid)
  if len(names) != 1:
    raise ValueError(f'grid: expected one function, got {", ".join(names)}')
  panels = {
      key: _arrays(key, [r for r in grid if (r.panel, r.size) == key])
      for key in dict.fromkeys((row.panel, row.size) for row in grid)
  }
  truth = panels.pop(('truth', 0))
  sizes = sorted({size for _, size in panels})
  with style.settings(theme):
    figure = figure_lib.Figure((11, 3.9 * len(sizes) + 0.5))
    figure.suptitle(
        style.heading(f'{rows.title(names[0])} and its models', scale),
        x=0.01,
        ha='left',
    )
    figure.text(
        0.01,
        0.93,
        'Underneath: the gradient (length: square root\n'
        'of its norm) and the training points.',
        va='top',
        color=theme.soft,
    )
    layout = figure.add_gridspec(
        len(sizes), 3, left=0.02, right=0.98, bottom=0.04, top=0.92, wspace=0.02
    )
    axis = figure.add_subplot(layout[:, 0], projection='3d')
    axis.set_title('The function', y=1.03, loc='center')
    _panel(axis, truth, truth, [], theme)
    for (method, size), panel in panels.items():
      place = layout[sizes.index(size), 1 + rows.METHODS.index(method)]
      axis = figure.add_subplot(place, projection='3d')
      label = f'{style.LABELS[method]}, {size:,} points'
      axis.set_title(label, y=1.03, loc='center')
      cell = (scale, names[0], size)
      seen = [p for p in points if (p.scale, p.function, p.size) == cell]
      _panel(axis, panel, truth, seen, theme)
    return figure


def _arrays(key, found) -> dict[str, np.ndarray]:
  """The columns of one panel as matrices, x1 along the first axis."""
  found = sorted(found, key=lambda row: (row.x1, row.x2))
  side = len({row.x1 for row in found})
  if side**2 != len(found) or len({row.x2 for row in found}) != side:
    raise ValueError(
        f'panel {key[0]} of size {key[1]}: expected a square grid, got '
        f'{len(found)} points'
    )
  return {
      name: np.array([getattr(row, name) for row in found]).reshape(side, side)
      for name in ('x1', 'x2', 'value', 'g1', 'g2')
  }


def _panel(axis, panel, truth, seen, theme):
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
  strongest = np.hypot(truth['g1'], truth['g2']).max()
  _field(axis, panel, floor, strongest, theme)
  if seen:
    x1, x2 = zip(*((point.x1, point.x2) for point in seen), strict=True)
    axis.scatter(x1, x2, floor, s=6, color=_DOTS, depthshade=False)
  for side in (axis.xaxis, axis.yaxis):
    side.set_pane_color((0, 0, 0, 0))
  axis.zaxis.set_pane_color(colors.to_rgba(theme.faint, 0.45))
  for side in (axis.xaxis, axis.yaxis, axis.zaxis):
    side.line.set_color(theme.soft)
  axis.grid(False)
  axis.set_xlim(truth['x1'].min(), truth['x1'].max())
  axis.set_ylim(truth['x2'].min(), truth['x2'].max())
  axis.set_zlim(floor, high + 6 * margin)
  axis.set_box_aspect((1, 1, 1.05), zoom=1.22)
  axis.view_init(elev=24, azim=-58)
  axis.tick_params(labelsize=7, pad=-3)
  axis.locator_params(nbins=4, prune='both')
  axis.zaxis.set_ticks([])


def _field(axis, panel, floor, strongest, theme):
  """Draws arrows on the floor."""
  side = len(panel['x1'])
  chosen = np.unique(np.linspace(0, side - 1, _ARROWS + 2)[1:-1].round())
  pick = np.ix_(*[chosen.astype(int)] * 2)
  tail = np.stack([panel['x1'][pick], panel['x2'][pick]], -1).reshape(-1, 2)
  slope = np.stack([panel['g1'][pick], panel['g2'][pick]], -1).reshape(-1, 2)
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
          on_floor(np.stack([start, neck], 1)), color=theme.ink, linewidth=0.7
      )
  )
  axis.add_collection3d(
      art3d.Poly3DCollection(on_floor(heads), color=theme.ink, linewidth=0)
  )


def draw(
    results: pathlib.Path, scale: str, function: str, path: pathlib.Path
) -> None:
  """Writes the figure to a file.

  Args:
    results: the folder of the rows.
    scale: which of them to draw.
    function: whose surfaces.
    path: the file; its suffix tells the format.

  Raises:
    ValueError: there are no rows of that function and scale.
  """
  grid = rows.read(results / 'figure3.csv', rows.GridPoint)
  points = rows.read(results / 'figure3_points.csv', rows.TrainingPoint)
  wanted = (scale, function)
  chosen = [row for row in grid if (row.scale, row.function) == wanted]
  style.save(make(chosen, points), path)
