# SPDX-License-Identifier: Apache-2.0
"""The four verdicts, and how they follow from effects; see docs/protocol.md."""

from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from typing import NamedTuple

from report import effects as effects_lib
from report import names

SUPPORTED = 'supported'
CONTRADICTED = 'contradicted'
INCONCLUSIVE = 'inconclusive'
NOT_TESTED = 'not tested'

VERDICTS = (SUPPORTED, CONTRADICTED, INCONCLUSIVE, NOT_TESTED)

ALPHA = 1 - effects_lib.CONFIDENCE


class Comparison(NamedTuple):
  """One comparison; `signs` and `above` fill in the last three."""

  name: str  # What is compared, as it is displayed.
  # How much is seen of what the paper says; None where nothing counts.
  effect: effects_lib.Effect | None
  reason: str = ''  # Why nothing counts.
  printed: float | None = None  # The paper's own effect, if it prints one.
  verdict: str = NOT_TESTED  # One of `VERDICTS`.
  threshold: float = 0.0  # What the effect is compared with.
  # Of the test against 0, by Holm's method; None where the interval decides.
  p: float | None = None


class Finding(NamedTuple):
  """What was found about a claim in one reading of it."""

  verdict: str  # One of `VERDICTS`.
  comparisons: Sequence[Comparison]  # All that it rests on.
  counted: str = ''  # How many of what have which verdict, in words.


def _with_enough(
    comparisons: Iterable[Comparison], seeds: int
) -> list[Comparison]:
  """The comparisons, without the effects of too few seeds."""
  return [
      one._replace(
          effect=None,
          reason=f'{names.seeds([one.effect.n])}, {seeds} required',
      )
      if one.effect and one.effect.n < seeds
      else one
      for one in comparisons
  ]


def signs(comparisons: Iterable[Comparison], seeds: int) -> list[Comparison]:
  """Judges whether effects are positive, by Holm's method over all of them.

  An effect of fewer than so many seeds is not tested.
  """
  found = _with_enough(comparisons, seeds)
  p_values = iter(
      effects_lib.holm([one.effect.p for one in found if one.effect])
  )
  return [_sign(one, next(p_values)) if one.effect else one for one in found]


def _sign(comparison: Comparison, p: float) -> Comparison:
  effect, printed = comparison.effect, comparison.printed
  is_significant = p <= ALPHA
  if is_significant and effect.value > 0:
    verdict = SUPPORTED
  elif effect.high < printed if printed is not None else is_significant:
    verdict = CONTRADICTED
  else:
    verdict = INCONCLUSIVE
  return comparison._replace(verdict=verdict, p=p)


def above(
    comparisons: Iterable[Comparison], threshold: float, seeds: int
) -> list[Comparison]:
  """Judges whether effects are above a threshold, by their intervals.

  With a negative threshold, which is in the unit of the effects, this is a test
  of non-inferiority. An effect of fewer than so many seeds is not tested.
  """
  found = []
  for one in _with_enough(comparisons, seeds):
    if one.effect:
      verdict = INCONCLUSIVE
      if one.effect.low > threshold:
        verdict = SUPPORTED
      elif one.effect.high < threshold:
        verdict = CONTRADICTED
      one = one._replace(verdict=verdict, threshold=threshold)
    found.append(one)
  return found


def all_of(verdicts: Iterable[str]) -> str:
  """Of several that must all hold; those not tested are left out."""
  there = set(verdicts) - {NOT_TESTED}
  for verdict in (CONTRADICTED, INCONCLUSIVE, SUPPORTED):
    if verdict in there:
      return verdict
  return NOT_TESTED


def all_hold(comparisons: Sequence[Comparison], counted: str = '') -> Finding:
  """What is found about a claim whose comparisons must all hold."""
  return Finding(all_of(c.verdict for c in comparisons), comparisons, counted)


def k_of(verdicts: Sequence[str], k: int) -> str:
  """Of several of which k must hold; those not tested are inconclusive."""
  if all(verdict == NOT_TESTED for verdict in verdicts):
    return NOT_TESTED
  if list(verdicts).count(SUPPORTED) >= k:
    return SUPPORTED
  if len(verdicts) - list(verdicts).count(CONTRADICTED) < k:
    return CONTRADICTED
  return INCONCLUSIVE


def only(exception: Sequence[str], others: Sequence[str]) -> str:
  """Of an effect that is said to be reversed in one place alone.

  Args:
    exception: the verdicts there on the effect itself: contradicted by any
      shows the exception.
    others: the verdicts everywhere else; those not tested are inconclusive.
  """
  if all(verdict == NOT_TESTED for verdict in (*exception, *others)):
    return NOT_TESTED
  if CONTRADICTED in others:
    return CONTRADICTED
  if CONTRADICTED in exception and set(others) == {SUPPORTED}:
    return SUPPORTED
  return INCONCLUSIVE


def counts(found: Sequence[str]) -> dict[str, int]:
  """How often each verdict was found, without those that were not."""
  return {v: found.count(v) for v in VERDICTS if v in found}


def counted(by_name: Mapping[str, str], what: str) -> str:
  """Verdicts in words, such as `1 of 2 games supported; not tested: Pong`."""
  found = {verdict: [] for verdict in VERDICTS}
  for name, verdict in by_name.items():
    found[verdict].append(name)
  words = [f'{len(found[SUPPORTED])} of {len(by_name)} {what} supported']
  words += [
      f'{verdict}: {", ".join(found[verdict])}'
      for verdict in VERDICTS[1:]
      if found[verdict]
  ]
  return '; '.join(words)
