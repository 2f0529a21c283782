# SPDX-License-Identifier: Apache-2.0
"""The choice of learning rate and alpha for each game and method of Figure 4.

The rule, committed before the rows whose settings it chose:

1. The candidates are those of `scales.Settings`: learning rates for regular
   distillation, and as many pairs of a learning rate and an alpha for Sobolev
   Training.
2. Each candidate trains a student on `choice_percent` of the states for
   `choice_steps` updates, and the `choice_finalists` best of each method train
   further ones, until they have `choice_seeds` each. Their seeds, from
   `FIRST_SEED` on, are those of no student that counts; a seed draws the
   episodes to train on, the same for all candidates.
3. A student's score is its mean divergence from the teacher in the validation
   episodes after its last update. These episodes are the same for all seeds,
   and no student of any seed is trained or tested on them; what is measured in
   test episodes plays no part.
4. A student has collapsed if its score is more than `COLLAPSED` times the least
   that a policy can have there that does not look at the state (`constant_kl`,
   see `constant_policy`). A candidate of which any student has collapsed is
   out, unless that leaves its method none, or no finalist. One of which any
   student's loss is no longer finite is always out.
5. Of the other finalists, the candidate with the lowest mean score over its
   students is chosen; of equal ones that with the lower learning rate, then
   lower alpha. Finalists are found likewise.
6. The choice holds for the game and method at every percentage.
"""

import collections
from collections.abc import Iterable
from collections.abc import Mapping
import math
import pathlib
import statistics

from agents.distillation import settings as settings_lib
from experiment import errors
from experiment import run_folder
from report import finished
from report.rows import distillation as rows
from report.rows import runs as runs_lib
from report.rows import table

FIRST_SEED = 1000
COLLAPSED = 0.9

Candidate = rows.Candidate

# A game and a method: what settings are chosen for.
Cell = tuple[str, str]
# These, a learning rate and an alpha: what students of several seeds share.
Settings = tuple[str, str, float, float]
# What made a run, `validation_kl` and `constant_kl`, which may be missing.
_Ended = tuple[runs_lib.Run, float | None, float | None]


def _cell(candidate: Candidate) -> Cell:
  return candidate.game, candidate.method


def _settings(candidate: Candidate) -> Settings:
  return (*_cell(candidate), candidate.learning_rate, candidate.alpha)


def _diverged(same: Iterable[Candidate]) -> bool:
  return any(student.validation_kl is None for student in same)


def _collapsed(candidate: Candidate) -> bool:
  """Whether the student does as if it did not look at the state."""
  return (
      candidate.validation_kl is not None
      and candidate.constant_kl is not None
      and candidate.validation_kl > COLLAPSED * candidate.constant_kl
  )


def collect(
    runs: Mapping[pathlib.Path, settings_lib.Config],
    scale: str,
    output: pathlib.Path,
) -> None:
  """Merges the rows of finished or diverged candidates, with which was chosen.

  Rows of the same scale and game go, of whatever grid and percentage they were.

  Raises:
    UserError: of every candidate of a game and method a student diverged.
  """
  found = {folder: _read(folder) for folder in runs}
  candidates = _candidates(runs, scale, found)
  made_by = runs_lib.distinct(run for run, _, _ in found.values())
  table.merge(output, [*made_by, *marked(candidates)])


def finalists(
    runs: Mapping[pathlib.Path, settings_lib.Config], count: int
) -> set[Settings]:
  """The settings that train students of further seeds.

  Args:
    runs: those that ended by folder, one of each candidate.
    count: how many of each game and method.
  """
  candidates = _candidates(runs, '', {folder: _read(folder) for folder in runs})
  return {
      _settings(same[0])
      for ranked in _ranked(candidates)
      for same in ranked[:count]
  }


def _read(folder: pathlib.Path) -> _Ended:
  if run_folder.diverged(folder):
    return finished.made_by(folder), None, None
  found = finished.read(folder, 'validation_kl', 'constant_kl')
  last = found.metrics[-1]
  return found.run, last['validation_kl'], last['constant_kl']


def _candidates(
    runs: Mapping[pathlib.Path, settings_lib.Config],
    scale: str,
    found: Mapping[pathlib.Path, _Ended],
) -> list[Candidate]:
  return [
      Candidate(
          scale,
          student.game,
          student.percent,
          student.method,
          student.learning_rate,
          student.alpha,
          student.seed,
          *measured,
          chosen=0,
          run=made_by.run,
      )
      for folder, student in runs.items()
      for made_by, *measured in [found[folder]]
  ]


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
  """The students, those with the chosen settings of their cell marked.

  Raises:
    UserError: of every finalist of a cell a student diverged.
  """
  candidates = list(candidates)
  chosen = set()
  for ranked in _ranked(candidates):
    most = max(map(len, ranked))
    best = next(same for same in ranked if len(same) == most)
    if _diverged(best):
      raise errors.UserError(
          f'{best[0].game}, {best[0].method}: of every candidate a student '
          f'diverged: add lower learning rates by --{best[0].method}'
          '_learning_rates'
      )
    chosen.update(best)
  return [
      student._replace(chosen=int(student in chosen)) for student in candidates
  ]


def _ranked(candidates: Iterable[Candidate]) -> list[list[list[Candidate]]]:
  """The students by cell and settings, the best settings of a cell first."""
  students = collections.defaultdict(list)
  for student in candidates:
    students[_settings(student)].append(student)
  cells = collections.defaultdict(list)
  for same in students.values():
    cells[_cell(same[0])].append(same)
  return [sorted(cell, key=_rank) for cell in cells.values()]


def _rank(same: list[Candidate]) -> tuple[float, ...]:
  diverged, collapsed = _diverged(same), any(map(_collapsed, same))
  kls = [math.inf if diverged else student.validation_kl for student in same]
  mean = statistics.fmean(kls)
  return diverged, collapsed, mean, same[0].learning_rate, same[0].alpha
