"""The rows of results/*.csv that only the report and the figures read.

`experiment.results` has the schema that all artifacts share;
these files hold what a figure or a test over seeds needs besides. A class is a
file's columns; `read` checks them.
"""

from collections.abc import Iterable
import csv
import math
import pathlib
import typing
from typing import NamedTuple
from typing import TypeVar

from experiment import errors

# From the full experiment to the one that only shows that the programs work.
SCALES = ('paper', 'laptop', 'smoke')

METHODS = ('regular', 'sobolev')

# Section 4.1, in the order of the supplement's table.
TITLES = {
    'ackley': 'Ackley',
    'beale': 'Beale',
    'booth': 'Booth',
    'bukin': 'Bukin N.6',
    'mccormick': 'McCormick',
    'rosenbrock': 'Rosenbrock',
    'styblinski_tang': 'Styblinski-Tang',
}

SIZES = (20, 100, 10000)


class Network(NamedTuple):
  """figure2_networks.csv: where one network ended.

  Networks that differ in the method alone share their data, the order of the
  batches and the initialisation, so the methods are compared in pairs.

  Attributes:
    scale: one of `SCALES`.
    function: the function learnt.
    size: the number of training points.
    method: one of `METHODS`.
    seed: of data, batches and initialisation.
    steps: the steps trained.
    test_mse: the values' mean squared error on the test set.
    test_gradient_mse: the gradients', summed over the inputs.
    train_loss: the loss minimised, at the end.
    earlier_test_mse: `test_mse` after three quarters of the steps.
    seconds: this network's share of the training time.
  """

  scale: str
  function: str
  size: int
  method: str
  seed: int
  steps: int
  test_mse: float
  test_gradient_mse: float
  train_loss: float
  earlier_test_mse: float
  seconds: float


class CurvePoint(NamedTuple):
  """figure2_curves.csv: the seeds' mean at one moment of training.

  Attributes:
    scale: one of `SCALES`.
    function: the function learnt.
    size: the number of training points.
    method: one of `METHODS`.
    step: the steps so far.
    seconds: the mean training time of one network so far.
    log_test_mse_mean: the mean of log10 of the test error.
    log_test_mse_std: its standard deviation over the seeds.
    log_test_gradient_mse_mean: the same for the gradients' error.
    log_train_loss_mean: the same for the loss minimised.
    n: the number of seeds.
  """

  scale: str
  function: str
  size: int
  method: str
  step: int
  seconds: float
  log_test_mse_mean: float
  log_test_mse_std: float
  log_test_gradient_mse_mean: float
  log_train_loss_mean: float
  n: int


class Baseline(NamedTuple):
  """figure2_baselines.csv: log10 errors of predicting the mean, gradient 0."""

  function: str
  log_test_mse: float
  log_test_gradient_mse: float


class GridPoint(NamedTuple):
  """figure3.csv: a function or a model of it at a point of a square grid.

  Attributes:
    scale: one of `SCALES`.
    function: the function.
    panel: truth, or one of `METHODS`.
    size: the number of training points; 0 for the truth.
    x1: the first coordinate.
    x2: the second coordinate.
    value: the value there.
    g1: the derivative along x1.
    g2: the derivative along x2.
  """

  scale: str
  function: str
  panel: str
  size: int
  x1: float
  x2: float
  value: float
  g1: float
  g2: float


class TrainingPoint(NamedTuple):
  """figure3_points.csv: a point that figure 3's models learnt from."""

  scale: str
  function: str
  size: int
  x1: float
  x2: float


T = TypeVar('T', bound=tuple)


def read(path: pathlib.Path, kind: type[T]) -> list[T]:
  """Reads a file of results.

  Args:
    path: the file.
    kind: the class of its rows; a `float | None` may be empty.

  Returns:
    The rows; none when there is no such file.

  Raises:
    UserError: a column is missing, or a number is not one.
  """
  if not path.exists():
    return []
  types = typing.get_type_hints(kind)
  with errors.naming(path), open(path, encoding='utf-8', newline='') as file:
    reader = csv.DictReader(file)
    missing = types.keys() - set(reader.fieldnames or ())
    if missing:
      raise errors.UserError(
          f'{path}: no column {", ".join(sorted(missing))}: expected '
          f'{",".join(types)}; run the program that writes it again'
      )
    return [
        kind(
            **{
                name: _number(path, reader.line_num, name, row[name], type_)
                for name, type_ in types.items()
            }
        )
        for row in reader
    ]


def _number(path, line, name, text, type_):
  """Reads one field, and refuses what no mean or logarithm can be taken of."""
  if type_ == float | None:
    if text == '':
      return None
    type_ = float
  try:
    value = type_(text)
    if type_ is float and not math.isfinite(value):
      raise ValueError
    if name.endswith('_mse') and not name.startswith('log') and value <= 0:
      raise ValueError
    return value
  except (TypeError, ValueError):
    raise errors.UserError(
        f'{path}: line {line}: {name} is {text!r}, expected a finite number'
        f'{" above 0" if name.endswith("_mse") else ""}: train that network '
        'again'
    ) from None


def title(function: str) -> str:
  """A function's name for people; of a new one, made from its key."""
  return TITLES.get(function, function.replace('_', ' ').capitalize())


def functions(rows: Iterable) -> list[str]:
  """The functions in some rows: the paper's in its order, then others."""
  return _ordered({row.function for row in rows}, TITLES)


def scales(rows: Iterable) -> list[str]:
  """The scales in some rows: the fullest first, then those of other settings.

  A run whose settings are not those of a scale is filed under a name such as
  `laptop steps=100`.
  """
  return _ordered({row.scale for row in rows}, SCALES)


def _ordered(found: set[str], known: Iterable[str]) -> list[str]:
  """Known names in their order, then the others."""
  listed = [name for name in known if name in found]
  return listed + sorted(found.difference(listed))


def only_scale(rows: Iterable) -> str:
  """The one scale of the rows of a figure.

  Raises:
    ValueError: there is none, or a scaled-down run would stand beside another.
  """
  found = scales(rows)
  if len(found) != 1:
    raise ValueError(
        f'rows: expected one scale, got {found}; filter them by scale'
    )
  return found[0]
