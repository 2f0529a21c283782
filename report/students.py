# SPDX-License-Identifier: Apache-2.0
"""The students of section 4.2 at one scale, method beside method."""

from collections.abc import Callable
from collections.abc import Sequence
import math
import operator
import statistics

from report import effects as effects_lib
from report import names
from report import results as results_lib
from report.rows import distillation

_LEAST = 1e-12  # Nats; logarithms of less say nothing.


def _log10(divergence: float) -> float:
  return math.log10(max(divergence, _LEAST))


class Students:
  """The students of one scale.

  Attributes:
    scale: the scale.
    games: the games.
    percents: the percentages of the states, from the least.
  """

  def __init__(self, rows: Sequence[distillation.Student]):
    """Takes the rows of one scale."""
    self.scale = rows[0].scale if rows else None
    self.games = names.ordered((row.game for row in rows), names.GAMES)
    self.percents = sorted({row.percent for row in rows})
    self._curves = results_lib.curves(
        rows, operator.attrgetter('game', 'percent', 'method')
    )

  def curves(
      self, game: str, percent: float, method: str
  ) -> dict[int, list[distillation.Student]]:
    """The evaluations of each seed, in the order of their steps."""
    return self._curves.get((game, percent, method), {})

  def percents_of(self, game: str) -> list[float]:
    """The percentages at which a game has students of both methods."""
    return [
        percent
        for percent in self.percents
        if all(self.curves(game, percent, method) for method in names.METHODS)
    ]

  def effects(self, game: str, percent: float) -> dict[int, float]:
    """log10 of the regular over the Sobolev divergence after the last update.

    Returns:
      One effect for each seed that has both.
    """
    regular, sobolev = (
        {
            seed: _log10(curve[-1].test_kl)
            for seed, curve in self.curves(game, percent, method).items()
        }
        for method in names.METHODS
    )
    return effects_lib.by_seed(operator.sub, regular, sobolev)

  def overfitting(self, game: str, percent: float) -> dict[int, float]:
    """log10 of Sobolev's last over its lowest divergence, by seed."""
    return {
        seed: _log10(curve[-1].test_kl)
        - _log10(min(row.test_kl for row in curve))
        for seed, curve in self.curves(game, percent, 'sobolev').items()
    }

  def of_game(
      self,
      game: str,
      values: Callable[[str, float], dict[int, float]],
      percents: Sequence[float] | None = None,
  ) -> list[float]:
    """The mean over percentages, by default all, of values such as `effects`.

    Returns:
      One mean for each seed that has all of these percentages of the game.
    """
    if percents is None:
      percents = self.percents_of(game)
    found = [values(game, percent) for percent in percents]
    if not found:
      return []
    means = effects_lib.by_seed(lambda *of: statistics.fmean(of), *found)
    return list(means.values())


def of(results: results_lib.Results, scale: str | None) -> Students:
  """The students of a scale; none for None."""
  return Students(results.of_scale(distillation.Student, scale))
