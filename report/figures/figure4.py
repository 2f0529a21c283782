# SPDX-License-Identifier: Apache-2.0
"""Figure 4: distillation of Atari policies.

As in the paper, a row is a game and a column a percentage of the recorded
states: left, how often the most probable action differs from the teacher's;
right, the divergence from the teacher. A line is the mean over the seeds, and
its band that mean's confidence interval.
"""

from collections.abc import Iterator
from collections.abc import Sequence
import math

import matplotlib
from matplotlib import figure as figure_lib
from matplotlib import ticker
import numpy as np

from report import effects as effects_lib
from report import names
from report import students as students_lib
from report.figures import style
from report.rows import distillation

# The blocks from the left: the column of the rows, what it is called, and what
# to multiply it by.
_BLOCKS = (
    ('action_error', 'Test action prediction error in %', 100),
    ('test_kl', 'Test KL divergence in nats', 1),
)

# A panel has room for what comes after this share of the updates. What is
# before, when a student is as bad as chance has it, may be so many times as
# high; more would make all that follows look flat.
_LATE = 0.05
_START = 3.0

_ROOM = 1.15  # Between the lines and a logarithmic panel's edges.


def make(students: students_lib.Students) -> figure_lib.Figure:
  """Draws both blocks for the students of one scale."""
  games, percents = students.games, students.percents
  with style.settings():
    figure = figure_lib.Figure(
        (1.6 + max(5.4, 3.1 * len(percents)), 1.5 + 1.6 * len(games)),
        layout='constrained',
    )
    blocks = figure.subfigures(1, len(_BLOCKS), wspace=0.03)
    for block, (metric, title, factor) in zip(blocks, _BLOCKS, strict=True):
      grid = block.subplots(
          len(games), len(percents), sharex=True, sharey='row', squeeze=False
      )
      _block(grid, students, metric, factor)
      block.suptitle(title, fontsize=11, color=style.INK)
    style.legend(figure, block.axes, loc='upper right')
    style.title(
        figure, 'Distillation', students.scale, x=_explained(students)
    )
    return figure


def _explained(students) -> str:
  """The x axis, and what lines and bands are."""
  counts = [
      len(students.curves(game, percent, method))
      for game in students.games
      for percent in students.percents_of(game)
      for method in names.METHODS
  ]
  seeds = names.seeds(counts)
  return (
      f'updates; a line is the mean over {seeds}, its band the 95 % confidence '
      'interval of the mean;\nwhat panels cut off is of the first '
      f'{100 * _LATE:g} % of the updates'
  )


def _block(grid, students, metric, factor):
  """Draws one metric, multiplied by a factor, in a grid of panels."""
  spans = []
  for row, game in zip(grid, students.games, strict=True):
    drawn = []
    for panel, percent in zip(row, students.percents, strict=True):
      for method in names.METHODS:
        curves = students.curves(game, percent, method).values()
        if curves:
          x, effects = _aligned(curves, metric)
          bounds = _line(panel, x, effects, factor, method)
          drawn.append((bounds, bounds[:, x >= _LATE * x[-1]]))
    row[0].set_ylabel(
        names.title(game), color=style.INK, fontweight='bold'
    )
    whole = _span([every for every, _ in drawn])
    late = _span([part for _, part in drawn])
    spans.append(whole if whole[1] <= _START * late[1] else late)
  for panel, percent in zip(grid[0], students.percents, strict=True):
    panel.set_title(
        f'{percent:g} %', loc='center', fontsize=10, fontweight='normal'
    )
  _scales(grid, spans, metric == 'test_kl')
  _updates(grid[0, 0])


def _aligned(curves, metric) -> tuple[np.ndarray, list[effects_lib.Effect]]:
  """The steps that all seeds report, and the mean over the seeds there."""
  values = [{r.step: getattr(r, metric) for r in curve} for curve in curves]
  steps = sorted(set.intersection(*map(set, values))) or [0]
  return np.array(steps), [
      effects_lib.paired([found.get(step, 0.0) for found in values])
      for step in steps
  ]


def _updates(panel):
  """The x axis, which all panels of a block share."""
  panel.set_xlim(left=0)
  panel.xaxis.set_major_locator(
      ticker.MaxNLocator(3, steps=[1, 2, 5, 10], integer=True)
  )
  panel.xaxis.set_major_formatter(ticker.EngFormatter(sep=''))


def _line(panel, x, effects, factor, method) -> np.ndarray:
  """Draws a method in a panel; returns its line and its band's top, [2, E]."""
  # A mean of what is never negative is not negative either.
  mean, low, high = factor * np.array([
      (e.value, max(0.0, e.low), e.high) for e in effects
  ]).T
  band = (low, high) if effects[0].n > 1 else None
  style.curve(panel, x, mean, band, names.title(method), style.METHODS[method])
  return np.array([mean, high if band else mean])


def _span(drawn) -> tuple[float, float]:
  """The least and the greatest of some values above zero."""
  values = np.concatenate([*map(np.ravel, drawn), []])
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


def make_episodes(students: students_lib.Students) -> figure_lib.Figure:
  """Draws the final divergence against the number of episodes learned from.

  The paper does not have this figure. A dot is a seed; lines join the geometric
  means of the percentages. Rows, and games, without episodes are left out.
  """
  games = [game for game in students.games if _has_episodes(students, game)]
  with style.settings():
    figure = figure_lib.Figure(
        (0.8 + 3.3 * max(2, len(games)), 3.7), layout='constrained'
    )
    panels = figure.subplots(1, max(1, len(games)), squeeze=False)[0]
    for panel, game in zip(panels, games, strict=False):
      panel.set_title(names.title(game))
      for method in names.METHODS:
        _episodes(panel, students, game, method)
      panel.set_xscale('log')
      panel.set_yscale('log')
      style.decades(panel.xaxis, np.divide(*panel.get_xlim()[::-1]))
      style.decades(panel.yaxis, np.divide(*panel.get_ylim()[::-1]))
    style.legend(figure, panels)
    style.title(
        figure, 'Divergence after the last update', students.scale,
        x='episodes that the student learned from', y='test KL in nats',
    )
    return figure


def _has_episodes(students, game) -> bool:
  return any(
      curve[-1].episodes
      for percent in students.percents
      for method in names.METHODS
      for curve in students.curves(game, percent, method).values()
  )


def _episodes(panel, students, game, method):
  """Draws a method's dots and its line."""
  look = {'color': style.METHODS[method]}
  means = []
  for percent in students.percents:
    ends = [
        (curve[-1].episodes, curve[-1].test_kl)
        for curve in students.curves(game, percent, method).values()
        if curve[-1].episodes and curve[-1].test_kl > 0
    ]
    if ends:
      episodes, divergences = zip(*ends, strict=True)
      panel.plot(episodes, divergences, 'o', markersize=3, alpha=0.5, **look)
      logs = np.log([episodes, divergences]).mean(-1)
      means.append(np.exp(logs))
  if means:
    x, y = zip(*means, strict=True)
    panel.plot(x, y, linewidth=1.7, label=names.title(method), **look)


def choices(
    candidates: Sequence[distillation.Candidate],
) -> list[Sequence[distillation.Candidate]]:
  """Returns what `make_choices` has a panel for: games, by percentage.

  Those of which no alpha has three learning rates are left out.
  """
  groups: dict[tuple, list[distillation.Candidate]] = {}
  for row in candidates:
    groups.setdefault((row.game, row.percent), []).append(row)
  return [
      groups[key]
      for game in names.ordered((key[0] for key in groups), names.GAMES)
      for key in sorted(groups)
      if key[0] == game and any(len(x) > 2 for x, _ in _rates(groups[key]))
  ]


def make_choices(
    shown: Sequence[Sequence[distillation.Candidate]],
) -> figure_lib.Figure:
  """Draws the validation divergence of candidates over their learning rate.

  A line joins the first students of one alpha, with a gap where one diverged,
  a dot is a further student of the same settings, and a star the mean of what
  was chosen.

  Args:
    shown: of one scale, as `choices` gives it.
  """
  with style.settings():
    figure = figure_lib.Figure(
        (2.8 + 3.2 * len(shown), 3.9), layout='constrained'
    )
    panels = figure.subplots(1, len(shown), squeeze=False)[0]
    for panel, rows in zip(panels, shown, strict=True):
      panel.set_title(f'{names.title(rows[0].game)}, {rows[0].percent:g} %')
      _candidates(panel, rows)
    style.legend(figure, panels, loc='outside right upper', ncols=1)
    style.title(
        figure, 'Candidates', shown[0][0].scale, x='learning rate',
        y='validation KL in nats',
    )
    return figure


def _rates(rows) -> Iterator[tuple[list[float], float]]:
  """Yields the learning rates of each alpha's students, and the alpha."""
  for alpha in sorted({row.alpha for row in rows}):
    yield sorted({r.learning_rate for r in rows if r.alpha == alpha}), alpha


def _candidates(panel, rows):
  """Draws the candidates of a game."""
  alphas = sorted({row.alpha for row in rows if row.alpha})
  blues = matplotlib.colormaps['Blues'](np.linspace(0.4, 1, len(alphas)))
  colors = {0.0: style.REGULAR, **dict(zip(alphas, blues, strict=True))}
  first = min(row.seed for row in rows)
  for rates, alpha in _rates(rows):
    found = {
        r.learning_rate: r.validation_kl
        for r in rows
        if (r.alpha, r.seed) == (alpha, first) and r.validation_kl is not None
    }
    panel.plot(
        rates, [found.get(rate, math.nan) for rate in rates], 'o-',
        color=colors[alpha], markersize=3, linewidth=1.7,
        label=f'Sobolev, alpha {alpha:g}' if alpha else 'Regular',
    )
    others = [
        r
        for r in rows
        if r.alpha == alpha and r.seed != first and r.validation_kl is not None
    ]
    panel.plot(
        [r.learning_rate for r in others], [r.validation_kl for r in others],
        'o', color=colors[alpha], markersize=3, alpha=0.6,
    )
    best = [r for r in rows if r.alpha == alpha and r.chosen]
    if best:
      panel.plot(
          best[0].learning_rate, np.mean([r.validation_kl for r in best]), '*',
          color=colors[alpha], markeredgecolor=style.INK, markersize=13,
          zorder=3,
      )
  still = next((r.constant_kl for r in rows if r.constant_kl), None)
  if still:
    panel.axhline(
        still, color=style.SOFT, linewidth=1, linestyle='--',
        label='the same in every state',
    )
  panel.set_xscale('log')
  panel.set_yscale('log')
  panel.xaxis.set_major_locator(ticker.LogLocator())
  panel.xaxis.set_minor_formatter(ticker.NullFormatter())
  style.decades(panel.yaxis, np.divide(*panel.get_ylim()[::-1]))
