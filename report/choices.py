"""What settings that the paper does not tell do to Figure 2, as a table."""

from collections.abc import Sequence
import itertools

from report import comparison
from report import document
from report import evidence as evidence_lib
from report import rows

ALPHA = 0.05
DEFAULTS = 'defaults'


def table(networks: Sequence[rows.Network]) -> document.Table:
  """The methods compared, choice by choice.

  Args:
    networks: where they ended; their scale is the choice's name.

  Returns:
    A line a choice, the defaults first, and in its cells, for each size, the
    mean over the seeds of the decimal logarithm of the regular over the Sobolev
    test error; in bold where a paired t-test finds it significant.
  """
  choices = sorted(
      dict.fromkeys(row.scale for row in networks),
      key=lambda choice: choice != DEFAULTS,
  )
  functions = rows.functions(networks)
  sizes = sorted({row.size for row in networks})
  return document.Table(
      ('Choice', *map(rows.title, functions), 'Cells won'),
      [
          _line(
              evidence_lib.Evidence(
                  choice, [row for row in networks if row.scale == choice]
              ),
              functions,
              sizes,
          )
          for choice in choices
      ],
      numbers_from=1,
  )


def _line(evidence, functions, sizes) -> list[str]:
  """The cells of one choice."""
  differences = {
      cell: evidence.differences(cell)
      for cell in itertools.product(functions, sizes)
  }
  gains = {
      cell: comparison.of_differences(values)
      for cell, values in differences.items()
      if values
  }
  won = sum(gain.gain > 0 for gain in gains.values())
  return [
      evidence.scale,
      *(
          ' '.join(_gain(gains.get((function, size))) for size in sizes)
          for function in functions
      ),
      f'{won} of {len(gains)}',
  ]


def _gain(gain: comparison.Comparison | None) -> str:
  if gain is None:  # The choice makes no difference to this size.
    return '–'
  text = f'{gain.gain:+.1f}'
  return f'**{text}**' if gain.p < ALPHA else text
