"""Which rows of measured.csv a rule is about, and whether they suffice.

A cell is a case with a metric: a row of table 1, or a bar of figure 4.
"""

import itertools
import math
from typing import NamedTuple

from report import comparison
from report import evidence as evidence_lib

Evidence = evidence_lib.Evidence
Finding = evidence_lib.Finding
Names = tuple[str, ...]


class Cells(NamedTuple):
  """The cells of a rule.

  Attributes:
    samples: by case and metric, a sample a method; enough seeds each.
    lacking: what else the rule is about, and what keeps it out, in words.
  """

  samples: dict[tuple[str, str], list[comparison.Sample]]
  lacking: list[str]

  def finding(self, verdict: str, text: str) -> Finding:
    """What was found, if nothing is lacking; else, what is known so far."""
    if not self.lacking:
      return Finding(verdict, text)
    known = f'{", ".join(map(name, self.samples))}: {text}'
    return Finding(evidence_lib.UNDECIDED, '; '.join([known, *self.lacking]))


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


def find(
    evidence: Evidence,
    artifact: str,
    cases: Names,
    metrics: Names,
    methods: Names,
    min_seeds: int,
) -> Cells:
  """Finds the cells in which all of some methods were run.

  Args:
    evidence: the rows.
    artifact: figure4 or table1.
    cases: patterns; see `row_rules`.
    metrics: which of them.
    methods: which of them.
    min_seeds: cells with fewer are lacking; what they say is told in words.

  Raises:
    InsufficientError: no cell was run, or none with enough seeds.
  """
  enough, few, there = {}, {}, []
  for pattern in cases:
    matches = _cases(evidence, artifact, pattern)
    for case, metric in itertools.product(matches, metrics):
      found = [evidence.sample(artifact, case, m, metric) for m in methods]
      if None not in found:
        seeds = min(sample.n for sample in found)
        (enough if seeds >= min_seeds else few)[case, metric] = found
    there.append(any(case in matches for case, _ in enough | few))
  if not any(there):
    raise evidence_lib.InsufficientError(evidence_lib.NOT_RUN, '')
  lacking = []
  if not all(there):
    count = f'{sum(there)} of {len(there)}'
    lacking.append(f'only {count} groups of cases were run')
  if few:
    lacking.append(_few(few, methods, min_seeds))
  if not enough:
    raise evidence_lib.InsufficientError(
        evidence_lib.UNDECIDED, '; '.join(lacking)
    )
  return Cells(enough, lacking)


def _few(cells, methods, min_seeds) -> str:
  """Tells what is known of cells with too few seeds."""
  seeds = min(sample.n for found in cells.values() for sample in found)
  known = f'{seeds}' if seeds else 'number not told'
  told = [
      f'{name(cell)} '
      + ', '.join(
          f'{method} {sample.mean:.3g}'
          for method, sample in zip(methods, found, strict=True)
      )
      for cell, found in cells.items()
  ]
  return f'not enough seeds ({known}, {min_seeds} needed): {"; ".join(told)}'


def name(cell: tuple[str, str]) -> str:
  """A cell's name for people."""
  return ' '.join(cell)


def graded(good: list[bool], partly: float) -> str:
  """Holds when all is good, in part when the share `partly` is."""
  share = sum(good) / len(good)
  if share == 1:
    return evidence_lib.HOLDS
  return evidence_lib.PARTLY if share >= partly else evidence_lib.FAILS
