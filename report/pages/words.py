# SPDX-License-Identifier: Apache-2.0
"""Numbers as readers see them."""

from collections.abc import Sequence
import math

from report import effects as effects_lib
from report import verdicts


def signed(value: float, digits: int = 2) -> str:
  """A number with its sign."""
  if math.isinf(value):
    return '+∞' if value > 0 else '−∞'
  return f'{round(value, digits) + 0.0:+.{digits}f}'.replace('-', '−')


def effect(found: effects_lib.Effect | None) -> str:
  """An effect with its interval."""
  if found is None:
    return ''
  return f'{signed(found.value)} ({signed(found.low)} to {signed(found.high)})'


def significant(value: float, digits: int = 3) -> str:
  """A number with so many significant digits, with an exponent only if tiny."""
  if not value or not math.isfinite(value):
    return f'{value:g}'
  if abs(value) < 1e-4:
    return f'{value:.{digits - 1}e}'.replace('-', '−')
  places = max(0, digits - 1 - math.floor(math.log10(abs(value))))
  return f'{value:,.{places}f}'.replace('-', '−')


def times(orders: float) -> str:
  """A ratio, given as a number of orders of magnitude."""
  return significant(10**orders, 2)


def mean(
    values: Sequence[float], digits: int = 3, decimals: int | None = None
) -> str:
  """A mean with half of its interval and the number of seeds.

  Args:
    values: one per seed.
    digits: how many significant ones.
    decimals: in place of `digits`, how many decimal places.
  """
  if not values:
    return ''

  def number(value, digits):
    if decimals is None:
      return significant(value, digits)
    return f'{round(value, decimals) + 0.0:.{decimals}f}'.replace('-', '−')

  found = effects_lib.paired(values)
  text = number(found.value, digits)
  if found.n > 1:
    text += f' ± {number(found.high - found.value, 2)}'
  return f'{text} ({found.n})'


def p_value(p: float | None) -> str:
  """A probability."""
  if p is None:
    return ''
  return '< 0.001' if p < 0.001 else f'{p:.3f}'


def duration(seconds: float) -> str:
  """A time in the unit that suits it."""
  for unit, length in (('h', 3600), ('min', 60)):
    if seconds >= 2 * length:
      return f'{seconds / length:.1f} {unit}'
  return f'{seconds:.0f} s'


def comparison(found: verdicts.Comparison) -> str:
  """A comparison in a line: what was found, and beside what."""
  if found.effect is None:
    return f'{found.name}: {found.verdict} ({found.reason})'
  text = f'{found.name}: {effect(found.effect)}'
  if found.printed is not None:
    text += f', paper {signed(found.printed)}'
  if found.verdict == verdicts.INCONCLUSIVE:
    text += f', visible {visible(found)}'
  return text


def visible(found: verdicts.Comparison) -> str:
  """The smallest effect that a comparison would probably have found."""
  return significant(found.threshold + found.effect.visible, 2)


_SHOWN = 3  # Comparisons beside a verdict.


def finding(found: verdicts.Finding) -> str:
  """What a verdict rests on, in short.

  All comparisons where they are few; else those that decided the verdict, or
  the weakest of those that support it.
  """
  shown = list(found.comparisons)
  words = [found.counted] if found.counted else []
  if len(shown) <= _SHOWN:
    return '; '.join([*words, *map(comparison, shown)])
  reasons = {c.reason for c in shown}
  if len(reasons) == 1 and reasons != {''}:
    return f'all comparisons: {reasons.pop()}'
  decisive = [c for c in shown if c.verdict == found.verdict and c.effect]
  decisive.sort(key=lambda c: c.effect.value - c.threshold)
  words += map(comparison, decisive[:_SHOWN])
  return '; '.join(words) + ' …' * (len(decisive) > _SHOWN)
