"""Is one method better than another? Statistics of errors over seeds.

Errors are compared as log10: a difference is then a number of orders of
magnitude, and its distribution over seeds is closer to a normal one. A gain is
always regular minus Sobolev (or other minus claimed): positive when the claimed
method has the smaller error.
"""

from collections.abc import Sequence
import math
from typing import NamedTuple

import numpy as np
from scipy import stats

CONFIDENCE = 0.95


class Comparison(NamedTuple):
  """How two samples differ.

  Attributes:
    gain: the mean difference; of log10 errors, orders of magnitude.
    low: the lower end of its confidence interval.
    high: the upper end.
    n: the number of pairs, or the smaller number of seeds.
    p: of the two-sided t-test.
  """

  gain: float
  low: float
  high: float
  n: int
  p: float


def _from_t(gain: float, error: float, freedom: float, n: int) -> Comparison:
  """A comparison by Student's t.

  Args:
    gain: the difference.
    error: its standard error.
    freedom: the degrees of freedom.
    n: see `Comparison`.
  """
  if freedom < 1:  # One seed: it says nothing of the others.
    return Comparison(gain, -math.inf, math.inf, n, 1.0)
  if error == 0:
    p = 1.0 if gain == 0 else 0.0
    return Comparison(gain, gain, gain, n, p)
  half = stats.t.ppf((1 + CONFIDENCE) / 2, freedom) * error
  p = 2 * stats.t.sf(abs(gain) / error, freedom)
  return Comparison(gain, gain - half, gain + half, n, float(p))


def of_differences(differences: Sequence[float]) -> Comparison:
  """Compares samples whose members belong together in pairs.

  Args:
    differences: one a pair; not empty.
  """
  n = len(differences)
  deviation = float(np.std(differences, ddof=1)) if n > 1 else 0.0
  mean = float(np.mean(differences))
  return _from_t(mean, deviation / math.sqrt(n), n - 1, n)


def signed_rank(differences: Sequence[float]) -> float:
  """Wilcoxon's two-sided p-value, which takes no distribution for granted."""
  if not np.any(differences):
    return 1.0
  return float(stats.wilcoxon(differences).pvalue)


class Sample(NamedTuple):
  """A sample of which only this is known, as in a row of measured.csv."""

  mean: float
  std: float
  n: int


def sample(values: Sequence[float]) -> Sample:
  """Mean and standard deviation of values."""
  std = float(np.std(values, ddof=1)) if len(values) > 1 else 0.0
  return Sample(float(np.mean(values)), std, len(values))


def unpaired(first: Sample, second: Sample) -> Comparison:
  """Compares two samples, `first` - `second`, by Welch's t-test."""
  n = min(first.n, second.n)
  variances = [s.std**2 / s.n for s in (first, second)]
  error = math.sqrt(sum(variances))
  freedom = n - 1.0
  if n > 1 and error > 0:
    shares = zip(variances, (first, second), strict=True)
    freedom = sum(variances) ** 2 / sum(v**2 / (s.n - 1) for v, s in shares)
  return _from_t(first.mean - second.mean, error, freedom, n)


def above(compared: Comparison) -> float:
  """The p-value of the one-sided test that the true gain is above zero."""
  return compared.p / 2 if compared.gain > 0 else 1 - compared.p / 2


def below(compared: Comparison) -> float:
  """The p-value of the one-sided test that the true gain is below zero."""
  return above(compared._replace(gain=-compared.gain))


def interval(values: Sequence[float]) -> tuple[float, float]:
  """The confidence interval of a mean; of one value, unbounded."""
  found = of_differences(values)
  return found.low, found.high


def holm(p_values: Sequence[float]) -> list[float]:
  """p-values corrected for their number, by Holm's step-down method.

  Of those below alpha, the probability that any is there by chance is at most
  alpha.
  """
  order = np.argsort(p_values, kind='stable')
  corrected = np.empty(len(p_values))
  highest = 0.0
  for rank, index in enumerate(order):
    highest = max(highest, (len(order) - rank) * p_values[index])
    corrected[index] = min(highest, 1.0)
  return corrected.tolist()


def directions(
    comparisons: Sequence[Comparison], alpha: float
) -> list[int]:
  """Which comparisons made together are significant, by Holm's method.

  Args:
    comparisons: all that one statement rests on.
    alpha: the level of significance.

  Returns:
    For each, 1 for a significant gain, -1 for a significant loss, else 0.
  """
  corrected = holm([c.p for c in comparisons])
  return [
      0 if p > alpha else int(math.copysign(1, c.gain))
      for c, p in zip(comparisons, corrected, strict=True)
  ]
