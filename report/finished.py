# SPDX-License-Identifier: Apache-2.0
"""What finished run folders say, for the programs that make rows of them."""

from collections.abc import Iterable
from collections.abc import Mapping
import pathlib
import shlex
from typing import Any
from typing import NamedTuple

from experiment import environment
from experiment import errors
from experiment import reading
from experiment import run_folder
from report.rows import runs

# Flags that say where files lie, which is so on one machine only.
_PLACES = ('--data=', '--recording=', '--teacher=')


class Finished(NamedTuple):
  """A finished run."""

  settings: Mapping[str, Any]
  metrics: list[Mapping[str, Any]]  # An evaluation's columns, in their order.
  run: runs.Run  # The row that its other rows refer to.


def read(
    folder: pathlib.Path, *columns: str, strings: Iterable[str] = ()
) -> Finished:
  """Reads a run's folder.

  Args:
    folder: the run's.
    *columns: that `metrics.csv` must have, beside the step and the seconds.
    strings: which columns are not numbers.

  Raises:
    UserError: something is missing or damaged.
  """
  metrics = _metrics(folder, {'step', 'seconds', *columns}, {*strings})
  settings = run_folder.read_config(folder)['settings']
  return Finished(settings, metrics, made_by(folder, metrics[-1]['seconds']))


def made_by(folder: pathlib.Path, seconds: float | None = None) -> runs.Run:
  """The row that all rows of a run refer to.

  Args:
    folder: the run's.
    seconds: the time it took.

  Raises:
    UserError: what it was run with is missing or damaged.
  """
  config = run_folder.read_config(folder)
  try:
    words = shlex.split(config['command'])
    return runs.Run.of(
        shlex.join(w for w in words if not w.startswith(_PLACES)),
        run_folder.short_commit(config),
        environment.device_line(config['device']),
        config.get('started', ''),
        seconds,
    )
  except (AttributeError, KeyError, TypeError, ValueError):
    raise errors.UserError(
        f'{folder / run_folder.CONFIG}: damaged: remove {folder} and run it '
        'again'
    ) from None


def _metrics(
    folder: pathlib.Path, columns: set[str], strings: set[str]
) -> list[Mapping[str, Any]]:
  path = folder / 'metrics.csv'
  try:
    found = [
        {k: v if k in strings else float(v) for k, v in line.cells.items()}
        for line in reading.read_csv(path)
    ]
  except (FileNotFoundError, ValueError, errors.UserError):
    found = []
  if not found or not columns | strings <= found[0].keys():
    raise errors.UserError(
        f'{path}: missing or damaged: remove {folder} and run it again'
    )
  return found
