"""The report's part on distillation: figure 4 (section 4.2)."""

from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence

from experiment import results
from report import document
from report import evidence
from report import figure4_rows
from report import loading
from report import overview
from report import style

NOT_RUN = evidence.NOT_RUN

# The metrics of measured.csv, as the table has them from its top.
_METRICS = {
    'test_kl': 'KL divergence, nats',
    'action_error': 'Action prediction error, %',
    'lowest_test_kl': 'Lowest KL divergence in training, nats',
    'student_score': "The student's score",
}

# Of a score, which may be negative, a ratio says nothing.
_ERRORS = ('test_kl', 'action_error', 'lowest_test_kl')

# Agent steps of A3C, as recollected.
_PAPER_STEPS = 80e6


def figure4(
    found: loading.Results, draw: Mapping[str, document.Figure]
) -> Iterator[document.Block]:
  """Yields where the students ended, how they got there, and their teachers.

  Args:
    found: the results.
    draw: the figures by name.
  """
  yield document.Heading(2, 'Figure 4: distillation')
  yield document.Paragraph(
      "Students that learn an Atari teacher's policy from a percentage of the "
      'states that it recorded, tested on those of held-out episodes. The '
      'paper has only curves, and gives no numbers in its text, so there are '
      'none to stand beside ours; what it says about them is in the claims '
      "above. The students' scores in the game go beyond the paper."
  )
  yield from _ends(found)
  yield document.Heading(3, 'Test errors during training')
  scale = found.shown({point.scale for point in found.students})
  if scale is None:
    yield document.Paragraph('Not run.')
  else:
    yield document.Paragraph(
        'As in Figure 4. Panels of a game have the same vertical axis, which '
        "does not reach up to the students' beginning."
    )
    yield draw['figure4']
  yield document.Heading(3, 'The teachers')
  yield from _teachers(found, draw)


def _ends(found: loading.Results) -> Iterator[document.Block]:
  """Yields a table of measured.csv's rows, a row a case and metric."""
  ours = {
      scale: {
          (*figure4_rows.of_case(row.case), row.metric, row.method): row
          for row in found.evidence[scale].measured
          if row.artifact == 'figure4'
      }
      for scale in found.scales('figure4')
  }
  if not ours:
    yield document.Paragraph('Not run.')
    return
  yield document.Paragraph(
      'At the end of training, mean ± standard deviation (number of seeds). '
      'Above 1, the ratio says that Sobolev distillation is better. What was '
      'run at another scale than `paper` is another experiment.'
  )
  header = ['Game', 'States', 'Measured']
  for scale in ours:
    header += [f'{label}, scale `{scale}`' for label in style.LABELS.values()]
    header.append(' / '.join(style.LABELS.values()))
  yield document.Table(header, _lines(ours), numbers_from=3)


def _lines(
    ours: Mapping[str, Mapping[tuple[str, float, str, str], results.Row]],
) -> list[list[str]]:
  keys = [key for measured in ours.values() for key in measured]
  games = figure4_rows.ordered(game for game, *_ in keys)
  cells = {key[:3] for key in keys}
  lines = []
  for game in games:
    for percent in sorted({p for g, p, _ in cells if g == game}):
      for metric, title in _METRICS.items():
        if (game, percent, metric) not in cells:
          continue
        line = [figure4_rows.game_title(game), f'{percent:g} %', title]
        for measured in ours.values():
          line += _numbers([
              measured.get((game, percent, metric, method))
              for method in figure4_rows.METHODS
          ])
        lines.append(line)
  return lines


def _numbers(pair: Sequence[results.Row | None]) -> list[str]:
  """The cells of both methods, and of their ratio."""
  cells = [NOT_RUN if row is None else overview.number(row) for row in pair]
  regular, sobolev = pair
  if None in pair or regular.metric not in _ERRORS or not sobolev.mean:
    return [*cells, '']
  return [*cells, f'{regular.mean / sobolev.mean:#.3g}'.rstrip('.')]


def _teachers(
    found: loading.Results, draw: Mapping[str, document.Figure]
) -> Iterator[document.Block]:
  """Yields how well the teachers play, and how they learnt to."""
  if not found.teachers and not found.teacher_curves:
    yield document.Paragraph('Not run.')
    return
  yield document.Paragraph(
      f"The paper's were trained for {_PAPER_STEPS / 1e6:.0f} million agent "
      'steps of A3C, of four frames each (recollected from its supplement, not '
      'read in a text); its text does not tell their scores. '
      "The stochastic policy draws its actions, as where the students' states "
      'are recorded; the greedy one takes the most probable. Scores are means '
      'over games, those of the stochastic policy with 95 % confidence '
      'intervals. Games of the greedy one differ in their start alone, and '
      'many are the same.'
  )
  if found.teachers:
    yield _teachers_table(found.teachers)
  if found.teacher_curves:
    yield document.Paragraph(
        'Scores in training and in shorter evaluations between; dots are those '
        'of the table.'
    )
    yield draw['figure4_teachers']


def _teachers_table(
    teachers: Sequence[figure4_rows.Teacher],
) -> document.Table:
  lines = []
  for game in figure4_rows.games(teachers):
    for policy in figure4_rows.POLICIES:
      lines += [
          [
              figure4_rows.game_title(game),
              policy,
              f'{row.agent_steps / 1e6:.3g} M',
              f'{_PAPER_STEPS / 1e6:.0f} M',
              str(row.games),
              f'{row.max_game_steps:,}',
              f'{row.mean:.1f}',
              '' if row.low is None else f'{row.low:.1f} to {row.high:.1f}',
              f'`{row.commit}`',
          ]
          for row in teachers
          if (row.game, row.policy) == (game, policy)
      ]
  header = (
      'Game',
      'Policy',
      'Agent steps',
      "The paper's agent steps",
      'Episodes played',
      'Broken off after, agent steps',
      'Score',
      '95 % interval',
      'Commit',
  )
  return document.Table(header, lines, numbers_from=2)
