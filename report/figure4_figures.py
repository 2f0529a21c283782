"""Figure 4: distillation of Atari policies.

As in the paper, a row is a game and a column a percentage of the recorded
states: left, how often the most probable action is another than the teacher's;
right, the divergence from the teacher. A line is the mean over the seeds, and
its band that mean's confidence interval.
"""

from collections.abc import Sequence
import pathlib

from matplotlib import figure as figure_lib
from matplotlib import ticker
import numpy as np

from report import comparison
from report import figure4_rows
from report import rows
from report import seed_runs
from report import style

# The blocks from the left: the column of `Curve`, what it is called, and what
# to multiply it by.
_BLOCKS = (
    ('action_error', 'Test action prediction error in %', 100),
    ('test_kl', 'Test KL divergence in nats', 1),
)

# A panel has room for what comes after this share of the updates: before, a
# student is as bad as chance has it, and would make all that follows look flat.
_LATE = 0.05

_ROOM = 1.15  # Between the lines and a logarithmic panel's edges.


def make(
    points: Sequence[figure4_rows.Curve], theme: style.Theme = style.LIGHT
) -> figure_lib.Figure:
  """Draws both blocks.

  Args:
    points: of one scale.
    theme: the colours.

  Returns:
    The figure, to be saved.

  Raises:
    ValueError: the points are of several scales, or there are none.
  """
  scale = rows.only_scale(points)
  games = figure4_rows.games(points)
  percents = sorted({point.percent for point in points})
  with style.settings(theme):
    figure = figure_lib.Figure(
        (1.6 + max(5.4, 3.3 * len(percents)), 1.5 + 1.6 * len(games)),
        layout='constrained',
    )
    blocks = figure.subfigures(1, len(_BLOCKS), wspace=0.03)
    for block, (metric, title, factor) in zip(blocks, _BLOCKS, strict=True):
      grid = block.subplots(
          len(games), len(percents), sharex=True, sharey='row', squeeze=False
      )
      _block(grid, points, metric, factor, theme)
      block.suptitle(title, fontsize=11, color=theme.ink)
    _legend(figure, block, theme)
    figure.suptitle(style.heading('Distillation', scale), x=0.01, ha='left')
    figure.supxlabel(_explained(points), fontsize=10, color=theme.soft)
    return figure


def _explained(points) -> str:
  """The x axis, and what lines and bands are."""
  cells = {(point.game, point.percent, point.method) for point in points}
  counts = [len(_runs(points, *cell)) for cell in cells]
  told = seed_runs.told(counts)
  if max(counts) == 1:
    return f'updates; {told}'
  return (
      f'updates; a line is the mean over {told}, its band the 95 % confidence '
      'interval of the mean'
  )


def _runs(points, game, percent, method) -> list[list[figure4_rows.Curve]]:
  chosen = [p for p in points if (p.game, p.percent) == (game, percent)]
  return seed_runs.of_method(chosen, method)


def _block(grid, points, metric, factor, theme):
  """Draws one metric, multiplied by a factor, in a grid of panels."""
  games = figure4_rows.games(points)
  percents = sorted({point.percent for point in points})
  last = max(point.step for point in points)
  spans = []
  for row, game in zip(grid, games, strict=True):
    drawn = []
    for panel, percent in zip(row, percents, strict=True):
      for method in figure4_rows.METHODS:
        runs = _runs(points, game, percent, method)
        x, values = seed_runs.aligned(runs, 'step', metric)
        if len(x):
          bounds = _line(panel, x, factor * values, method, theme)
          drawn.append(bounds[:, x >= min(_LATE * last, x[-1])])
    row[0].set_ylabel(
        figure4_rows.game_title(game), color=theme.ink, fontweight='bold'
    )
    spans.append(_span(drawn))
  for panel, percent in zip(grid[0], percents, strict=True):
    panel.set_title(
        f'{percent:g} % of the states',
        loc='center',
        fontsize=10,
        fontweight='normal',
    )
  _scales(grid, spans, metric == 'test_kl')
  _updates(grid[0, 0])


def _updates(panel):
  """The x axis, which all panels of a block share."""
  panel.set_xlim(left=0)
  panel.xaxis.set_major_locator(
      ticker.MaxNLocator(3, steps=[1, 2, 5, 10], integer=True)
  )
  panel.xaxis.set_major_formatter(ticker.EngFormatter(sep=''))


def _line(panel, x, values, method, theme) -> np.ndarray:
  """Draws a method in a panel; returns its line and its band's top, [2, E]."""
  colour, mean = theme.method(method), values.mean(0)
  panel.plot(
      x,
      mean,
      color=colour,
      linewidth=1.7,
      marker='o' if len(x) == 1 else '',
      markersize=4,
      label=style.LABELS[method],
  )
  if len(values) == 1:
    return np.array([mean, mean])
  # A mean of what is never negative is not negative either.
  low, high = np.maximum(
      [comparison.interval(seeds) for seeds in values.T], 0
  ).T
  panel.fill_between(x, low, high, color=colour, alpha=0.22, linewidth=0)
  return np.array([mean, high])


def _span(drawn) -> tuple[float, float]:
  """The least and the greatest of some values above zero."""
  values = np.concatenate(drawn, axis=None)
  positive = values[values > 0]
  return (positive.min(), positive.max()) if len(positive) else (1.0, 1.0)


def _scales(grid, spans, may_be_log):
  """Gives the panels of a row the same y axis, of the same kind in all rows."""
  log = may_be_log and any(high >= 10 * low for low, high in spans)
  for row, (low, high) in zip(grid, spans, strict=True):
    if log:
      # Less than a decade has too few labels, and looks like more.
      low, high = min(low, high / 10) / _ROOM, high * _ROOM
      row[0].set_yscale('log')
      row[0].set_ylim(low, high)
      style.decades(row[0].yaxis, high / low)
    else:
      row[0].set_ylim(0, 1.05 * high)
      row[0].yaxis.set_major_locator(ticker.MaxNLocator(4))


def _legend(figure, block, theme):
  """A line a method, beside the title."""
  handles = {}
  for panel in block.axes:
    for handle, label in zip(*panel.get_legend_handles_labels(), strict=True):
      handles.setdefault(label, handle)
  labels = [label for label in style.LABELS.values() if label in handles]
  figure.legend(
      [handles[label] for label in labels],
      labels,
      loc='upper right',
      ncols=len(labels),
      fontsize=10,
  )


def draw(results: pathlib.Path, scale: str, path: pathlib.Path) -> None:
  """Writes the figure to a file.

  Args:
    results: the folder of the rows.
    scale: which of them to draw.
    path: the file; its suffix tells the format.

  Raises:
    ValueError: there are no rows of that scale.
    UserError: the rows are broken.
  """
  points = figure4_rows.read_curves(results)
  style.save(make([p for p in points if p.scale == scale]), path)
