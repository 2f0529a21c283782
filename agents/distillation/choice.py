"""The choice of step size and alpha, for each cell of Figure 4 and method.

Of all candidates, the one whose student is closest to its teacher in the
validation episodes at the end of its training.
"""

from collections.abc import Iterable
from collections.abc import Mapping
import csv
import pathlib
from typing import NamedTuple

from agents.distillation import settings as settings_lib
from sobolev_training.experiment import errors
from sobolev_training.experiment import finished_runs
from sobolev_training.experiment import tables

CHOICES = 'figure4_choices.csv'

# Columns of `CHOICES`: those that say what a row is about, up to alpha, and of
# these the cell.
_KEYS, _CELL = 6, 4

# A game, a percentage and a method.
Cell = tuple[str, float, str]


class Candidate(NamedTuple):
  """Settings, and how well they did.

  Attributes:
    game: the game.
    percent: of the recorded states that it was trained on.
    method: regular or sobolev.
    learning_rate: Adam's step size.
    alpha: weight of the Sobolev term; 0 for regular.
    validation_kl: in nats, at the end.
  """

  game: str
  percent: float
  method: str
  learning_rate: float
  alpha: float
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
          finished_runs.read(folder)[1][-1]['validation_kl'],
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
          numbers = (float(row[name]) for name in Candidate._fields[3:])
          cell = row['game'], float(row['percent']), row['method']
          found.append(Candidate(*cell, *numbers))
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


def best(candidates: Iterable[Candidate]) -> dict[Cell, Candidate]:
  """The best candidate of each cell."""
  found = {}
  for candidate in candidates:
    key = _cell(candidate)
    if key not in found or (
        candidate.validation_kl < found[key].validation_kl
    ):
      found[key] = candidate
  return found


def _cell(candidate: Candidate) -> Cell:
  return candidate.game, candidate.percent, candidate.method


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
              'chosen': int(chosen[_cell(candidate)] is candidate),
          }
          for candidate in candidates
      ],
      _KEYS,
      _CELL,
  )
