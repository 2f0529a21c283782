"""Rules that judge the paper's statements about regression (section 4.1).

A rule takes the evidence and the thresholds, which stand in results/claims.csv
and nowhere else. Thresholds that several rules share:

    functions  the functions that the statement is about, or `all` of the seven
    sizes      the numbers of training points that it is about
    alpha      the level of significance of the paired t-test of log10 MSE over
               seeds, after Holm's correction over all the cells of the rule
    min_seeds  below that, the verdict is `undecided`
    need       how many functions make the statement hold
    partly     how many make it hold in part
"""

import itertools
import math
import statistics

from report import comparison
from report import evidence as evidence_lib
from report import rows

Evidence = evidence_lib.Evidence
Finding = evidence_lib.Finding

Names = tuple[str, ...]
Sizes = tuple[int, ...]


def _names(functions: Names) -> Names:
  return tuple(rows.TITLES) if functions == ('all',) else functions


def _graded(count: int, need: int, partly: int) -> str:
  if count >= need:
    return evidence_lib.HOLDS
  return evidence_lib.PARTLY if count >= partly else evidence_lib.FAILS


def _directions(found, alpha):
  """By cell, whether Sobolev is significantly better (1) or worse (-1)."""
  values = comparison.directions(list(found.values()), alpha)
  return dict(zip(found, values, strict=True))


def _listed(names) -> str:
  return ', '.join(map(rows.title, names))


def times(gain: float) -> str:
  """A ratio, given as a number of orders of magnitude, to two digits."""
  ratio = 10**gain
  return f'{ratio:,.0f}' if ratio >= 99.5 else f'{ratio:#.2g}'.rstrip('.')


def _sizes(sizes) -> str:
  return ', '.join(f'{size:,}' for size in sizes)


def _at(sizes: Sizes) -> str:
  if len(sizes) == 1:
    return f'with {sizes[0]:,} points'
  return f'at {"both" if len(sizes) == 2 else f"all {len(sizes)}"} sizes'


def lower_error(
    evidence: Evidence,
    *,
    functions: Names,
    sizes: Sizes,
    need: int,
    partly: int,
    alpha: float,
    min_seeds: int,
) -> Finding:
  """Sobolev's test error is significantly lower, at every one of `sizes`."""
  functions = _names(functions)
  found = evidence.gains(itertools.product(functions, sizes), min_seeds)
  better = _directions(found, alpha)
  winners = [f for f in functions if all(better[f, s] > 0 for s in sizes)]
  losers = {f: [s for s in sizes if better[f, s] <= 0] for f in functions}
  text = f'{len(winners)} of {len(functions)} functions {_at(sizes)}'
  if len(sizes) > 1:
    cells = sum(value > 0 for value in better.values())
    text += f', {cells} of {len(found)} cells'
  missed = [
      rows.title(f) + (f' ({_sizes(s)})' if sizes[1:] else '')
      for f, s in losers.items()
      if s
  ]
  if missed:
    text += f'; not {", ".join(missed)}'
  return Finding(_graded(len(winners), need, partly), text)


def ratio_at_least(
    evidence: Evidence,
    *,
    functions: Names,
    sizes: Sizes,
    ratio: float,
    need: int,
    partly: int,
    min_seeds: int,
) -> Finding:
  """The geometric mean of regular / Sobolev test error is at least `ratio`.

  It holds when that is so for `need` functions at every size, in part when it
  is for `partly` functions at one size or more.
  """
  functions = _names(functions)
  found = evidence.gains(itertools.product(functions, sizes), min_seeds)
  large = {cell: 10**c.gain >= ratio for cell, c in found.items()}
  always = sum(all(large[f, s] for s in sizes) for f in functions)
  once = sum(any(large[f, s] for s in sizes) for f in functions)
  if always >= need:
    verdict = evidence_lib.HOLDS
  elif once >= partly:
    verdict = evidence_lib.PARTLY
  else:
    verdict = evidence_lib.FAILS
  if len(found) <= 3:
    listed = ', '.join(
        f'{times(c.gain)} times with {size:,} points'
        for (_, size), c in found.items()
    )
    return Finding(verdict, f'lower by {listed}')
  median = statistics.median(c.gain for c in found.values())
  return Finding(
      verdict,
      f'{ratio:g} times or more: {always} of {len(functions)} functions '
      f'{_at(sizes)}, {once} at one or more, {sum(large.values())} of '
      f'{len(found)} cells; median {times(median)} times',
  )


def stronger_with_few(
    evidence: Evidence,
    *,
    functions: Names,
    few: int,
    many: int,
    need: int,
    partly: int,
    alpha: float,
    min_seeds: int,
) -> Finding:
  """The gain is significantly larger with `few` points than with `many`.

  A seed's points are the first of those of a larger size, and its networks
  start alike: a paired t-test over the seeds, Holm over functions.
  """
  functions = _names(functions)
  evidence.gains(itertools.product(functions, (few, many)), min_seeds)
  changes = {}
  for function in functions:
    here, there = (
        evidence.differences_by_seed((function, size)) for size in (few, many)
    )
    seeds = here.keys() & there.keys()
    evidence_lib.check_seeds([len(seeds)], min_seeds)
    changes[function] = comparison.of_differences(
        [here[seed] - there[seed] for seed in sorted(seeds)]
    )
  sign = _directions(changes, alpha)
  stronger = [f for f in functions if sign[f] > 0]
  weaker = [f for f in functions if sign[f] < 0]
  text = f'{len(stronger)} of {len(functions)} functions'
  if stronger and len(stronger) < len(functions):
    text += f' ({_listed(stronger)})'
  if weaker:
    text += f'; significantly weaker: {_listed(weaker)}'
  return Finding(_graded(len(stronger), need, partly), text)


def which_is_better(
    evidence: Evidence,
    *,
    function: str,
    sizes: Sizes,
    method: str,
    alpha: float,
    min_seeds: int,
) -> Finding:
  """On one function, `method` has the significantly lower test error.

  It holds in part when that is so at some of the sizes, and is undecided when
  no size shows a significant difference either way.
  """
  found = evidence.gains([(function, size) for size in sizes], min_seeds)
  wanted = 1 if method == 'sobolev' else -1
  signs = [wanted * sign for sign in _directions(found, alpha).values()]
  text = '; '.join(
      f'{size:,} points: Sobolev {_factor(c)}'
      for (_, size), c in found.items()
  )
  if all(sign > 0 for sign in signs):
    return Finding(evidence_lib.HOLDS, text)
  if any(sign > 0 for sign in signs):
    return Finding(evidence_lib.PARTLY, text)
  if any(sign < 0 for sign in signs):
    return Finding(evidence_lib.FAILS, text)
  return Finding(evidence_lib.UNDECIDED, text)


def _factor(c: comparison.Comparison) -> str:
  """How far Sobolev's error is from the regular one, and how sure that is."""
  side, low, high = 'lower', c.low, c.high
  if c.gain < 0:
    side, low, high = 'higher', -c.high, -c.low
  return (
      f'{times(abs(c.gain))} times {side} ({times(low)} to {times(high)}, '
      f'p {"<" if c.p < 0.001 else "="} {max(c.p, 0.001):.3f})'
  )


def only_exception(
    evidence: Evidence,
    *,
    function: str,
    sizes: Sizes,
    alpha: float,
    min_seeds: int,
) -> Finding:
  """`function` alone has a size at which regular is significantly better.

  It holds in part when other functions have one too.
  """
  cells = itertools.product(rows.TITLES, sizes)
  found = evidence.gains(cells, min_seeds)
  signs = _directions(found, alpha)
  worse = {
      f: [s for s in sizes if signs[f, s] < 0] for f in rows.TITLES
  }
  worse = {f: s for f, s in worse.items() if s}
  listed = [f'{rows.title(f)} ({_sizes(s)})' for f, s in worse.items()]
  text = f'regular better: {", ".join(listed) or "nowhere"}'
  if worse.keys() == {function}:
    return Finding(evidence_lib.HOLDS, text)
  if function in worse:
    return Finding(evidence_lib.PARTLY, text)
  return Finding(evidence_lib.FAILS, text)


def captures_shape(
    evidence: Evidence,
    *,
    function: str,
    sizes: Sizes,
    method: str,
    remaining: float,
    min_seeds: int,
) -> Finding:
  """At most a share of the function's variance is left as test error.

  The share is that of the geometric mean over seeds, and its 95 % confidence
  interval must be on one side of `remaining`. It holds in part when it does at
  some of the sizes.
  """
  evidence.gains([(function, size) for size in sizes], min_seeds)
  if function not in evidence.baselines:
    raise evidence_lib.InsufficientError(
        evidence_lib.UNDECIDED, 'no row in figure2_baselines.csv'
    )
  limit = evidence.baselines[function].log_test_mse + math.log10(remaining)
  texts, inside, outside = [], [], []
  for size in sizes:
    errors = list(evidence.errors((function, size), method).values())
    low, high = comparison.interval(errors)
    inside.append(high <= limit)
    outside.append(low > limit)
    share = remaining * 10 ** (statistics.fmean(errors) - limit)
    texts.append(f'{100 * share:.2g} % with {size:,} points')
  text = f'{method.capitalize()} leaves {" and ".join(texts)} of the variance'
  if all(inside):
    return Finding(evidence_lib.HOLDS, text)
  if any(inside):
    return Finding(evidence_lib.PARTLY, text)
  if any(outside):
    return Finding(evidence_lib.FAILS, text)
  return Finding(evidence_lib.UNDECIDED, text)
