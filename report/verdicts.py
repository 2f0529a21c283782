# SPDX-License-Identifier: Apache-2.0
"""The four verdicts, and how they follow from effects; see docs/protocol.md."""

from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from typing import NamedTuple

from report import effects as effects_lib

SUPPORTED = 'supported'
CONTRADICTED = 'contradicted'
INCONCLUSIVE = 'inconclusive'
NOT_TESTED = 'not tested'

VERDICTS = (SUPPORTED, CONTRADICTED, INCONCLUSIVE, NOT_TESTED)

ALPHA = 1 - effects_lib.CONFIDENCE


class Measured(NamedTuple):
  """What one comparison rests on.

  Attributes:
    name: what is compared, for people.
    effect: how much is seen of what the paper says; None where nothing counts.
    missing: why nothing counts.
    printed: the paper's own effect, where it prints one.
  """

  name: str
  effect: effects_lib.Effect | None
  missing: str = ''
  printed: float | None = None


class Comparison(NamedTuple):
  """One comparison, judged.

  Attributes:
    name: what is compared, for people.
    verdict: one of `VERDICTS`.
    effect: as in `Measured`.
    reason: why it was not tested.
    printed: the paper's own effect.
    threshold: what the effect is compared with.
    p: of the test against 0, by Holm's method; None where the interval decides.
  """

  name: str
  verdict: str
  effect: effects_lib.Effect | None
  reason: str = ''
  printed: float | None = None
  threshold: float = 0.0
  p: float | None = None


class Finding(NamedTuple):
  """What was found about a claim in one reading of it.

  Attributes:
    verdict: one of `VERDICTS`.
    comparisons: all that it rests on.
    counted: how many of what have which verdict, in words.
  """

  verdict: str
  comparisons: Sequence[Comparison]
  counted: str = ''


def _untested(measured: Measured, seeds: int) -> Comparison | None:
  """The comparison, if it cannot be tested."""
  name, effect, reason, printed = measured
  if effect is not None:
    if effect.n >= seeds:
      return None
    reason = f'{effect.n} seed{"s" * (effect.n != 1)}, {seeds} required'
  return Comparison(name, NOT_TESTED, None, reason, printed)


def signs(found: Sequence[Measured], seeds: int) -> list[Comparison]:
  """Judges whether effects are positive, by Holm's method over all of them.

  Args:
    found: the effects.
    seeds: how many each needs.
  """
  untested = [_untested(measured, seeds) for measured in found]
  p_values = iter(
      effects_lib.holm([
          measured.effect.p
          for measured, reason in zip(found, untested, strict=True)
          if not reason
      ])
  )
  return [
      reason or _sign(measured, next(p_values))
      for measured, reason in zip(found, untested, strict=True)
  ]


def _sign(measured: Measured, p: float) -> Comparison:
  name, effect, _, printed = measured
  is_significant = p <= ALPHA
  if is_significant and effect.value > 0:
    verdict = SUPPORTED
  elif effect.high < printed if printed is not None else is_significant:
    verdict = CONTRADICTED
  else:
    verdict = INCONCLUSIVE
  return Comparison(name, verdict, effect, printed=printed, p=p)


def above(
    found: Sequence[Measured], threshold: float, seeds: int
) -> list[Comparison]:
  """Judges whether effects are above a threshold, by their intervals.

  With a negative threshold this is a test of non-inferiority.

  Args:
    found: the effects.
    threshold: in the unit of the effects.
    seeds: how many each needs.
  """

  def judged(measured):
    name, effect, _, printed = measured
    verdict = INCONCLUSIVE
    if effect.low > threshold:
      verdict = SUPPORTED
    elif effect.high < threshold:
      verdict = CONTRADICTED
    return Comparison(
        name, verdict, effect, printed=printed, threshold=threshold
    )

  return [_untested(measured, seeds) or judged(measured) for measured in found]


def all_of(verdicts: Iterable[str]) -> str:
  """Of several that must all hold; those not tested are left out."""
  there = set(verdicts) - {NOT_TESTED}
  for verdict in (CONTRADICTED, INCONCLUSIVE, SUPPORTED):
    if verdict in there:
      return verdict
  return NOT_TESTED


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


def counted(by_name: Mapping[str, str], what: str) -> str:
  """Verdicts in words, such as `1 of 2 games supported; not tested: Pong`."""
  names = {
      verdict: [name for name, v in by_name.items() if v == verdict]
      for verdict in VERDICTS
  }
  words = [f'{len(names[SUPPORTED])} of {len(by_name)} {what} supported']
  words += [
      f'{verdict}: {", ".join(names[verdict])}'
      for verdict in VERDICTS[1:]
      if names[verdict]
  ]
  return '; '.join(words)
