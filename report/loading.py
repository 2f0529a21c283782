"""All that results/ holds, read once."""

from collections.abc import Iterable
from collections.abc import Sequence
import dataclasses
import pathlib

from experiment import errors
from experiment import results
from report import claims as claims_lib
from report import evidence as evidence_lib
from report import figure4_rows
from report import rows
from report import table1_rows

# Rounding in the files leaves less than this between two means of log10.
_ROUNDING = 1e-3


@dataclasses.dataclass(frozen=True)
class Results:
  """The results.

  Attributes:
    scale: the scale to show, or auto for the fullest that there is.
    claims: the paper's claims.
    paper: the paper's numbers.
    evidence: what claims are judged on, by scale, the fullest first.
    curves: of figure 2.
    grid: of figure 3.
    points: of figure 3.
    choices: networks trained with other settings, which are their scales.
    accuracies: of table 1, during training.
    alignment: of table 1's synthetic gradients, during training.
    students: of figure 4, during training.
    teachers: of figure 4, after training.
    teacher_curves: of figure 4's teachers, during training.
  """

  scale: str
  claims: Sequence[claims_lib.Claim]
  paper: Sequence[results.Row]
  evidence: dict[str, evidence_lib.Evidence]
  curves: Sequence[rows.CurvePoint]
  grid: Sequence[rows.GridPoint]
  points: Sequence[rows.TrainingPoint]
  choices: Sequence[rows.Network] = ()
  accuracies: Sequence[table1_rows.Curve] = ()
  alignment: Sequence[table1_rows.Alignment] = ()
  students: Sequence[figure4_rows.Curve] = ()
  teachers: Sequence[figure4_rows.Teacher] = ()
  teacher_curves: Sequence[figure4_rows.TeacherCurve] = ()

  def scales(self, artifact: str | None = None) -> list[str]:
    """The scales at which an artifact, or anything, has been run."""
    return [
        scale
        for scale, found in self.evidence.items()
        if artifact is None
        or any(artifact == row.artifact for row in found.measured)
    ]

  def shown(self, scales: Iterable[str]) -> str | None:
    """Which of some scales to show, if any."""
    found = set(scales)
    for scale in self.evidence:
      if scale in found and self.scale in ('auto', scale):
        return scale
    return None


def read(folder: pathlib.Path, scale: str = 'auto') -> Results:
  """Reads the folder of results.

  Args:
    folder: with claims.csv, paper.csv and what has been measured.
    scale: the scale to show, or auto.

  Raises:
    UserError: a file is missing or broken, or two do not belong together.
  """
  claims = claims_lib.read(folder / 'claims.csv')
  grid = rows.read(folder / 'figure3.csv', rows.GridPoint)
  found = Results(
      scale,
      claims,
      results.read(folder / 'paper.csv'),
      evidence_lib.read(folder, grid),
      rows.read(folder / 'figure2_curves.csv', rows.CurvePoint),
      grid,
      rows.read(folder / 'figure3_points.csv', rows.TrainingPoint),
      rows.read(folder / 'choices.csv', rows.Network),
      table1_rows.read_curves(folder),
      table1_rows.read_alignment(folder),
      figure4_rows.read_curves(folder),
      figure4_rows.read_teachers(folder),
      figure4_rows.read_teacher_curves(folder),
  )
  if scale not in ('auto', *found.evidence):
    raise errors.UserError(
        f'flag --scale={scale}: no results of that scale in {folder}: expected '
        f'one of {", ".join(["auto", *found.evidence])}'
    )
  for evidence in found.evidence.values():
    _check_agreement(folder, evidence)
  return found


def _check_agreement(
    folder: pathlib.Path, evidence: evidence_lib.Evidence
) -> None:
  """Refuses files of which one is older than the other."""
  for cell in evidence.cells():
    if cell[0] not in evidence.baselines:
      raise errors.UserError(
          f'{folder / "figure2_baselines.csv"}: no row for {cell[0]}: run '
          'figure 2 again'
      )
    for method in rows.METHODS:
      values = list(evidence.errors(cell, method).values())
      row = evidence.sample(
          'figure2', f'{cell[0]}/{cell[1]}', method, 'log_test_mse'
      )
      if not values and not row:
        continue
      mean = sum(values) / max(1, len(values))
      if not row or abs(row.mean - mean) > _ROUNDING or row.n != len(values):
        raise errors.UserError(
            f'{folder}: measured.csv and figure2_networks.csv disagree about '
            f'{cell[0]}/{cell[1]}, {method}, scale {evidence.scale}: collect '
            'the runs of figure 2 again'
        )
