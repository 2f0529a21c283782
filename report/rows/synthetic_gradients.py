# SPDX-License-Identifier: Apache-2.0
"""The rows of section 4.3: Table 1 and what the paper does not show of it."""

from typing import NamedTuple

from report.rows import table


class Method(NamedTuple):
  """table1_methods.csv: how a method is shown.

  Attributes:
    method: its name in the rows.
    title: its name in tables and figures.
    order: its place among the others; tables go up from the least.
    colour: such as `#0072b2`.
  """

  method: str
  title: str
  order: float
  colour: str

  FILE = 'table1_methods.csv'
  KEY = 1


class Accuracy(NamedTuple):
  """table1_curves.csv: one training at one moment.

  Attributes:
    scale: how much was run, such as `laptop`.
    case: the data and the number of modules, such as `cifar10/3`.
    method: such as `sobolev`.
    seed: of data, batches and initialisation.
    step: the steps so far.
    epoch: the epochs so far.
    top1: the test accuracy in %.
    top5: how often the label is among the five most probable classes, in %.
    train_loss: the main network's; empty where it is not finite.
    classes: the number of classes; by chance, 1 of them is right.
    run: see `runs.Run`.
  """

  scale: str
  case: str
  method: str
  seed: int
  step: table.Count
  epoch: table.NotNegative
  top1: table.Percentage
  top5: table.Percentage
  train_loss: float | None
  classes: table.Count | None = None
  run: str = ''

  FILE = 'table1_curves.csv'
  KEY = 5
  WHOLE = 3


class Alignment(NamedTuple):
  """table1_alignment.csv: a synthetic gradient beside the true one.

  Means over a fixed test batch. A number that is not finite is left empty.

  Attributes:
    scale: how much was run.
    case: see `Accuracy`.
    method: one that has modules.
    seed: of data, batches and initialisation.
    step: the steps so far.
    epoch: the epochs so far.
    split: where the network is cut; 1 is next to the images.
    cosine: of the angle between the two gradients.
    norm_ratio: the synthetic gradient's norm over the true one's.
    loss_error: |m - L|; empty for a method that predicts no loss.
    asymmetry: of the module's Jacobian; 0 for a gradient field.
    loss_pull: the norm of the gradient that the module's weights get from its
      loss term.
    gradient_pull: that from its gradient term.
    run: see `runs.Run`.
  """

  scale: str
  case: str
  method: str
  seed: int
  step: table.Count
  epoch: table.NotNegative
  split: table.Count
  cosine: float | None
  norm_ratio: float | None
  loss_error: float | None
  asymmetry: float | None
  loss_pull: float | None = None
  gradient_pull: float | None = None
  run: str = ''

  FILE = 'table1_alignment.csv'
  KEY = 7
  WHOLE = 3


class Candidate(NamedTuple):
  """table1_choices.csv: a training that settings are chosen by, at one moment.

  Attributes:
    scale: how much was run, such as `choices`.
    targets: what the modules learn, true or received.
    case: see `Accuracy`.
    method: one that has modules.
    distance: in the module's loss.
    gradient_weight: of Sobolev's gradient term.
    learning_rate: of the modules.
    seed: of data, batches and initialisation.
    step: the steps so far.
    epoch: the epochs so far.
    validation_top1: the accuracy on held-out training images in %; empty for a
      training that diverged, which has one row.
    train_loss: the main network's.
    chosen: whether its settings are the method's: 0 or 1.
    run: see `runs.Run`.
  """

  scale: str
  targets: str
  case: str
  method: str
  distance: str
  gradient_weight: table.NotNegative
  learning_rate: table.Positive
  seed: int
  step: table.Count
  epoch: table.NotNegative
  validation_top1: table.Percentage | None
  train_loss: float | None
  chosen: table.Count
  run: str = ''

  FILE = 'table1_choices.csv'
  KEY = 9
  WHOLE = 4
