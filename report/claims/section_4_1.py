# SPDX-License-Identifier: Apache-2.0
"""The claims of section 4.1, regression, on Figures 2 and 3."""

from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Sequence
import itertools
import math

from report import effects as effects_lib
from report import names
from report import networks as networks_lib
from report import results as results_lib
from report import verdicts
from report.claims import section
from report.rows import regression

EARLY, LAST = networks_lib.EARLY, networks_lib.LAST
Cell = networks_lib.Cell
Networks = networks_lib.Networks

SIZES = (20, 100, 10_000)
SEEDS = 5
NEED = 6  # Of the seven functions.
TIMES = (10, 100)  # Two readings of "orders of magnitude".
VARIANCE_LEFT = 0.1  # Of a function whose shape is captured.

CELLS = [Cell(f, size) for f in names.FUNCTIONS for size in SIZES]


def _evidence(results: results_lib.Results, scale: str | None) -> Networks:
  rows = results.rows(regression.Evaluation, scale) if scale else []
  return Networks(rows, results.rows(regression.Baseline))


SECTION = section.Section(
    '4.1',
    'Regression',
    says='Trained on gradients too, networks have far smaller test errors on '
    'six of seven functions, most with few data.',
    why='The paper does not print the number of steps, which decides how far '
    'the methods part; where the gradient is unbounded (Bukin N.6) or '
    'oscillates between the points (Ackley), matching it costs accuracy.',
    kind=regression.Evaluation,
    evidence=_evidence,
    registered='8da075044475',
    unit='log10 of regular over Sobolev test MSE',
)


def _missing(networks: Networks, cell: Cell, when: str) -> str:
  """Why a cell does not count, if it does not."""
  if not networks.effects(cell):
    return 'not run'
  if not networks.effects(cell, when):
    return 'no held-out points'
  if not networks.is_trained(cell, when):
    return 'neither method does better than predicting the mean'
  return ''


def _measured(
    networks: Networks, cells: Iterable[Cell], when: str, sign: int = 1
) -> list[verdicts.Measured]:
  """The effect of each cell; reversed where `sign` is -1."""
  return [
      verdicts.Measured(str(cell), None, missing)
      if (missing := _missing(networks, cell, when))
      else verdicts.Measured(
          str(cell),
          effects_lib.paired(
              [sign * d for d in networks.effects(cell, when).values()]
          ),
      )
      for cell in cells
  ]


def _of_seeds(
    name: str,
    networks: Networks,
    cells: Sequence[Cell],
    when: str,
    combine: Callable[..., float],
    needs_all: bool = True,
) -> verdicts.Measured:
  """An effect of several cells of a function, combined seed by seed."""
  missing = {cell: _missing(networks, cell, when) for cell in cells}
  good = [cell for cell in cells if not missing[cell]]
  if not good or (needs_all and len(good) < len(cells)):
    bad = next(cell for cell in cells if missing[cell])
    return verdicts.Measured(name, None, f'{bad.size:,} points: {missing[bad]}')
  effects = [networks.effects(cell, when) for cell in good]
  seeds = sorted(set.intersection(*map(set, effects)))
  if not seeds:
    return verdicts.Measured(name, None, 'no seed has all sizes')
  combined = [combine(*(e[seed] for e in effects)) for seed in seeds]
  return verdicts.Measured(name, effects_lib.paired(combined))


def _by_function(
    comparisons: Sequence[verdicts.Comparison],
) -> verdicts.Finding:
  """NEED of the functions, each in all of its comparisons."""
  each = len(comparisons) // len(names.FUNCTIONS)
  found = {
      names.title(function): verdicts.all_of(
          c.verdict for c in comparisons[each * k : each * (k + 1)]
      )
      for k, function in enumerate(names.FUNCTIONS)
  }
  return verdicts.Finding(
      verdicts.k_of(list(found.values()), NEED),
      comparisons,
      verdicts.counted(found, 'functions'),
  )


def _all(comparisons: Sequence[verdicts.Comparison]) -> verdicts.Finding:
  """All comparisons."""
  return verdicts.Finding(
      verdicts.all_of(c.verdict for c in comparisons), comparisons
  )


@SECTION.claim(
    'Sobolev Training has a significantly lower test error on six of the seven '
    'functions',
    rule=f'{NEED} of 7 functions, at every size: the effect is positive',
    because='Bukin N.6 has an unbounded gradient along its ridge: a few points '
    'near it carry most of the gradient term.',
)
def six_of_seven(networks: Networks) -> section.Readings:
  found = {}
  for when in (LAST, EARLY):
    each = _measured(networks, CELLS, when)
    pooled = [
        _of_seeds(
            names.title(f), networks, [Cell(f, size) for size in SIZES], when,
            lambda *effects: sum(effects) / len(effects), needs_all=False,
        )
        for f in names.FUNCTIONS
    ]
    for how, measured in (
        ('at every size', each), ('pooled over the sizes', pooled)
    ):
      comparisons = verdicts.signs(measured, SEEDS)
      found[f'{when}, {how}'] = _by_function(comparisons)
  return found


@SECTION.claim(
    'On those six, the error is smaller by orders of magnitude',
    rule=f'{NEED} of 7 functions, at every size: the effect is above '
    + ' or '.join(f'{math.log10(t):g} ({t} times)' for t in TIMES),
    because='The ratio grows, peaks and shrinks during training, at a time of '
    "its own in each cell, as the verdict map shows; the paper's number of "
    'steps is not known.',
)
def orders_of_magnitude(networks: Networks) -> section.Readings:
  return {
      f'{when}, {times} times': _by_function(
          verdicts.above(
              _measured(networks, CELLS, when), math.log10(times), SEEDS
          )
      )
      for when, times in itertools.product((LAST, EARLY), TIMES)
  }


def _stronger(networks: Networks, few: int, many: int) -> section.Readings:
  return {
      when: _by_function(
          verdicts.signs(
              [
                  _of_seeds(
                      names.title(f), networks,
                      [Cell(f, few), Cell(f, many)], when,
                      lambda here, there: here - there,
                  )
                  for f in names.FUNCTIONS
              ],
              SEEDS,
          )
      )
      for when in (LAST, EARLY)
  }


_STRONGER = (
    f"{NEED} of 7 functions: a seed's effect with {{}} points minus its effect "
    'with 10,000 is positive'
)
_STRONGER_BECAUSE = (
    'With few points both methods are limited by what the points do not show; '
    'gradients help most at a size between, another one for each function.'
)


@SECTION.claim(
    'The effect is stronger with few data: 20 points against 10,000',
    rule=_STRONGER.format(20),
    because=_STRONGER_BECAUSE,
)
def stronger_with_20(networks: Networks) -> section.Readings:
  return _stronger(networks, 20, 10_000)


@SECTION.claim(
    'The effect is stronger with few data: 100 points against 10,000',
    rule=_STRONGER.format(100),
    because=_STRONGER_BECAUSE,
)
def stronger_with_100(networks: Networks) -> section.Readings:
  return _stronger(networks, 100, 10_000)


@SECTION.claim(
    'The effect does not disappear with 10,000 points',
    rule=f'{NEED} of 7 functions with 10,000 points: the effect is positive',
)
def persists_at_10000(networks: Networks) -> section.Readings:
  cells = [Cell(f, 10_000) for f in names.FUNCTIONS]
  return {
      when: _by_function(
          verdicts.signs(_measured(networks, cells, when), SEEDS)
      )
      for when in (LAST, EARLY)
  }


@SECTION.claim(
    'Ackley is the only function on which regular training is better',
    rule='the effect is negative at some size of Ackley and positive in every '
    'cell of another function; contradicted by a negative one there',
    because='Regular training is better on Bukin N.6 too, whose gradient is '
    'unbounded.',
)
def only_ackley(networks: Networks) -> section.Readings:
  found = {}
  for when in (LAST, EARLY):
    comparisons = verdicts.signs(_measured(networks, CELLS, when), SEEDS)
    ackley, others = [], []
    for cell, comparison in zip(CELLS, comparisons, strict=True):
      side = ackley if cell.function == 'ackley' else others
      side.append(comparison.verdict)
    worse = [
        c.name for c in comparisons if c.verdict == verdicts.CONTRADICTED
    ]
    found[when] = verdicts.Finding(
        verdicts.only(ackley, others),
        comparisons,
        f'regular training is better: {"; ".join(worse) or "nowhere"}',
    )
  return found


@SECTION.claim(
    'On Ackley, with 20 and 100 points, regular training is better',
    rule='both sizes: the reversed effect is positive',
)
def ackley_with_few(networks: Networks) -> section.Readings:
  cells = [Cell('ackley', size) for size in (20, 100)]
  return {
      when: _all(
          verdicts.signs(_measured(networks, cells, when, sign=-1), SEEDS)
      )
      for when in (LAST, EARLY)
  }


@SECTION.claim(
    'On Ackley, with 10,000 points, Sobolev Training is better',
    rule='the effect is positive',
)
def ackley_with_many(networks: Networks) -> section.Readings:
  cells = [Cell('ackley', 10_000)]
  return {
      when: _all(verdicts.signs(_measured(networks, cells, when), SEEDS))
      for when in (LAST, EARLY)
  }


_STYBLINSKI_TANG = [Cell('styblinski_tang', size) for size in (20, 100)]


@SECTION.claim(
    'From 20 and 100 points, Sobolev Training captures the shape of '
    'Styblinski-Tang',
    rule="both sizes: log10 of the function's variance over Sobolev's test MSE "
    f'is above {-math.log10(VARIANCE_LEFT):g} ({100 * VARIANCE_LEFT:g} % are '
    'left)',
    because='Values and gradients at 20 points are 60 numbers, too few for all '
    'of its valleys.',
)
def captures_shape(networks: Networks) -> section.Readings:
  return {
      when: _all(
          verdicts.above(
              [_explained(networks, cell, when) for cell in _STYBLINSKI_TANG],
              -math.log10(VARIANCE_LEFT),
              SEEDS,
          )
      )
      for when in (LAST, EARLY)
  }


def _explained(networks: Networks, cell: Cell, when: str) -> verdicts.Measured:
  """How much smaller Sobolev's error is than the function's variance."""
  missing = _missing(networks, cell, when)
  if cell.function not in networks.baselines:
    missing = missing or 'the variance of the function is not known'
  if missing:
    return verdicts.Measured(str(cell), None, missing)
  variance = networks.baselines[cell.function].test_mse
  ends = networks.ends(cell, networks_lib.SOBOLEV, when)
  return verdicts.Measured(
      str(cell),
      effects_lib.paired([
          math.log10(variance / row.test_mse) for row in ends.values()
      ]),
  )


@SECTION.claim(
    'On Styblinski-Tang, from 20 and 100 points, the difference in error is '
    'stark',
    rule=f'both sizes: the effect is above 1 ({TIMES[0]} times)',
    because='The ratio peaks early in training and shrinks as regular training '
    'catches up, as the verdict map shows.',
)
def stark_difference(networks: Networks) -> section.Readings:
  threshold = math.log10(TIMES[0])
  return {
      when: _all(
          verdicts.above(
              _measured(networks, _STYBLINSKI_TANG, when), threshold, SEEDS
          )
      )
      for when in (LAST, EARLY)
  }
