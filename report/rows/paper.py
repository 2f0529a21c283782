# SPDX-License-Identifier: Apache-2.0
"""The numbers that the paper prints."""

from typing import NamedTuple

from report.rows import table


class Printed(NamedTuple):
  """paper.csv: a number of Table 1.

  Attributes:
    case: such as `cifar10/3`; see `synthetic_gradients.Accuracy`.
    method: such as `sobolev`.
    metric: top1 or top5.
    mean: the accuracy in %.
    std: the standard deviation; of how many runs, the paper does not say.
    source: where it stands, and how it was read.
  """

  case: str
  method: str
  metric: str
  mean: table.Percentage
  std: table.NotNegative | None
  source: str

  FILE = 'paper.csv'
  KEY = 3
