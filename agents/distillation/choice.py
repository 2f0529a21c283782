# SPDX-License-Identifier: Apache-2.0
"""The choice of learning rate and alpha for each game and method of Figure 4.

The rule, committed before the rows whose settings it chose:

1. The candidates are those of `scales.Settings`: learning rates for regular
   distillation, and as many pairs of a learning rate and an alpha for Sobolev
   Training.
2. Each candidate trains `choice_seeds` students on `choice_percent` of the
   states for `choice_steps` updates. Their seeds, from `FIRST_SEED` on, are
   those of no student that counts; a seed draws the episodes to train on, the
   same for all candidates.
3. A student's score is its mean divergence from the teacher in the validation
   episodes after its last update. These episodes are the same for all seeds,
   and no student of any seed is trained or tested on them; what is measured in
   test episodes plays no part.
4. A student has collapsed if its score is more than `COLLAPSED` times the least
   that a policy can have there that does not look at the state (`constant_kl`,
   see `constant_policy`). A candidate of which any student has collapsed is
   out, unless that leaves its method no candidate.
5. Of the others, the candidate with the lowest mean score over its students is
   chosen; of equal ones that with the lower learning rate, then lower alpha.
6. The choice holds for the game and method at every percentage.
"""

import collections
from collections.abc import Iterable
from collections.abc import Mapping
import pathlib
import statistics

from agents.distillation import settings as settings_lib
from experiment import errors
from report import finished
from report.rows import distillation as rows
from report.rows import runs as runs_lib
from report.rows import table

FIRST_SEED = 1000
COLLAPSED = 0.9

Candidate = rows.Candidate

# A game and a method: what settings are chosen for.
Cell = tuple[str, str]


def _cell(candidate: Candidate) -> Cell:
  return candidate.game, candidate.method


def _collapsed(candidate: Candidate) -> bool:
  """Whether the student does as if it did not look at the state."""
  return (
      candidate.constant_kl is not None
      and candidate.validation_kl > COLLAPSED * candidate.constant_kl
  )


def collect(
    runs: Mapping[pathlib.Path, settings_lib.Config],
    scale: str,
    output: pathlib.Path,
) -> None:
  """Merges the rows of finished candidates, with which was chosen.

  Rows of the same scale and game go, of whatever grid and percentage they were.
  """
  columns = ('validation_kl', 'constant_kl')
  found = {folder: finished.read(folder, *columns) for folder in runs}
  candidates = [
      Candidate(
          scale,
          student.game,
          student.percent,
          student.method,
          student.learning_rate,
          student.alpha,
          student.seed,
          *(found[folder].metrics[-1][name] for name in columns),
          chosen=0,
          run=found[folder].run.run,
      )
      for folder, student in runs.items()
  ]
  made_by = runs_lib.distinct(run.run for run in found.values())
  table.merge(output, [*made_by, *marked(candidates)])


def load(
    folder: pathlib.Path, scale: str, percent: float, cells: Iterable[Cell]
) -> dict[Cell, Candidate]:
  """The choice that was made for a scale: one of the chosen students per cell.

  Args:
    folder: of the CSV files.
    scale: that the rows are filed under.
    percent: of the states that candidates were trained on.
    cells: those that a choice is needed for.

  Raises:
    UserError: one has none, or the file is damaged.
  """
  found = {
      _cell(row): row
      for row in table.read(folder, Candidate)
      if row.chosen and (row.scale, row.percent) == (scale, percent)
  }
  missing = set(cells) - found.keys()
  if missing:
    game, method = min(missing)
    raise errors.UserError(
        f'{folder / Candidate.FILE}: no choice for {game}, {method} at scale '
        f'{scale!r}: let --parts have choose to make it'
    )
  return found


def marked(candidates: Iterable[Candidate]) -> list[Candidate]:
  """The students, those with the chosen settings of their cell marked."""
  candidates = list(candidates)
  students = collections.defaultdict(list)
  for student in candidates:
    settings = student.learning_rate, student.alpha
    students[(*_cell(student), *settings)].append(student)
  cells = collections.defaultdict(list)
  for (*cell, _, _), same in sorted(students.items()):
    cells[tuple(cell)].append(same)
  chosen = set()
  for all_settings in cells.values():
    alive = [
        same for same in all_settings if not any(map(_collapsed, same))
    ]
    chosen.update(min(alive or all_settings, key=_mean_kl))
  return [
      student._replace(chosen=int(student in chosen)) for student in candidates
  ]


def _mean_kl(students: Iterable[Candidate]) -> float:
  return statistics.fmean(student.validation_kl for student in students)
