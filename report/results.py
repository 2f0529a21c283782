# SPDX-License-Identifier: Apache-2.0
"""All rows of a folder of results, read once."""

from collections.abc import Callable
from collections.abc import Hashable
from collections.abc import Iterable
import pathlib
from typing import TypeVar

from report import names
from report.rows import distillation
from report.rows import paper
from report.rows import regression
from report.rows import runs
from report.rows import synthetic_gradients
from report.rows import table

T = TypeVar('T', bound=tuple)

KINDS = (
    runs.Run,
    paper.Printed,
    regression.Evaluation,
    regression.Baseline,
    regression.SurfacePoint,
    regression.TrainingPoint,
    distillation.Student,
    distillation.Candidate,
    distillation.Teacher,
    distillation.TeacherCurve,
    synthetic_gradients.Method,
    synthetic_gradients.Accuracy,
    synthetic_gradients.Alignment,
    synthetic_gradients.Candidate,
)


class Results:
  """The rows of each class; none of a class whose file is not there."""

  def __init__(self, rows: Iterable[tuple] = ()):
    """Takes rows of any classes."""
    self._rows: dict[type[tuple], list[tuple]] = {kind: [] for kind in KINDS}
    for row in rows:
      self._rows[type(row)].append(row)

  def __bool__(self) -> bool:
    """Whether there are any."""
    return any(self._rows.values())

  def rows(self, kind: type[T]) -> list[T]:
    """The rows of a class, of all scales."""
    return self._rows[kind]

  def of_scale(self, kind: type[T], scale: str | None) -> list[T]:
    """The rows of a class at one scale; none for None."""
    return [row for row in self._rows[kind] if row.scale == scale]

  def scales(self, kind: type[T]) -> list[str]:
    """The scales of a class's rows: those that decide, the fullest first."""
    return names.ordered((row.scale for row in self.rows(kind)), names.SCALES)


def read(folder: pathlib.Path) -> Results:
  """Reads the folder of results.

  Raises:
    UserError: a file is damaged.
  """
  return Results(
      row for kind in KINDS for row in table.read(folder, kind)
  )


def curves(
    rows: Iterable[T], about: Callable[[T], Hashable]
) -> dict[Hashable, dict[int, list[T]]]:
  """Sorts evaluations by what they are about, then seed, then step."""
  found: dict[Hashable, dict[int, list[T]]] = {}
  for row in sorted(rows, key=lambda row: (row.seed, row.step)):
    seeds = found.setdefault(about(row), {})
    seeds.setdefault(row.seed, []).append(row)
  return found
