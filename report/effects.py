# SPDX-License-Identifier: Apache-2.0
"""Effects with intervals: is one method better than another, and how surely?

An effect is oriented so that positive is what the paper says; see
docs/protocol.md. All intervals have 95 %.
"""

from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence
import math
from typing import NamedTuple

import numpy as np
from scipy import stats

CONFIDENCE = 0.95
POWER = 0.8


class Sample(NamedTuple):
  """A sample of which only this is known."""

  mean: float
  std: float
  n: int


class Effect(NamedTuple):
  """A difference and how sure it is."""

  value: float  # The estimate.
  low: float  # The lower end of its interval.
  high: float  # The upper end.
  p: float  # Of the two-sided test that it is 0.
  # The smallest effect that a test of it alone would find with 80 % power.
  visible: float
  n: int  # Seeds; of methods with different numbers, the smaller.


def sample(values: Sequence[float]) -> Sample:
  """Mean and standard deviation (n - 1 in the denominator) of values."""
  std = float(np.std(values, ddof=1)) if len(values) > 1 else 0.0
  return Sample(float(np.mean(values)), std, len(values))


def by_seed(
    combine: Callable[..., float], *values: Mapping[int, float]
) -> dict[int, float]:
  """Combines the values of each seed that has all of them."""
  seeds = sorted(set.intersection(*map(set, values)))
  return {seed: combine(*(of[seed] for of in values)) for seed in seeds}


def _from_t(value: float, error: float, freedom: float, n: int) -> Effect:
  """An effect by Student's t, of its standard error and degrees of freedom."""
  if freedom < 1:  # Nothing is known of the error.
    return Effect(value, -math.inf, math.inf, 1.0, math.inf, n)
  quantile = stats.t.ppf((1 + CONFIDENCE) / 2, freedom)
  half = quantile * error
  visible = half + stats.t.ppf(POWER, freedom) * error
  if error == 0:
    p = float(value == 0)
  else:
    p = 2 * float(stats.t.sf(abs(value) / error, freedom))
  return Effect(value, value - half, value + half, p, visible, n)


def paired(differences: Sequence[float]) -> Effect:
  """The effect of pairs, from one difference per pair."""
  mean, std, n = sample(differences)
  return _from_t(mean, std / math.sqrt(n), n - 1, n)


def contrast(
    plus: Sequence[Sample], minus: Sequence[Sample]
) -> Effect:
  """A sum of means minus another, by Welch's t.

  With one sample on each side this is Welch's test, with two a difference of
  differences.
  """
  samples = [*plus, *minus]
  n = min(s.n for s in samples)
  variances = [s.std**2 / s.n for s in samples]
  total = sum(variances)
  freedom = n - 1.0
  if n > 1 and total > 0:
    shares = zip(variances, samples, strict=True)
    freedom = total**2 / sum(v**2 / (s.n - 1) for v, s in shares)
  value = sum(s.mean for s in plus) - sum(s.mean for s in minus)
  return _from_t(value, math.sqrt(total), freedom, n)


def log_ratio_of_stds(first: Sample, second: Sample) -> Effect:
  """log10 of the first standard deviation over the second, by the F test."""
  n = min(first.n, second.n)
  if n < 2 or not (first.std and second.std):
    value = 0.0
    if n > 1 and first.std != second.std:
      value = math.inf if first.std else -math.inf
    return Effect(value, -math.inf, math.inf, 1.0, math.inf, n)
  quotient = (first.std / second.std) ** 2
  freedoms = first.n - 1, second.n - 1
  lowest, highest = stats.f.interval(CONFIDENCE, *freedoms)
  tail = min(stats.f.cdf(quotient, *freedoms), stats.f.sf(quotient, *freedoms))
  visible = highest / stats.f.ppf(1 - POWER, *freedoms)
  return Effect(
      *(math.log10(x) / 2 for x in
        (quotient, quotient / highest, quotient / lowest)),
      p=min(1.0, 2 * float(tail)),
      visible=math.log10(visible) / 2,
      n=n,
  )


def holm(p_values: Sequence[float]) -> list[float]:
  """p-values corrected for their number, by Holm's step-down method.

  Of those below alpha, the probability that any is there by chance is at most
  alpha.
  """
  order = np.argsort(p_values, kind='stable')
  scaled = np.arange(len(order), 0, -1) * np.asarray(p_values)[order]
  corrected = np.empty(len(order))
  corrected[order] = np.minimum(np.maximum.accumulate(scaled), 1.0)
  return corrected.tolist()
