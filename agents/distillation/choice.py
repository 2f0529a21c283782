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
import csv
import math
import pathlib
import statistics
from typing import NamedTuple

from agents.distillation import settings as settings_lib
from experiment import errors
from experiment import finished_runs
from experiment import tables

CHOICES = 'figure4_choices.csv'

FIRST_SEED = 1000
COLLAPSED = 0.9

# Columns of `CHOICES`: those that say what a row is about, up to the seed, and
# of these scale and game, whose rows are replaced together.
_KEYS, _TOGETHER = 7, 2

# A game and a method.
Cell = tuple[str, str]


class Candidate(NamedTuple):
  """Settings, and how well a student did with them.

  Attributes:
    game: the game.
    percent: of the recorded states that it was trained on.
    method: regular or sobolev.
    learning_rate: Adam's.
    alpha: weight of the Sobolev term; 0 for regular.
    seed: of the student.
    validation_kl: in nats, at the end.
    constant_kl: in nats, the least without looking at the state; infinite if
      it was not measured.
  """

  game: str
  percent: float
  method: str
  learning_rate: float
  alpha: float
  seed: int
  validation_kl: float
  constant_kl: float

  @property
  def cell(self) -> Cell:
    """What settings are chosen for."""
    return self.game, self.method

  @property
  def collapsed(self) -> bool:
    """Whether the student does as if it did not look at the state."""
    return self.validation_kl > COLLAPSED * self.constant_kl


def read(
    runs: Mapping[pathlib.Path, settings_lib.Config],
) -> list[Candidate]:
  """What finished runs found, by their folders."""
  columns = 'validation_kl', 'constant_kl'
  found = []
  for folder, student in runs.items():
    last = finished_runs.read(folder, *columns)[1][-1]
    found.append(
        Candidate(
            student.game,
            student.percent,
            student.method,
            student.learning_rate,
            student.alpha,
            student.seed,
            *(last[name] for name in columns),
        )
    )
  return found


def load(
    folder: pathlib.Path, scale: str, percent: float, cells: Iterable[Cell]
) -> list[Candidate]:
  """What `write` has written for a scale.

  Args:
    folder: of `CHOICES`.
    scale: the scale.
    percent: of the states that candidates were trained on.
    cells: those that a choice is needed for.

  Raises:
    UserError: one has none, or the file is not a table of candidates.
  """
  path = folder / CHOICES
  found = []
  try:
    with errors.naming(path), open(path, encoding='utf-8', newline='') as file:
      for row in csv.DictReader(file):
        if row['scale'] == scale:
          row['constant_kl'] = row['constant_kl'] or math.inf
          types = Candidate.__annotations__.items()
          found.append(Candidate(*(to(row[name]) for name, to in types)))
  except FileNotFoundError:
    pass
  except (KeyError, TypeError, ValueError) as error:
    raise errors.UserError(f'{path}: not a table of choices: {error}') from None
  found = [candidate for candidate in found if candidate.percent == percent]
  missing = set(cells) - {candidate.cell for candidate in found}
  if missing:
    game, method = min(missing)
    raise errors.UserError(
        f'{path}: no choice for {game}, {method} at scale {scale!r}: let '
        '--parts have choose to make it'
    )
  return found


def best(candidates: Iterable[Candidate]) -> dict[Cell, list[Candidate]]:
  """The chosen settings of each cell, with all their seeds."""
  students = collections.defaultdict(list)
  for student in candidates:
    settings = student.learning_rate, student.alpha
    students[(*student.cell, *settings)].append(student)
  cells = collections.defaultdict(list)
  for (*cell, _, _), same in sorted(students.items()):
    cells[tuple(cell)].append(same)
  found = {}
  for cell, all_settings in cells.items():
    alive = [
        same for same in all_settings if not any(s.collapsed for s in same)
    ]
    found[cell] = min(alive or all_settings, key=_mean_kl)
  return found


def _mean_kl(students: Iterable[Candidate]) -> float:
  return statistics.fmean(student.validation_kl for student in students)


def write(
    candidates: list[Candidate], scale: str, output: pathlib.Path
) -> None:
  """Merges the candidates into `CHOICES`, with which was chosen.

  Rows that the file has of the same scale and game go, of whatever grid and
  percentage they were.
  """
  # As the file has them, so that who reads it chooses the same.
  candidates = [
      candidate._replace(
          validation_kl=float(f'{candidate.validation_kl:.5g}'),
          constant_kl=float(f'{candidate.constant_kl:.5g}'),
      )
      for candidate in candidates
  ]
  chosen = best(candidates)
  tables.merge(
      output / CHOICES,
      [
          {
              'scale': scale,
              **candidate._asdict(),
              'percent': f'{candidate.percent:g}',
              'chosen': int(candidate in chosen[candidate.cell]),
          }
          for candidate in candidates
      ],
      _KEYS,
      _TOGETHER,
  )
