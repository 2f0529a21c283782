"""The rows of results/table1_*.csv, and the names of what is in them.

`Curve._fields` and `Alignment._fields` are the files' columns: who writes the
files imports them from here, and so does who reads them.
"""

from collections.abc import Iterable
import pathlib
from typing import NamedTuple

from report import keyed_rows

CURVES = 'table1_curves.csv'
ALIGNMENT = 'table1_alignment.csv'
CHOICES = 'table1_choices.csv'
CHOICE_CURVES = 'table1_choice_curves.csv'

# As Table 1 has them, from its left; the module that does not see the label
# comes last.
METHODS = {
    'backprop': 'Backprop',
    'noprop': 'Noprop',
    'direct_sg': 'Direct SG',
    'vfbn': 'VFBN',
    'critic': 'Critic',
    'sobolev': 'Sobolev',
    'direct_sg_plain': 'Direct SG, plain',
}

CASES = {
    'cifar10/3': 'CIFAR-10, 3 modules',
    'imagenet/1': 'ImageNet, 1 module',
    'imagenet/3': 'ImageNet, 3 modules',
}


class Curve(NamedTuple):
  """table1_curves.csv: one training at one moment.

  Attributes:
    scale: how much was run, such as `laptop`.
    case: one of `CASES`.
    method: one of `METHODS`.
    seed: of data, batches and initialisation.
    step: the steps so far.
    epoch: the epochs so far.
    top1: the test accuracy in %.
    top5: that the label is among the five most probable classes, in %.
    train_loss: the main network's; empty where it is not finite.
  """

  scale: str
  case: str
  method: str
  seed: int
  step: int
  epoch: float
  top1: float
  top5: float
  train_loss: float | None


class Alignment(NamedTuple):
  """table1_alignment.csv: a synthetic gradient beside the true one.

  Means over a fixed test batch. A number that is not finite is left empty.

  Attributes:
    scale: how much was run, such as `laptop`.
    case: one of `CASES`.
    method: one of `METHODS` that has modules.
    seed: of data, batches and initialisation.
    step: the steps so far.
    epoch: the epochs so far.
    split: where the network is cut; 1 is next to the images.
    cosine: of the angle between the two gradients.
    norm_ratio: the synthetic gradient's norm over the true one's.
    loss_error: |m - L|; empty for a method that predicts no loss.
    asymmetry: of the module's Jacobian; 0 for a gradient field.
    loss_pull: the norm of the loss term's gradient with respect to the module's
      parameters, with the term's weight; empty for a method without the term,
      or where it was not measured.
    gradient_pull: the same of the gradient term.
  """

  scale: str
  case: str
  method: str
  seed: int
  step: int
  epoch: float
  split: int
  cosine: float | None
  norm_ratio: float | None
  loss_error: float | None
  asymmetry: float | None
  loss_pull: float | None
  gradient_pull: float | None


class Choice(NamedTuple):
  """table1_choices.csv: a candidate for a method's settings.

  Attributes:
    scale: how much was run, such as `choices`.
    targets: what the modules learned, true or received.
    case: one of `CASES`.
    method: one of `METHODS` that has modules.
    distance: in the module's loss.
    gradient_weight: of Sobolev's gradient term.
    learning_rate: of the module.
    mean: the accuracy on held-out training images at the end, in %, over the
      seeds that did not diverge.
    std: its standard deviation over these.
    n: the number of these.
    diverged: the number of seeds that diverged.
    chosen: 1 for the best of its scale, targets, case and method, else 0.
    command: what to run to get the row again.
    commit: the commit that it was run at.
    seconds: the wall time of the runs.
    device: what they were run on.
  """

  scale: str
  targets: str
  case: str
  method: str
  distance: str
  gradient_weight: float
  learning_rate: float
  mean: float | None
  std: float | None
  n: int
  diverged: int
  chosen: int
  command: str
  commit: str
  seconds: float
  device: str


class ChoiceCurve(NamedTuple):
  """table1_choice_curves.csv: one run of a candidate at one moment.

  The first columns are those of `Choice`.

  Attributes:
    seed: of data, batches and initialisation.
    step: the steps so far.
    epoch: the epochs so far.
    top1: the accuracy on held-out training images in %.
    train_loss: the main network's.
  """

  scale: str
  targets: str
  case: str
  method: str
  distance: str
  gradient_weight: float
  learning_rate: float
  seed: int
  step: int
  epoch: float
  top1: float
  train_loss: float


_KEY = ('scale', 'case', 'method', 'seed', 'step')


def read_curves(folder: pathlib.Path) -> list[Curve]:
  """Reads `CURVES` in the folder of results; none when there is no such file.

  Raises:
    UserError: names the file, the line and the column that is wrong.
  """
  return keyed_rows.read(folder / CURVES, Curve, _KEY, {'method': METHODS})


def read_alignment(folder: pathlib.Path) -> list[Alignment]:
  """Reads `ALIGNMENT`, as `read_curves` does."""
  key = (*_KEY, 'split')
  return keyed_rows.read(
      folder / ALIGNMENT, Alignment, key, {'method': METHODS}
  )


def read_choices(path: pathlib.Path) -> list[Choice]:
  """Reads a file of `Choice`s, as `read_curves` does."""
  return keyed_rows.read(
      path, Choice, Choice._fields[:7], {'method': METHODS}
  )


def methods(found: Iterable) -> list[str]:
  """The methods in some rows, in the order of `METHODS`."""
  there = {row.method for row in found}
  return [method for method in METHODS if method in there]


def cases(found: Iterable) -> list[str]:
  """The cases in some rows: the paper's in its order, then others."""
  there = {row.case for row in found}
  listed = [case for case in CASES if case in there]
  return listed + sorted(there.difference(listed))


def case_title(case: str) -> str:
  """A case's name for people; of a new one, the name that it has."""
  return CASES.get(case, case)
