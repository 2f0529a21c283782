# SPDX-License-Identifier: Apache-2.0
"""The networks of section 4.1 that one recipe trained, method beside method."""

from collections.abc import Iterable
from collections.abc import Sequence
import math
import operator
from typing import NamedTuple

from report import effects as effects_lib
from report import names
from report import results as results_lib
from report.rows import regression

LAST = 'at the last step'
EARLY = 'with early stopping'


class Arm(NamedTuple):
  """A method with its gradient term."""

  method: str
  gradient_weight: float
  distance: str


REGULAR = Arm('regular', 0.0, 'none')
SOBOLEV = Arm('sobolev', 1.0, 'squared_l2')  # The paper's [V].


class Cell(NamedTuple):
  """A function with the number of its training points."""

  function: str
  size: int

  def __str__(self) -> str:
    return f'{names.title(self.function)}, {self.size:,} points'


def ordered(cells: Iterable[Cell]) -> list[Cell]:
  """Cells without repetitions, in the order of the supplement's table."""
  cells = set(cells)
  functions = names.ordered((c.function for c in cells), names.FUNCTIONS)
  return sorted(cells, key=lambda c: (functions.index(c.function), c.size))


class Networks:
  """The networks of one recipe.

  Attributes:
    scale: the recipe.
    baselines: the errors of predicting the mean, by function.
    arms: what was trained: regular training and one or more gradient terms.
    cells: the functions and sizes that it was trained on.
  """

  def __init__(
      self,
      rows: Sequence[regression.Evaluation],
      baselines: Iterable[regression.Baseline] = (),
  ):
    """Takes the rows of one recipe."""
    self.scale = rows[0].scale if rows else None
    self.baselines = {row.function: row for row in baselines}
    self._curves = results_lib.curves(
        rows,
        lambda row: (
            Cell(row.function, row.size),
            Arm(row.method, row.gradient_weight, row.distance),
        ),
    )
    self.arms = sorted(
        {arm for _, arm in self._curves},
        key=lambda arm: (
            arm != REGULAR,
            arm.distance != SOBOLEV.distance,
            arm.distance,
            -arm.gradient_weight,
        ),
    )
    self.cells = ordered(cell for cell, _ in self._curves)

  @property
  def functions(self) -> list[str]:
    """The functions learned."""
    return list(dict.fromkeys(cell.function for cell in self.cells))

  @property
  def sizes(self) -> list[int]:
    """The numbers of training points."""
    return sorted({cell.size for cell in self.cells})

  def curves(
      self, cell: Cell, arm: Arm
  ) -> dict[int, list[regression.Evaluation]]:
    """The evaluations of each seed, in the order of their steps."""
    return self._curves.get((cell, arm), {})

  def ends(
      self, cell: Cell, arm: Arm, when: str = LAST
  ) -> dict[int, regression.Evaluation]:
    """Where each seed's network ended.

    Args:
      cell: which networks.
      arm: likewise.
      when: LAST, or EARLY: where its own error on the held-out points is
        least. Networks without held-out points are left out of EARLY.
    """
    curves = self.curves(cell, arm)
    if when == LAST:
      return {seed: curve[-1] for seed, curve in curves.items()}
    return {
        seed: min(curve, key=lambda row: row.validation_mse)
        for seed, curve in curves.items()
        if all(row.validation_mse is not None for row in curve)
    }

  def effects(
      self,
      cell: Cell,
      when: str = LAST,
      arm: Arm = SOBOLEV,
      metric: str = 'test_mse',
  ) -> dict[int, float]:
    """log10 of the regular over the arm's error, of seeds that have both."""
    regular, sobolev = (
        {
            seed: math.log10(getattr(row, metric))
            for seed, row in self.ends(cell, a, when).items()
        }
        for a in (REGULAR, arm)
    )
    return effects_lib.by_seed(operator.sub, regular, sobolev)

  def effects_by_step(
      self, cell: Cell, arm: Arm = SOBOLEV
  ) -> dict[int, list[float]]:
    """`effects` during training, at the steps that both methods report."""
    found: dict[int, list[float]] = {}
    others = self.curves(cell, arm)
    for seed, curve in self.curves(cell, REGULAR).items():
      errors = {row.step: row.test_mse for row in others.get(seed, ())}
      for row in curve:
        if row.step in errors:
          effect = math.log10(row.test_mse / errors[row.step])
          found.setdefault(row.step, []).append(effect)
    return dict(sorted(found.items()))

  def is_trained(self, cell: Cell, when: str = LAST) -> bool:
    """The positive control: some method does better than the mean does.

    True where that error is not known.
    """
    if cell.function not in self.baselines:
      return True
    mean = math.log10(self.baselines[cell.function].test_mse)
    return any(
        ends
        and sum(math.log10(row.test_mse) - mean for row in ends) / len(ends) < 0
        for arm in (REGULAR, SOBOLEV)
        for ends in [self.ends(cell, arm, when).values()]
    )


def of(results: results_lib.Results, scale: str | None) -> Networks:
  """The networks of the recipe of some name; none for None."""
  return Networks(
      results.of_scale(regression.Evaluation, scale),
      results.rows(regression.Baseline),
  )
