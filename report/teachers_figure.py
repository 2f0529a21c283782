"""How section 4.2's teachers learnt to play, which the paper does not show.

A panel is a game; a dot is the teacher that was taken, in a longer evaluation,
with the 95 % confidence interval of its mean score.
"""

from collections.abc import Sequence
import pathlib

from matplotlib import figure as figure_lib
from matplotlib import ticker

from report import figure4_rows
from report import style

# The columns of `TeacherCurve`: what they are called, after the policy if there
# is one, and their colours, which are none of the students' methods'.
_SCORES = {
    'training_score': ('training', 'soft'),
    'stochastic_score': ('stochastic', 'critic'),
    'greedy_score': ('greedy', 'direct_sg'),
}

_DASHES = {'greedy': (5, 2)}


def make(
    curves: Sequence[figure4_rows.TeacherCurve],
    teachers: Sequence[figure4_rows.Teacher] = (),
    theme: style.Theme = style.LIGHT,
) -> figure_lib.Figure:
  """Draws the scores over agent steps.

  Args:
    curves: of all games.
    teachers: those that were taken.
    theme: the colours.

  Returns:
    The figure, to be saved.

  Raises:
    ValueError: there are no curves.
  """
  if not curves:
    raise ValueError('curves: expected at least one row, got none')
  games = figure4_rows.games(curves)
  with style.settings(theme):
    figure = figure_lib.Figure(
        (max(6.5, 0.8 + 3.1 * len(games)), 3.6), layout='constrained'
    )
    panels = figure.subplots(1, len(games), squeeze=False)[0]
    for panel, game in zip(panels, games, strict=True):
      _panel(
          panel,
          [row for row in curves if row.game == game],
          [row for row in teachers if row.game == game],
          theme,
      )
      panel.set_title(figure4_rows.game_title(game))
    _legend(figure, panels)
    figure.suptitle('Teachers during training', x=0.01, ha='left')
    figure.supylabel('points', fontsize=10, color=theme.soft)
    return figure


def _panel(panel, curves, teachers, theme):
  """Draws one game."""
  for column, (label, colour) in _SCORES.items():
    look = {'color': getattr(theme, colour), 'linewidth': 1.5}
    found = sorted(
        (row.agent_steps, score)
        for row in curves
        if (score := getattr(row, column)) is not None
    )
    if found:
      (line,) = panel.plot(*zip(*found, strict=True), label=label, **look)
      if label in _DASHES:
        line.set_dashes(_DASHES[label])
      if len(found) == 1:
        line.set_marker('.')
    for row in teachers:
      if row.policy == label:
        ends = None
        if row.low is not None:
          ends = [[row.mean - row.low], [row.high - row.mean]]
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


def _legend(figure, panels):
  """A line a score that is in any of the panels."""
  handles = {}
  for panel in panels:
    for handle, label in zip(*panel.get_legend_handles_labels(), strict=True):
      handles.setdefault(label, handle)
  figure.legend(
      handles.values(),
      handles.keys(),
      loc='outside upper right',
      ncols=len(handles),
      fontsize=9.5,
      handlelength=2.6,
  )


def draw(results: pathlib.Path, path: pathlib.Path) -> None:
  """Writes the figure to a file.

  Args:
    results: the folder of the rows.
    path: the file; its suffix tells the format.

  Raises:
    ValueError: there are no curves.
    UserError: the rows are broken.
  """
  curves = figure4_rows.read_teacher_curves(results)
  style.save(make(curves, figure4_rows.read_teachers(results)), path)
