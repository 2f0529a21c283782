"""The choice of step size and alpha, for each cell of Figure 4 and method.

Of all candidates, the one whose students are closest to their teacher in the
validation episodes at the end of their training, in the mean over seeds: there
are settings with which one student does well and another one dies.
"""

import collections
from collections.abc import Iterable
from collections.abc import Mapping
import csv
import pathlib
import statistics
from typing import NamedTuple

from agents.distillation import settings as settings_lib
from experiment import errors
from experiment import finished_runs
from experiment import tables

CHOICES = 'figure4_choices.csv'

# Columns of `CHOICES`: those that say what a row is about, up to the seed, and
# of these the cell.
_KEYS, _CELL = 7, 4

# A game, a percentage and a method.
Cell = tuple[str, float, str]


class Candidate(NamedTuple):
  """Settings, and how well a student did with them.

  Attributes:
    game: the game.
    percent: of the recorded states that it was trained on.
    method: regular or sobolev.
    learning_rate: Adam's step size.
    alpha: weight of the Sobolev term; 0 for regular.
    seed: of the student.
    validation_kl: in nats, at the end.
  """

  game: str
  percent: float
  method: str
  learning_rate: float
  alpha: float
  seed: int
  validation_kl: float


def read(
    runs: Mapping[pathlib.Path, settings_lib.Config],
) -> list[Candidate]:
  """What finished runs found, by their folders."""
  return [
      Candidate(
          student.game,
          student.percent,
          student.method,
          student.learning_rate,
          student.alpha,
          student.seed,
          finished_runs.read(folder, 'validation_kl')[1][-1]['validation_kl'],
      )
      for folder, student in runs.items()
  ]


def load(
    folder: pathlib.Path, scale: str, cells: Iterable[Cell]
) -> list[Candidate]:
  """What `write` has written for a scale.

  Args:
    folder: of `CHOICES`.
    scale: the scale.
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
          types = Candidate.__annotations__.items()
          found.append(Candidate(*(to(row[name]) for name, to in types)))
  except FileNotFoundError:
    pass
  except (KeyError, TypeError, ValueError) as error:
    raise errors.UserError(f'{path}: not a table of choices: {error}') from None
  missing = set(cells) - {_cell(candidate) for candidate in found}
  if missing:
    game, percent, method = min(missing)
    raise errors.UserError(
        f'{path}: no choice for {game}, {percent:g} %, {method} at scale '
        f'{scale!r}: leave out --nochoose to make it'
    )
  return found


def best(candidates: Iterable[Candidate]) -> dict[Cell, list[Candidate]]:
  """The best settings of each cell, with all their seeds."""
  students = collections.defaultdict(list)
  for candidate in candidates:
    students[candidate[:-2]].append(candidate)
  found = {}
  for same in students.values():
    cell = _cell(same[0])
    if cell not in found or _mean_kl(same) < _mean_kl(found[cell]):
      found[cell] = same
  return found


def _mean_kl(students: Iterable[Candidate]) -> float:
  return statistics.fmean(student.validation_kl for student in students)


def _cell(candidate: Candidate) -> Cell:
  return candidate[:3]


def write(
    candidates: list[Candidate], scale: str, output: pathlib.Path
) -> None:
  """Merges the candidates into `CHOICES`, with which was chosen."""
  chosen = best(candidates)
  tables.merge(
      output / CHOICES,
      [
          {
              'scale': scale,
              **candidate._asdict(),
              'percent': f'{candidate.percent:g}',
              'validation_kl': f'{candidate.validation_kl:.5g}',
              'chosen': int(candidate in chosen[_cell(candidate)]),
          }
          for candidate in candidates
      ],
      _KEYS,
      _CELL,
  )
