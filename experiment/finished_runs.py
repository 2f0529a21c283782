# SPDX-License-Identifier: Apache-2.0
"""From finished run folders to rows of results: what families share."""

from collections.abc import Mapping
from collections.abc import Sequence
import pathlib
import shlex
from typing import Any

import numpy as np

from experiment import errors
from experiment import reading
from experiment import results
from experiment import run_folder

Run = Mapping[str, Any]
Metrics = list[Mapping[str, float]]

_DIGITS = 5  # That are kept of a mean or a deviation.
# Flags that say where files lie, which is so on one machine only.
_PLACES = ('--data=', '--recording=', '--teacher=')


def read(folder: pathlib.Path, *columns: str) -> tuple[Run, Metrics]:
  """A run's `config.json`, and the rows of its `metrics.csv`.

  The columns of the latter are numbers, those without one not a number.

  Args:
    folder: the run's.
    *columns: that there must be, beside the step and the seconds.

  Raises:
    UserError: one is missing or broken.
  """
  config = run_folder.read_config(folder)
  _require_provenance(folder, config)
  path = folder / 'metrics.csv'
  try:
    metrics = [
        {name: float(value) for name, value in line.cells.items()}
        for line in reading.read_csv(path)
    ]
  except (FileNotFoundError, ValueError, errors.UserError):
    metrics = []
  if not metrics or not {'step', 'seconds', *columns} <= metrics[0].keys():
    raise errors.UserError(
        f'{path}: missing or broken: remove {folder} and run it again'
    )
  return config, metrics


def _require_provenance(folder: pathlib.Path, config: Run) -> None:
  try:
    config['command'], run_folder.short_commit(config)
    run_folder.device_name(config)
  except (AttributeError, KeyError, TypeError):
    raise errors.UserError(
        f'{folder / run_folder.CONFIG}: broken: remove {folder} and run it '
        'again'
    ) from None


def row(
    runs: Sequence[tuple[Run, Metrics]], values: Sequence[float], **about: str
) -> results.Row:
  """The row of a metric over the seeds.

  Args:
    runs: what `read` gave, a run a seed; the first one's command and commit
      stand for all.
    values: of the metric, one for each run.
    **about: the row's artifact, case, method, metric, scale and unit.
  """
  mean, std = mean_and_std(values)
  return results.Row(
      **about,
      mean=mean,
      std=std,
      n=len(values),
      seconds=round(sum(metrics[-1]['seconds'] for _, metrics in runs), 1),
      **provenance(runs[0][0]),
  )


def mean_and_std(
    values: Sequence[float],
) -> tuple[float | None, float | None]:
  """The mean of some seeds, and their standard deviation; None without one."""
  return (
      _rounded(np.mean(values)) if values else None,
      _rounded(np.std(values, ddof=1)) if len(values) > 1 else None,
  )


def provenance(run: Run) -> dict[str, str]:
  """The columns of a row that tell where a run came from."""
  return {
      'command': _anywhere(run['command']),
      'commit': run_folder.short_commit(run),
      'device': run_folder.device_name(run),
  }


def _anywhere(command: str) -> str:
  """A command that names no place."""
  words = shlex.split(command)
  return shlex.join(w for w in words if not w.startswith(_PLACES))


def _rounded(value: float) -> float:
  return float(f'{value:.{_DIGITS}g}')
