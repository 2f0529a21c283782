"""The runs of several seeds, put side by side.

Axes: S seeds, E evaluations.
"""

from collections.abc import Iterable
from collections.abc import Sequence
import math
from typing import TypeVar

import numpy as np

T = TypeVar('T', bound=tuple)


def of_method(found: Iterable[T], method: str) -> list[list[T]]:
  """A method's rows, a list a seed, in the order of their steps.

  Args:
    found: rows with the columns method, seed and step, of one case.
    method: which of them.
  """
  seeds = {}
  for row in found:
    if row.method == method:
      seeds.setdefault(row.seed, []).append(row)
  return [
      sorted(seeds[seed], key=lambda row: row.step) for seed in sorted(seeds)
  ]


def aligned(
    runs: Sequence[Sequence[tuple]], moment: str, metric: str
) -> tuple[np.ndarray, np.ndarray]:
  """Puts runs side by side at the moments that most of them have reached.

  A mean over fewer seeds would jump where the others end.

  Args:
    runs: the rows of each seed.
    moment: the column that tells when a row was measured.
    metric: the column to take; NaN where it is empty.

  Returns:
    The moments [E] in their order, and the values [S, E].
  """
  found = {}
  for run in runs:
    for row in run:
      value = getattr(row, metric)
      found.setdefault(getattr(row, moment), []).append(
          math.nan if value is None else value
      )
  most = max(map(len, found.values()), default=0)
  moments = sorted(e for e, values in found.items() if len(values) == most)
  values = np.array([found[e] for e in moments]).reshape(len(moments), most).T
  return np.array(moments), values


def told(counts: Iterable[int]) -> str:
  """Numbers of seeds in words, such as `1 to 3 seeds`."""
  least, most = min(counts := list(counts)), max(counts)
  text = f'{most}' if least == most else f'{least} to {most}'
  return f'{text} seed{"s" * (most > 1)}'
