# SPDX-License-Identifier: Apache-2.0
"""The rows of section 4.3: Table 1 and what the paper does not show of it."""

from typing import NamedTuple

from report.rows import table


class Method(NamedTuple):
  """table1_methods.csv: how a method is shown."""

  method: str  # Its name in the rows.
  title: str  # Its name in tables and figures.
  order: float  # Its place among the others; tables go up from the least.
  colour: str  # Such as `#0072b2`.

  FILE = 'table1_methods.csv'
  KEY = 1


class Accuracy(NamedTuple):
  """table1_curves.csv: one training at one moment."""

  scale: str  # How much was run, such as `laptop`.
  case: str  # The data and the number of modules, such as `cifar10/3`.
  method: str  # Such as `sobolev`.
  seed: int  # Of data, batches and initialisation.
  step: table.Count  # Steps so far.
  epoch: table.NotNegative  # Epochs so far.
  top1: table.Percentage  # Test accuracy.
  top5: table.Percentage  # The label is among the five most probable classes.
  train_loss: float | None  # The main network's; empty where not finite.
  classes: table.Count | None = None  # By chance, 1 of them is right.
  run: str = ''  # See `runs.Run`.

  FILE = 'table1_curves.csv'
  KEY = 5
  WHOLE = 3


class Alignment(NamedTuple):
  """table1_alignment.csv: a synthetic gradient beside the true one.

  Means over a fixed test batch. A number that is not finite is left empty.
  """

  scale: str  # As in `Accuracy`, like the next five.
  case: str
  method: str
  seed: int
  step: table.Count
  epoch: table.NotNegative
  split: table.Count  # Where the network is cut; 1 is next to the images.
  cosine: float | None  # Of the angle between the two gradients.
  norm_ratio: float | None  # The synthetic gradient's norm over the true one's.
  loss_error: float | None  # |m - L|; empty if the method predicts no loss.
  asymmetry: float | None  # Of the module's Jacobian; 0 for a gradient field.
  # Norms of the gradients that the module's weights get from its loss term
  # and from its gradient term.
  loss_pull: float | None = None
  gradient_pull: float | None = None
  run: str = ''  # See `runs.Run`.

  FILE = 'table1_alignment.csv'
  KEY = 7
  WHOLE = 3


class Candidate(NamedTuple):
  """table1_choices.csv: a training that settings are chosen by, at one moment.

  A training that diverged has one row.
  """

  scale: str  # How much was run, such as `choices`.
  targets: str  # What the modules learn, true or received.
  case: str  # As in `Accuracy`, like the next one.
  method: str
  distance: str  # In the module's loss.
  gradient_weight: table.NotNegative  # Of Sobolev's gradient term.
  learning_rate: table.Positive  # Of the modules.
  seed: int  # As in `Accuracy`, like the next two.
  step: table.Count
  epoch: table.NotNegative
  # Accuracy on held-out training images; empty for one that diverged.
  validation_top1: table.Percentage | None
  train_loss: float | None  # The main network's.
  chosen: table.Count  # Whether its settings are the method's: 0 or 1.
  run: str = ''  # See `runs.Run`.

  FILE = 'table1_choices.csv'
  KEY = 9
  WHOLE = 7
