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
    min_seeds  below that, the verdict is `undecided`
    partly     the share of cells that makes the statement hold in part
"""

import itertools
import math

from scipy import stats

from tools.report import comparison
from tools.report import evidence as evidence_lib

Evidence = evidence_lib.Evidence
Finding = evidence_lib.Finding

Names = tuple[str, ...]


def _number(case: str) -> float:
  try:
    return float(case.rpartition('/')[2])
  except ValueError:
    return math.nan


def _cases(evidence: Evidence, artifact: str, pattern: str) -> list[str]:
  """The measured cases that a pattern means."""
  found = {row.case for row in evidence.measured if row.artifact == artifact}
  name, _, which = pattern.rpartition('/')
  ends = {'least': min, 'most': max}
  if which in ends:
    cases = [case for case in found if case.startswith(f'{name}/')]
    return [ends[which](cases, key=_number)] if cases else []
  return sorted(
      (c for c in found if c == pattern or c.startswith(f'{pattern}/')),
      key=lambda case: (_number(case), case),
  )


def _samples(evidence, artifact, cases, metrics, methods, min_seeds):
  """The samples of each method in each cell that was run.

  Returns:
    By case and metric, a sample a method.

  Raises:
    InsufficientError: a pattern has no such cell, or one with too few seeds.
  """
  cells, there = {}, []
  for pattern in cases:
    matches = _cases(evidence, artifact, pattern)
    for case, metric in itertools.product(matches, metrics):
      found = [evidence.sample(artifact, case, m, metric) for m in methods]
      if None not in found:
        cells[case, metric] = found
    there.append(any(case in matches for case, _ in cells))
  evidence_lib.check_complete(there, 'groups of cases')
  seeds = [sample.n for found in cells.values() for sample in found]
  evidence_lib.check_seeds(seeds, min_seeds)
  return cells


def _graded(signs: list[int], partly: float) -> str:
  share = sum(sign > 0 for sign in signs) / len(signs)
  if share == 1:
    return evidence_lib.HOLDS
  return evidence_lib.PARTLY if share >= partly else evidence_lib.FAILS


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
  cells = _samples(
      evidence, artifact, cases, metrics, (method, other), min_seeds
  )
  pairs = [(b, a) if lower else (a, b) for a, b in cells.values()]
  compared = [comparison.unpaired(*pair) for pair in pairs]
  signs = comparison.directions(compared, alpha)
  text = f'better in {sum(s > 0 for s in signs)} of {len(signs)} cells'
  if any(s < 0 for s in signs):
    text += f', worse in {sum(s < 0 for s in signs)}'
  return Finding(_graded(signs, partly), text)


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
      cells = _samples(
          evidence, artifact, (pattern,), (metric,), (method, other), min_seeds
      )
      (sample, other_sample), = cells.values()
      ordered = (other_sample, sample) if lower else (sample, other_sample)
      effects.append(_effect(*ordered, ratio=lower))
    compared.append(comparison.unpaired(*effects))
  signs = comparison.directions(compared, alpha)
  text = f'larger in {sum(s > 0 for s in signs)} of {len(signs)} pairs of cases'
  return Finding(_graded(signs, partly), text)


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
  ends = _samples(evidence, artifact, cases, (metric,), (method,), min_seeds)
  lows = _samples(evidence, artifact, cases, (lowest,), (method,), min_seeds)
  ratios = [
      ends[case, metric][0].mean / low.mean
      for (case, _), (low,) in lows.items()
  ]
  signs = [1 if r <= ratio else -1 for r in ratios]
  text = f'{max(ratios):.2f} times the lowest at most'
  return Finding(_graded(signs, partly), text)


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
  p_values = []
  for other in others:
    cells = _samples(
        evidence, artifact, cases, metrics, (method, other), min_seeds
    )
    for ours, theirs in cells.values():
      quotient = (theirs.std / ours.std) ** 2 if ours.std else math.inf
      p_values.append(stats.f.sf(quotient, theirs.n - 1, ours.n - 1))
  signs = [int(p <= alpha) for p in comparison.holm(p_values)]
  text = f'smaller in {sum(signs)} of {len(signs)} comparisons'
  return Finding(_graded(signs, partly), text)
