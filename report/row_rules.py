"""Rules that judge statements about figure 4 and table 1 (4.2 and 4.3).

They use the rows of measured.csv alone: mean, standard deviation and number of
seeds. Thresholds, from results/claims.csv, that several rules share:

    artifact   figure4 or table1
    cases      such as `cifar10/3`; `pong` means every case of it, `pong/least`
               and `pong/most` the one with the least and the most data
    lower      whether a lower metric is better (yes or no)
    method     the method that the statement is about
    other      the one that it is compared with
    alpha      the level of significance of Welch's t-test over seeds, after
               Holm's correction over all the cells of the rule
    min_seeds  below that, the verdict is `undecided`; table 1 takes three,
               with which the test is valid and only weak
    partly     the share of cells that makes the statement hold in part
"""

import math

from scipy import stats

from report import cells as cells_lib
from report import comparison
from report import evidence as evidence_lib

Evidence = evidence_lib.Evidence
Finding = evidence_lib.Finding

Names = tuple[str, ...]


def better(
    evidence: Evidence,
    *,
    artifact: str,
    cases: Names,
    metrics: Names,
    lower: bool,
    method: str,
    other: str,
    partly: float,
    alpha: float,
    min_seeds: int,
) -> Finding:
  """`method` is significantly better than `other` in every cell."""
  cells = cells_lib.find(
      evidence, artifact, cases, metrics, (method, other), min_seeds
  )
  pairs = [(b, a) if lower else (a, b) for a, b in cells.samples.values()]
  compared = [comparison.unpaired(*pair) for pair in pairs]
  signs = comparison.directions(compared, alpha)
  text = f'better in {sum(s > 0 for s in signs)} of {len(signs)} cells'
  if any(s < 0 for s in signs):
    text += f', worse in {sum(s < 0 for s in signs)}'
  return cells.finding(cells_lib.graded([s > 0 for s in signs], partly), text)


def _effect(first, second, ratio: bool) -> comparison.Sample:
  """How much larger `first` is than `second`, with the spread over seeds."""
  n = min(first.n, second.n)
  if not ratio:
    spread = math.hypot(first.std, second.std)
    return comparison.Sample(first.mean - second.mean, spread, n)
  # The spread of a logarithm is, to first order, the relative one.
  spread = math.hypot(*(s.std / s.mean for s in (first, second)))
  gain = math.log10(first.mean / second.mean)
  return comparison.Sample(gain, spread / math.log(10), n)


def larger_effect(
    evidence: Evidence,
    *,
    artifact: str,
    first: Names,
    second: Names,
    metric: str,
    lower: bool,
    method: str,
    other: str,
    partly: float,
    alpha: float,
    min_seeds: int,
) -> Finding:
  """The gain is significantly larger in cases `first` than in `second`.

  The two are compared place by place. A gain is log10 of the ratio where lower
  is better, and the difference where higher is.
  """
  compared = []
  for pair in zip(first, second, strict=True):
    effects = []
    for pattern in pair:
      cells = cells_lib.find(
          evidence, artifact, (pattern,), (metric,), (method, other), min_seeds
      )
      (sample, other_sample), = cells.samples.values()
      ordered = (other_sample, sample) if lower else (sample, other_sample)
      effects.append(_effect(*ordered, ratio=lower))
    compared.append(comparison.unpaired(*effects))
  signs = comparison.directions(compared, alpha)
  text = f'larger in {sum(s > 0 for s in signs)} of {len(signs)} pairs of cases'
  return Finding(cells_lib.graded([s > 0 for s in signs], partly), text)


def little_overfitting(
    evidence: Evidence,
    *,
    artifact: str,
    cases: Names,
    metric: str,
    lowest: str,
    method: str,
    ratio: float,
    partly: float,
    min_seeds: int,
) -> Finding:
  """A test error ends at most `ratio` times above its lowest in training.

  `lowest` is the metric that has that lowest value.
  """
  ends, lows = (
      cells_lib.find(evidence, artifact, cases, (m,), (method,), min_seeds)
      for m in (metric, lowest)
  )
  ratios = [
      ends.samples[case, metric][0].mean / low.mean
      for (case, _), (low,) in lows.samples.items()
  ]
  text = f'{max(ratios):.2f} times the lowest at most'
  good = [r <= ratio for r in ratios]
  return lows.finding(cells_lib.graded(good, partly), text)


def steadier(
    evidence: Evidence,
    *,
    artifact: str,
    cases: Names,
    metrics: Names,
    method: str,
    others: Names,
    partly: float,
    alpha: float,
    min_seeds: int,
) -> Finding:
  """The spread over seeds is significantly smaller than each other method's.

  An F-test of the variances, one-sided, Holm over cells and methods.
  """
  cells = cells_lib.find(
      evidence, artifact, cases, metrics, (method, *others), min_seeds
  )
  p_values = []
  for ours, *rest in cells.samples.values():
    for theirs in rest:
      quotient = (theirs.std / ours.std) ** 2 if ours.std else math.inf
      p_values.append(stats.f.sf(quotient, theirs.n - 1, ours.n - 1))
  good = [p <= alpha for p in comparison.holm(p_values)]
  text = f'smaller in {sum(good)} of {len(good)} comparisons'
  return cells.finding(cells_lib.graded(good, partly), text)
