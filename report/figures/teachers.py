# SPDX-License-Identifier: Apache-2.0
"""How section 4.2's teachers learned to play, which the paper does not show.

A panel is a game; a dot is the teacher that was taken, in a longer evaluation,
with the 95 % confidence interval of its mean return.
"""

from collections.abc import Sequence

from matplotlib import figure as figure_lib
from matplotlib import ticker

from report import names
from report.figures import style
from report.rows import distillation

# The columns of the curves: what they are called, after the policy if there is
# one, and their colours, which are none of the students' methods'.
_SCORES = {
    'training_score': ('training', style.SOFT),
    'stochastic_score': ('stochastic', style.OTHERS[0]),
    'greedy_score': ('greedy', style.OTHERS[2]),
}


def make(
    curves: Sequence[distillation.TeacherCurve],
    teachers: Sequence[distillation.Teacher],
) -> figure_lib.Figure:
  """Draws the returns over agent steps, and those of the teachers taken."""
  games = names.ordered((row.game for row in curves), names.GAMES)
  with style.settings():
    figure = figure_lib.Figure(
        (max(6.5, 0.8 + 3.1 * len(games)), 3.6), layout='constrained'
    )
    panels = figure.subplots(1, max(1, len(games)), squeeze=False)[0]
    for panel, game in zip(panels, games, strict=False):
      _panel(
          panel,
          [row for row in curves if row.game == game],
          [row for row in teachers if row.game == game],
      )
      panel.set_title(names.title(game))
    style.legend(figure, panels, handlelength=2.6)
    style.title(figure, 'Teachers during training', y='return')
    return figure


def _panel(panel, curves, teachers):
  """Draws one game."""
  for column, (label, colour) in _SCORES.items():
    look = {'color': colour, 'linewidth': 1.5}
    found = sorted(
        (row.agent_steps, score)
        for row in curves
        if (score := getattr(row, column)) is not None
    )
    if found:
      (line,) = panel.plot(*zip(*found, strict=True), label=label, **look)
      if label == 'greedy':
        line.set_dashes((5, 2))
      if len(found) == 1:
        line.set_marker('.')
    for row in teachers:
      if row.policy == label:
        ends = None
        if row.low is not None and row.high is not None:
          ends = [[max(0, row.mean - row.low)], [max(0, row.high - row.mean)]]
        panel.errorbar(
            row.agent_steps,
            row.mean,
            ends,
            fmt='o',
            markersize=4,
            capsize=3,
            zorder=4,
            **look,
        )
  panel.set_xlim(left=0)
  panel.xaxis.set_major_locator(ticker.MaxNLocator(4, steps=[1, 2, 5, 10]))
  panel.xaxis.set_major_formatter(ticker.EngFormatter(sep=''))
  panel.set_xlabel('agent steps')
