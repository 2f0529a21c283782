# SPDX-License-Identifier: Apache-2.0
"""The accuracies of section 4.3: ours at one scale, or those of the paper."""

from collections.abc import Sequence
import operator
from typing import NamedTuple

from report import effects as effects_lib
from report import results as results_lib
from report.rows import paper
from report.rows import synthetic_gradients


class Row(NamedTuple):
  """A row of Table 1."""

  methods: dict[str, effects_lib.Sample]  # Of accuracies in %.
  chance: float | None  # Accuracy of guessing in %; None if it is not known.


def ends(
    rows: Sequence[synthetic_gradients.Accuracy], metric: str = 'top1'
) -> dict[tuple[str, str], list[float]]:
  """The top1 or top5 of each case and method at the end, one per seed.

  The rows are of one scale.
  """
  curves = results_lib.curves(rows, operator.attrgetter('case', 'method'))
  return {
      about: [getattr(curve[-1], metric) for curve in seeds.values()]
      for about, seeds in curves.items()
  }


def measured(
    rows: Sequence[synthetic_gradients.Accuracy],
) -> dict[str, Row]:
  """The rows of Table 1 at one scale, by case: top-1."""
  found: dict[str, Row] = {}
  for (case, method), values in ends(rows).items():
    classes = {row.classes for row in rows if row.case == case} - {None, 0}
    chance = 100 / min(classes) if classes else None
    row = found.setdefault(case, Row({}, chance))
    row.methods[method] = effects_lib.sample(values)
  # The uncut network of a data set is that of all its rows, and counts once.
  uncut: dict[str, effects_lib.Sample] = {}
  for case, row in sorted(found.items()):
    if 'backprop' in row.methods:
      uncut.setdefault(case.partition('/')[0], row.methods['backprop'])
  for case, row in found.items():
    if (data := case.partition('/')[0]) in uncut:
      row.methods['backprop'] = uncut[data]
  return found


def printed(rows: Sequence[paper.Printed], seeds: int) -> dict[str, Row]:
  """The paper's Table 1, as if each number were of so many runs: top-1.

  It prints standard deviations, but not of how many runs; a number without one
  stands for runs that agree.
  """
  found: dict[str, Row] = {}
  for row in rows:
    if row.metric == 'top1':
      chance = 10.0 if row.case.startswith('cifar10/') else 0.1
      methods = found.setdefault(row.case, Row({}, chance)).methods
      methods[row.method] = effects_lib.Sample(row.mean, row.std or 0.0, seeds)
  return found
