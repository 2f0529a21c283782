# SPDX-License-Identifier: Apache-2.0
"""The results of section 4.2: Figure 4, its choices and its teachers."""

from collections.abc import Collection
from collections.abc import Iterator
import statistics

from report import effects as effects_lib
from report import names
from report import results as results_lib
from report import students as students_lib
from report.pages import markdown
from report.pages import words
from report.rows import distillation


def blocks(
    results: results_lib.Results, scale: str | None, drawn: Collection[str]
) -> Iterator[str]:
  """Yields the section's tables and figures; see `regression.blocks`."""
  yield (
      "Students learn an Atari teacher's policy from a percentage of the "
      'states that it recorded, and are tested on states of held-out episodes. '
      'The paper shows curves without numbers.'
  )
  yield '### Figure 4'
  if scale:
    yield markdown.figure('figure4', 'Test errors of students during training')
    yield _ends(students_lib.of(results, scale))
    yield (
        'After the last update, mean ± half of the 95 % interval (seeds); KL '
        'divergences in nats, action errors in %. The effect is log10 of the '
        'regular over the Sobolev divergence, paired by seed: above 0, Sobolev '
        'distillation is better.'
    )
  else:
    yield 'Not run.'
  if 'figure4_episodes' in drawn:
    yield '### Divergence against episodes'
    yield markdown.figure('figure4_episodes', 'Final divergence by episodes')
  others = [s for s in results.scales(distillation.Student) if s != scale]
  if others:
    yield '### Other settings'
    yield (
        'Rows that the verdicts above are not about. Those that have settings '
        'beside the name of a scale are exploratory and decide nothing.'
    )
    for other in others:
      yield f'Scale {markdown.code(other)}:'
      yield _ends(students_lib.of(results, other))
  yield '### Chosen settings'
  yield _choices(results)
  if 'figure4_choices' in drawn:
    yield markdown.figure(
        'figure4_choices', 'Validation divergence by learning rate and alpha'
    )
    yield (
        'A line joins the first students of an alpha, a dot is a further one, '
        'and a star the mean of those chosen.'
    )
  yield '### The teachers'
  yield (
      "The paper's were trained for 80 million agent steps of A3C, of four "
      'frames each [M]; it does not report their scores. The stochastic policy '
      'draws its actions, as where states are recorded; the greedy one takes '
      'the most probable. Its episodes differ in their start alone, and many '
      'are the same.'
  )
  yield _teachers(results)
  if 'figure4_teachers' in drawn:
    yield markdown.figure('figure4_teachers', 'Returns of teachers in training')


def _ends(students: students_lib.Students) -> str:
  rows = []
  for game in students.games:
    for percent in students.percents:
      ends = [
          [curve[-1] for curve in students.curves(game, percent, m).values()]
          for m in names.METHODS
      ]
      if not any(ends):
        continue
      effects = list(students.effects(game, percent).values())
      rows.append([
          markdown.plain(names.title(game)),
          f'{percent:g} %',
          names.span(e.episodes for of in ends for e in of if e.episodes),
          *(words.mean([e.test_kl for e in of]) for of in ends),
          words.effect(effects_lib.paired(effects) if effects else None),
          *(words.mean([100 * e.action_error for e in of]) for of in ends),
          *(
              words.mean([e.score for e in of if e.score is not None])
              for of in ends
          ),
      ])
  header = ['Game', 'States', 'Episodes']
  methods = names.METHODS.values()
  header += [f'KL, {m}' for m in methods] + ['Effect (95 %)']
  header += [f'Action error, {m}' for m in methods]
  header += [f'Score, {m}' for m in methods]
  return markdown.table(header, rows, numbers_from=1)


def _choices(results: results_lib.Results) -> str:
  """What was chosen, and whether at the edge of what was on offer."""
  cells: dict[tuple, list[distillation.Candidate]] = {}
  for row in results.rows(distillation.Candidate):
    cells.setdefault(row[:4], []).append(row)
  rows = []
  for (scale, game, percent, method), candidates in cells.items():
    chosen = [c for c in candidates if c.chosen]
    if not chosen:
      continue
    edges = [
        name
        for name in ('learning_rate', 'alpha')
        if len(grid := sorted({getattr(c, name) for c in candidates})) > 1
        and getattr(chosen[0], name) in (grid[0], grid[-1])
    ]
    kl = statistics.fmean(c.validation_kl for c in chosen)
    rows.append([
        markdown.code(scale),
        markdown.plain(names.title(game)),
        f'{percent:g} %',
        markdown.plain(names.title(method)),
        f'{chosen[0].learning_rate:g}',
        f'{chosen[0].alpha:g}' if method != 'regular' else '',
        str(len({(c.learning_rate, c.alpha) for c in candidates})),
        f'{words.significant(kl)} ({len(chosen)})',
        ', '.join(edges).replace('_', ' '),
    ])
  header = (
      'Scale', 'Game', 'States', 'Method', 'Learning rate', 'Alpha',
      'Candidates', 'Validation KL (seeds)', 'At the edge of the grid',
  )
  return markdown.table(header, rows)


def _teachers(results: results_lib.Results) -> str:
  teachers = results.rows(distillation.Teacher)
  rows = [
      [
          markdown.plain(names.title(game)),
          markdown.plain(row.policy),
          f'{row.agent_steps / 1e6:.3g} M',
          str(row.games),
          f'{row.max_game_steps:,}',
          f'{row.mean:,.1f}',
          '' if row.low is None or row.high is None
          else f'{row.low:,.1f} to {row.high:,.1f}',
      ]
      for game in names.ordered((r.game for r in teachers), names.GAMES)
      for row in teachers
      if row.game == game
  ]
  header = (
      'Game', 'Policy', 'Agent steps', 'Episodes played',
      'Cut off after, agent steps', 'Score', '95 % interval',
  )
  return markdown.table(header, rows, numbers_from=2)
