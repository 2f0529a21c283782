# SPDX-License-Identifier: Apache-2.0
"""Table 1 during training: test accuracy, and the modules' gradients.

The paper shows neither. A line is the mean over the seeds, and its band reaches
from the lowest to the highest of them.
"""

from collections.abc import Iterable
from collections.abc import Sequence
import math

from matplotlib import figure as figure_lib
from matplotlib import ticker
import numpy as np

from report import methods as methods_lib
from report import names
from report.figures import style
from report.rows import synthetic_gradients

# What is drawn of a synthetic gradient, and what it is called.
_ALIGNED = {
    'cosine': 'cosine',
    'norm_ratio': 'ratio of norms',
    'loss_error': 'error of the loss',
    'pull': 'pull of the gradient\nover the loss term',
}
_PERFECT = {'cosine': 1.0, 'norm_ratio': 1.0}  # Of the true gradient.
_LOG = ('norm_ratio', 'loss_error', 'pull')

_LEAST_WIDTH = 7.0  # In inches; a title has room beside the legend.


def make_curves(
    rows: Sequence[synthetic_gradients.Accuracy], methods: methods_lib.Methods
) -> figure_lib.Figure:
  """Draws the test accuracy at one scale over epochs, a panel per case."""
  cases = names.ordered((row.case for row in rows), names.CASES)
  with style.settings():
    figure = figure_lib.Figure(
        (max(_LEAST_WIDTH, 1.9 + 3.6 * len(cases)), 3.9), layout='constrained'
    )
    panels = figure.subplots(1, len(cases), squeeze=False)[0]
    for panel, case in zip(panels, cases, strict=True):
      chosen = [row for row in rows if row.case == case]
      _lines(panel, chosen, 'top1', methods)
      panel.set_title(names.title(case))
      _epochs(panel)
    _legend(figure, panels)
    style.title(
        figure, 'Test accuracy during training', rows[0].scale,
        x='epochs', y='top-1 accuracy in %',
    )
    return figure


def make_alignment(
    rows: Sequence[synthetic_gradients.Alignment], methods: methods_lib.Methods
) -> figure_lib.Figure:
  """Draws a scale: a row of panels per case and metric, a column per split."""
  cases = names.ordered((row.case for row in rows), names.CASES)
  splits = sorted({row.split for row in rows})
  blocks = [
      (case, metric, mine)
      for case in cases
      for metric in _ALIGNED
      if (mine := [r for r in rows if r.case == case])
      and any(_value(row, metric) is not None for row in mine)
  ]
  with style.settings():
    figure = figure_lib.Figure((
        max(_LEAST_WIDTH, 2.85 + 2.6 * len(splits)),
        1.3 + 1.65 * max(1, len(blocks)),
    ))
    grid = figure.subplots(
        max(1, len(blocks)), len(splits), squeeze=False,
        gridspec_kw={'hspace': 0.45, 'wspace': 0.06},
    )
    style.margins(figure, left=1.0, right=1.85, bottom=0.6, top=0.7)
    above = None
    for row, (case, metric, mine) in zip(grid, blocks, strict=False):
      _aligned(row, mine, splits, metric, methods)
      if case != above:
        row[0].set_title(names.title(case))
        for panel, split in zip(row, splits, strict=True):
          if panel.axison:
            panel.set_title(f'split {split}', loc='right', fontweight='normal')
      above = case
    figure.align_ylabels()
    _legend(figure, grid.flat, loc='upper right')
    style.title(
        figure, 'Synthetic and true gradients', rows[0].scale, x='epochs'
    )
    return figure


def _aligned(panels, rows, splits, metric, methods):
  """Draws one metric of one case."""
  shown = []
  for panel, split in zip(panels, splits, strict=True):
    chosen = [row for row in rows if row.split == split]
    if not chosen:
      panel.set_axis_off()
      continue
    shown.append(panel)
    if metric in _LOG:
      panel.set_yscale('log')
    if metric in _PERFECT:
      panel.axhline(_PERFECT[metric], color=style.INK, linewidth=0.9)
    _lines(panel, chosen, metric, methods)
    _epochs(panel)
  lows, highs = zip(*(panel.get_ylim() for panel in shown), strict=True)
  for panel in shown:
    panel.set_ylim(min(lows), max(highs))
    if metric in _LOG:
      style.decades(panel.yaxis, max(highs) / min(lows))
    panel.tick_params(labelleft=panel is shown[0])
  shown[0].set_ylabel(_ALIGNED[metric])


def _value(row, metric) -> float | None:
  """A metric of a row; on logarithmic axes, only what is above 0."""
  if metric == 'pull':
    if not row.loss_pull or not row.gradient_pull:
      return None
    return row.gradient_pull / row.loss_pull
  value = getattr(row, metric)
  return None if metric in _LOG and value is not None and value <= 0 else value


def _lines(panel, rows, metric, methods):
  """Draws a line per method, and the range of its seeds."""
  for method in methods.order:
    x, values = _by_epoch([r for r in rows if r.method == method], metric)
    if x:
      style.curve(
          panel,
          x,
          [np.mean(v) for v in values],
          ([min(v) for v in values], [max(v) for v in values]),
          methods.title(method),
          methods.colour(method),
          linewidth=2.1 if method == 'sobolev' else 1.5,
          alpha=0.2,
      )


def _by_epoch(rows: Iterable, metric: str):
  """The epochs that as many seeds as possible report, and their values.

  A mean over fewer seeds would jump where the others end.
  """
  found: dict[float, list[float]] = {}
  for row in rows:
    value = _value(row, metric)
    if value is not None:
      found.setdefault(row.epoch, []).append(value)
  most = max(map(len, found.values()), default=0)
  epochs = sorted(e for e, values in found.items() if len(values) == most)
  return epochs, [found[e] for e in epochs]


def _epochs(panel):
  panel.set_xlim(left=0)
  panel.xaxis.set_major_locator(ticker.MaxNLocator(6, integer=True))


def _legend(figure, panels, loc='outside right upper'):
  style.legend(
      figure,
      panels,
      loc=loc,
      ncols=1,
      handlelength=2.8,
      title='mean and range\nof the seeds',
      title_fontsize=8.5,
      alignment='left',
  )


def make_choices(
    rows: Sequence[synthetic_gradients.Candidate],
    methods: methods_lib.Methods,
) -> figure_lib.Figure:
  """Draws the validation accuracy of each candidate over epochs, as a map.

  A row is a candidate: a method with the settings in which its candidates
  differ. A star marks the chosen ones, a word those of which a seed diverged.

  Args:
    rows: of one scale, rule of targets and case.
    methods: how methods are shown.
  """
  trained = [row for row in rows if row.validation_top1 is not None]
  epochs = sorted({row.epoch for row in trained})
  candidates: dict[tuple, list[synthetic_gradients.Candidate]] = {}
  for row in sorted(
      rows, key=lambda r: (methods.order.index(r.method), *r[4:7])
  ):
    candidates.setdefault(row[3:7], []).append(row)
  values: dict[tuple, list[float]] = {}
  for row in trained:
    values.setdefault((*row[3:7], row.epoch), []).append(row.validation_top1)
  grid = np.array([
      [np.mean(values.get((*about, epoch), math.nan)) for epoch in epochs]
      for about in candidates
  ])
  with style.settings():
    figure = figure_lib.Figure(
        (4.2 + 0.5 * len(epochs), 1.5 + 0.27 * len(grid)),
        layout='constrained',
    )
    axis = figure.subplots()
    image = axis.imshow(grid, cmap='viridis', aspect='auto')
    middle = (np.nanmin(grid) + np.nanmax(grid)) / 2
    for (y, x), value in np.ndenumerate(grid):
      if not math.isnan(value):
        axis.text(
            x, y, f'{value:.1f}', ha='center', va='center', fontsize=7,
            color=style.PAPER if value < middle else style.INK,
        )
    axis.set_yticks(
        range(len(grid)),
        [_candidate(methods, about, candidates) for about in candidates],
    )
    axis.set_xticks(range(len(epochs)), [f'{epoch:.3g}' for epoch in epochs])
    axis.set_xlabel('epochs')
    axis.grid(False)
    axis.tick_params(length=0)
    figure.colorbar(image, ax=axis, label='validation accuracy in %')
    scale, targets, case = rows[0][:3]
    title = f'Choices on {names.title(case)}, {targets} targets'
    style.title(figure, title, scale)
    return figure


def _candidate(methods, about, candidates) -> str:
  """A candidate's method, and what tells it from the method's others."""
  method, *settings = about
  columns = zip(*(key for key in candidates if key[0] == method), strict=True)
  _, *columns = map(set, columns)
  words = [methods.title(method)]
  for label, setting, column in zip(
      ('', 'weight ', 'rate '), settings, columns, strict=True
  ):
    if len(column) > 1:
      text = setting if isinstance(setting, str) else f'{setting:g}'
      words.append(f'{label}{text}')
  rows = candidates[about]
  if any(row.validation_top1 is None for row in rows):
    words.append('diverged')
  return '★ ' * any(row.chosen for row in rows) + ', '.join(words)
