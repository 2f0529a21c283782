"""Table 1 during training: test accuracy, and the modules' gradients.

The paper shows neither. A line is the mean over the seeds, and its band reaches
from the lowest to the highest of them.
"""

from collections.abc import Sequence
import pathlib

from matplotlib import figure as figure_lib
from matplotlib import ticker
import numpy as np

from report import rows
from report import seed_runs
from report import style
from report import table1_rows

# From the best to the worst that the paper has, as lines lie in a panel.
_ORDER = (
    'backprop',
    'sobolev',
    'critic',
    'vfbn',
    'direct_sg_plain',
    'direct_sg',
    'noprop',
)

# The columns of `Alignment` that are drawn, and what they are called.
_METRICS = {
    'cosine': 'cosine',
    'norm_ratio': 'ratio of norms',
    'loss_error': 'error of the loss',
}

# What a perfect synthetic gradient has.
_PERFECT = {'cosine': 1.0, 'norm_ratio': 1.0}

_LOG = ('norm_ratio', 'loss_error')

_LEAST_WIDTH = 7.0  # In inches; a title has room beside the legend.


def make_curves(
    points: Sequence[table1_rows.Curve], theme: style.Theme = style.LIGHT
) -> figure_lib.Figure:
  """Draws the test accuracy over epochs, a panel a case.

  Args:
    points: of one scale.
    theme: the colours.

  Returns:
    The figure, to be saved.

  Raises:
    ValueError: the points are of several scales, or there are none.
  """
  scale = rows.only_scale(points)
  cases = table1_rows.cases(points)
  with style.settings(theme):
    figure = figure_lib.Figure(
        (max(_LEAST_WIDTH, 1.9 + 3.6 * len(cases)), 3.9), layout='constrained'
    )
    panels = figure.subplots(1, len(cases), squeeze=False)[0]
    for panel, case in zip(panels, cases, strict=True):
      chosen = [point for point in points if point.case == case]
      _lines(panel, chosen, 'top1', theme)
      panel.set_title(table1_rows.case_title(case))
      panel.set_title(_count(chosen), loc='right', fontweight='normal')
      _epochs(panel)
    _legend(figure, panels, theme)
    _title(figure, 'Test accuracy during training', scale)
    figure.supxlabel('epochs', fontsize=10, color=theme.soft)
    figure.supylabel('top-1 accuracy in %', fontsize=10, color=theme.soft)
    return figure


def _count(points) -> str:
  """How many seeds the methods have."""
  return seed_runs.told(
      len(seed_runs.of_method(points, method))
      for method in table1_rows.methods(points)
  )


def make_alignment(
    points: Sequence[table1_rows.Alignment],
    theme: style.Theme = style.LIGHT,
) -> figure_lib.Figure:
  """Draws a row of panels a case and metric, a column a split.

  Args:
    points: of one scale.
    theme: the colours.

  Returns:
    The figure, to be saved.

  Raises:
    ValueError: the points are of several scales, or there are none.
  """
  scale = rows.only_scale(points)
  cases = table1_rows.cases(points)
  splits = sorted({point.split for point in points})
  with style.settings(theme):
    figure = figure_lib.Figure(
        (max(_LEAST_WIDTH, 1.9 + 2.9 * len(splits)), 0.9 + 5 * len(cases)),
        layout='constrained',
    )
    grid = figure.subplots(
        len(cases) * len(_METRICS), len(splits), squeeze=False
    )
    blocks = np.split(grid, len(cases))
    for case, block in zip(cases, blocks, strict=True):
      _block(block, [p for p in points if p.case == case], splits, theme)
      block[0, 0].set_title(table1_rows.case_title(case))
    figure.align_ylabels()
    _legend(figure, grid.flat, theme)
    _title(figure, 'Synthetic and true gradients', scale)
    figure.supxlabel('epochs', fontsize=10, color=theme.soft)
    return figure


def _block(block, points, splits, theme):
  """Draws one case."""
  *_, last = _METRICS
  for row, metric in zip(block, _METRICS, strict=True):
    shown = []
    for panel, split in zip(row, splits, strict=True):
      chosen = [point for point in points if point.split == split]
      if not chosen:
        panel.set_axis_off()
        continue
      shown.append(panel)
      if metric in _LOG:
        panel.set_yscale('log')
      if metric in _PERFECT:
        panel.axhline(_PERFECT[metric], color=theme.ink, linewidth=0.9)
      _lines(panel, chosen, metric, theme)
      _epochs(panel)
      if metric == 'cosine':
        panel.set_title(f'split {split}', loc='right', fontweight='normal')
    lows, highs = zip(*(panel.get_ylim() for panel in shown), strict=True)
    for panel in shown:
      panel.set_ylim(min(lows), max(highs))
      if metric in _LOG:
        style.decades(panel.yaxis, max(highs) / min(lows))
      panel.tick_params(
          labelleft=panel is shown[0], labelbottom=metric == last
      )
    shown[0].set_ylabel(_METRICS[metric])


def _lines(panel, points, metric, theme):
  """Draws a line a method, and the range of its seeds."""
  for method in _ORDER:
    runs = seed_runs.of_method(points, method)
    x, values = seed_runs.aligned(runs, 'epoch', metric)
    if not np.isfinite(values).any():
      continue
    colour = theme.method(method)
    (line,) = panel.plot(
        x,
        values.mean(0),
        color=colour,
        linewidth=2.1 if method == 'sobolev' else 1.5,
        marker='o' if len(x) == 1 else '',
        markersize=4,
        label=table1_rows.METHODS[method],
    )
    if method in style.DASHES:
      line.set_dashes(style.DASHES[method])
    if len(values) > 1:
      low, high = values.min(0), values.max(0)
      panel.fill_between(x, low, high, color=colour, alpha=0.2, linewidth=0)


def _epochs(panel):
  panel.set_xlim(left=0)
  panel.xaxis.set_major_locator(ticker.MaxNLocator(6, integer=True))


def _legend(figure, panels, theme):
  """A line a method that is in any of the panels."""
  handles = {}
  for panel in panels:
    for handle, label in zip(*panel.get_legend_handles_labels(), strict=True):
      handles.setdefault(label, handle)
  labels = [
      label for m in _ORDER if (label := table1_rows.METHODS[m]) in handles
  ]
  legend = figure.legend(
      [handles[label] for label in labels],
      labels,
      loc='outside right upper',
      fontsize=9.5,
      handlelength=2.8,
      title='mean and range\nof the seeds',
      title_fontsize=8.5,
      alignment='left',
  )
  legend.get_title().set_color(theme.soft)


def _title(figure, text, scale):
  figure.suptitle(style.heading(text, scale), x=0.01, ha='left')


def draw_curves(results: pathlib.Path, scale: str, path: pathlib.Path) -> None:
  """Writes the figure of the accuracies to a file.

  Args:
    results: the folder of the rows.
    scale: which of them to draw.
    path: the file; its suffix tells the format.

  Raises:
    ValueError: there are no rows of that scale.
    UserError: the rows are broken.
  """
  points = table1_rows.read_curves(results)
  style.save(make_curves([p for p in points if p.scale == scale]), path)


def draw_alignment(
    results: pathlib.Path, scale: str, path: pathlib.Path
) -> None:
  """Writes the figure of the synthetic gradients, as `draw_curves` does."""
  points = table1_rows.read_alignment(results)
  style.save(make_alignment([p for p in points if p.scale == scale]), path)
