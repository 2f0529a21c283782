"""Rules that judge in which order table 1 puts its methods (section 4.3).

They use mean, standard deviation and number of seeds of rows in which higher is
better. The thresholds are those of `row_rules`, and

    order   the methods from the worst to the best: `a < b <= c`
    margin  a difference that is called wide, in the unit of the rows
"""

import itertools

from report import cells as cells_lib
from report import comparison
from report import evidence as evidence_lib

Evidence = evidence_lib.Evidence
Finding = evidence_lib.Finding
Names = tuple[str, ...]


class Order:
  """Methods from the worst to the best.

  Attributes:
    methods: in that order.
    strict: for each pair of neighbours, whether equals are excluded.
  """

  def __init__(self, text: str):
    """Reads an order such as `a < b <= c`.

    Raises:
      ValueError: it is none.
    """
    self.methods, signs = (tuple(text.split()[k::2]) for k in (0, 1))
    if not signs or len(self.methods) != len(signs) + 1 or (
        not {'<', '<='}.issuperset(signs)
    ):
      raise ValueError(f'{text!r}: expected methods with < or <= between')
    self.strict = tuple(sign == '<' for sign in signs)


def ordered(
    evidence: Evidence,
    *,
    artifact: str,
    cases: Names,
    metrics: Names,
    order: Order,
    partly: float,
    alpha: float,
    min_seeds: int,
) -> Finding:
  """Each method is better than the one before it, in every cell.

  One-sided Welch tests of neighbours: `a < b` holds when b is significantly
  better, after Holm's correction over the strict pairs of a cell; `a <= b`,
  unless a is significantly better, corrected likewise over those pairs.
  """
  cells = cells_lib.find(
      evidence, artifact, cases, metrics, order.methods, min_seeds
  )
  good, broken = [], []
  for cell, samples in cells.samples.items():
    for pair, compared, holds in _pairs(order, samples, alpha):
      good.append(holds)
      if not holds:
        broken.append(f'{cells_lib.name(cell)}: {pair} ({compared.gain:+.2f})')
  text = f'{sum(good)} of {len(good)} pairs of neighbours'
  if broken:
    text += f'; not {", ".join(broken)}'
  return cells.finding(cells_lib.graded(good, partly), text)


def _pairs(order: Order, samples: list[comparison.Sample], alpha: float):
  """Yields each pair of a cell: its name, the comparison, whether it holds."""
  compared = [
      comparison.unpaired(better, worse)
      for worse, better in itertools.pairwise(samples)
  ]
  strict, weak = (
      [k for k, is_strict in enumerate(order.strict) if is_strict is wanted]
      for wanted in (True, False)
  )
  better = comparison.holm([comparison.above(compared[k]) for k in strict])
  worse = comparison.holm([comparison.below(compared[k]) for k in weak])
  holds = dict(zip(strict, (p <= alpha for p in better), strict=True))
  holds |= zip(weak, (p > alpha for p in worse), strict=True)
  for k, is_strict in enumerate(order.strict):
    sign = '<' if is_strict else '<='
    pair = f'{order.methods[k]} {sign} {order.methods[k + 1]}'
    yield pair, compared[k], holds[k]


def far_better(
    evidence: Evidence,
    *,
    artifact: str,
    cases: Names,
    metrics: Names,
    method: str,
    others: Names,
    margin: float,
    partly: float,
    alpha: float,
    min_seeds: int,
) -> Finding:
  """`method` is significantly better than each of `others`, by `margin`.

  One-sided Welch tests, Holm over cells and methods; the difference of the
  means is at least the margin.
  """
  cells = cells_lib.find(
      evidence, artifact, cases, metrics, (method, *others), min_seeds
  )
  compared = {
      (cell, other): comparison.unpaired(ours, theirs)
      for cell, (ours, *rest) in cells.samples.items()
      for other, theirs in zip(others, rest, strict=True)
  }
  p_values = comparison.holm([comparison.above(c) for c in compared.values()])
  good = [
      p <= alpha and c.gain >= margin
      for p, c in zip(p_values, compared.values(), strict=True)
  ]
  text = ', '.join(
      f'{c.gain:+.1f} over {other} ({cells_lib.name(cell)})'
      for (cell, other), c in compared.items()
  )
  return cells.finding(cells_lib.graded(good, partly), text)
