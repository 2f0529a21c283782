# SPDX-License-Identifier: Apache-2.0
"""The numbers that the paper prints."""

from typing import NamedTuple

from report.rows import table


class Printed(NamedTuple):
  """paper.csv: a number of Table 1."""

  case: str  # Such as `cifar10/3`; see `synthetic_gradients.Accuracy`.
  method: str  # Such as `sobolev`.
  metric: str  # top1 or top5.
  mean: table.Percentage  # Accuracy.
  # Standard deviation; of how many runs, the paper does not say.
  std: table.NotNegative | None
  source: str  # Where it stands, and how it was read.

  FILE = 'paper.csv'
  KEY = 3
