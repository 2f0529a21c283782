"""What a claim is judged on: the rows of one scale."""

from collections.abc import Iterable
from collections.abc import Sequence
import dataclasses
import math
import pathlib
from typing import NamedTuple

from experiment import results
from report import comparison
from report import rows

HOLDS = 'holds'
PARTLY = 'holds in part'
FAILS = 'does not hold'
UNDECIDED = 'undecided'
NOT_RUN = 'not run'

VERDICTS = (HOLDS, PARTLY, FAILS, UNDECIDED, NOT_RUN)


class Finding(NamedTuple):
  """What was found about a claim.

  Attributes:
    verdict: one of `VERDICTS`.
    measured: the figures behind it, in words.
  """

  verdict: str
  measured: str


class InsufficientError(Exception):
  """The rows do not suffice to judge a claim.

  Attributes:
    finding: what to say instead.
  """

  def __init__(self, verdict: str, measured: str):
    super().__init__(measured)
    self.finding = Finding(verdict, measured)


Cell = tuple[str, int]  # A function and the number of its training points.


@dataclasses.dataclass(frozen=True)
class Evidence:
  """The rows of one scale.

  Attributes:
    scale: the scale.
    networks: of figure 2, a row a network.
    baselines: of figure 2, the errors of predicting the mean, by function.
    measured: of any artifact, a row a case, method and metric.
  """

  scale: str
  networks: Sequence[rows.Network] = ()
  baselines: dict[str, rows.Baseline] = dataclasses.field(default_factory=dict)
  measured: Sequence[results.Row] = ()

  def cells(self) -> list[Cell]:
    """The functions and sizes of which there are networks."""
    sizes = sorted({row.size for row in self.networks})
    found = {(row.function, row.size) for row in self.networks}
    names = rows.functions(self.networks)
    return [(f, s) for f in names for s in sizes if (f, s) in found]

  def errors(
      self, cell: Cell, method: str, metric: str = 'test_mse'
  ) -> dict[int, float]:
    """The log10 errors of a cell's networks by seed."""
    return {
        row.seed: math.log10(getattr(row, metric))
        for row in self.networks
        if (row.function, row.size, row.method) == (*cell, method)
    }

  def differences(self, cell: Cell, metric: str = 'test_mse') -> list[float]:
    """Regular minus Sobolev log10 error, of each seed that has both."""
    return list(self.differences_by_seed(cell, metric).values())

  def differences_by_seed(
      self, cell: Cell, metric: str = 'test_mse'
  ) -> dict[int, float]:
    """The same, by seed."""
    regular, sobolev = (self.errors(cell, m, metric) for m in rows.METHODS)
    seeds = sorted(regular.keys() & sobolev.keys())
    return {seed: regular[seed] - sobolev[seed] for seed in seeds}

  def gains(
      self, cells: Iterable[Cell], min_seeds: int
  ) -> dict[Cell, comparison.Comparison]:
    """Compares the methods in each of some cells.

    Args:
      cells: which.
      min_seeds: how many seeds a judgement takes.

    Raises:
      InsufficientError: a cell has not been run, or with too few seeds.
    """
    differences = {cell: self.differences(cell) for cell in cells}
    check_complete(list(map(bool, differences.values())), 'cells')
    check_seeds(map(len, differences.values()), min_seeds)
    return {
        cell: comparison.of_differences(values)
        for cell, values in differences.items()
    }

  def sample(
      self, artifact: str, case: str, method: str, metric: str
  ) -> comparison.Sample | None:
    """What measured.csv has of a case, if it has it."""
    key = (artifact, case, method, metric)
    for row in self.measured:
      if (row.artifact, row.case, row.method, row.metric) == key:
        return comparison.Sample(row.mean, row.std or 0.0, row.n or 0)
    return None


def check_complete(there: Sequence[bool], what: str) -> None:
  """Raises InsufficientError unless all that a claim is about is there."""
  if not any(there):
    raise InsufficientError(NOT_RUN, '')
  if not all(there):
    raise InsufficientError(
        UNDECIDED, f'only {sum(there)} of {len(there)} {what} were run'
    )


def check_seeds(counts: Iterable[int], min_seeds: int) -> None:
  """Raises InsufficientError for too few seeds."""
  least = min(counts)
  if least < min_seeds:
    raise InsufficientError(
        UNDECIDED, f'{least} seed{"s" * (least != 1)}, {min_seeds} needed'
    )


def read(
    folder: pathlib.Path, surfaces: Iterable[rows.GridPoint] = ()
) -> dict[str, Evidence]:
  """Reads the rows in the folder of results, by scale, the fullest first.

  A scale may be that of surfaces alone, with no rows here.
  """
  networks = rows.read(folder / 'figure2_networks.csv', rows.Network)
  baselines = rows.read(folder / 'figure2_baselines.csv', rows.Baseline)
  path = folder / 'measured.csv'
  measured = results.read(path) if path.exists() else []
  return {
      scale: Evidence(
          scale,
          [row for row in networks if row.scale == scale],
          {row.function: row for row in baselines},
          [row for row in measured if row.scale == scale],
      )
      for scale in rows.scales([*networks, *measured, *surfaces])
  }
