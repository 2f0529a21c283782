# SPDX-License-Identifier: Apache-2.0
"""From the run folders to the rows of `results/`.

    figure4_curves.csv   a row a run and evaluation
    measured.csv         a row a case, method and metric

Rows of another scale stay; those of the same case and method are replaced, all
seeds together.
"""

from collections.abc import Iterable
import pathlib
from typing import Any

import numpy as np

from agents.distillation import settings as settings_lib
from experiment import finished_runs
from experiment import results
from experiment import tables
from report import figure4_rows

MEASURED = 'measured.csv'

# Columns that say what a row is about, and of these those of measured.csv too:
# what is replaced there is replaced here, all seeds together.
_CURVE_KEYS, _MEASURED_KEYS = 6, 4

# By column of metrics.csv: the name in measured.csv, the unit, and the factor.
_MEASURED = {
    'test_kl': ('test_kl', 'nats', 1),
    'lowest_test_kl': ('lowest_test_kl', 'nats', 1),
    'test_action_error': ('action_error', '%', 100),
    'score': ('student_score', 'points', 1),
}

Run, Metrics = finished_runs.Run, finished_runs.Metrics


def _about(run: Run) -> tuple[str, float, str]:
  """The game, the percentage and the method of a run."""
  settings = run['settings']
  method = settings_lib.METHODS[settings['alpha'] > 0]
  return settings['game'], settings['percent'], method


def curve_rows(scale: str, run: Run, metrics: Metrics) -> list[dict[str, Any]]:
  """The run's errors at each evaluation."""
  game, percent, method = _about(run)
  return [
      figure4_rows.Curve(
          scale=scale,
          game=game,
          percent=f'{percent:g}',
          method=method,
          seed=run['settings']['seed'],
          step=int(row['step']),
          test_kl=f'{row["test_kl"]:.5g}',
          action_error=f'{row["test_action_error"]:.4g}',
          train_kl=f'{row["train_kl"]:.5g}',
          episodes=int(row['episodes']),
      )._asdict()
      for row in metrics
  ]


def measured_rows(
    scale: str, runs: Iterable[tuple[Run, Metrics]]
) -> list[results.Row]:
  """A row a case, method and metric, over the seeds."""
  groups: dict[tuple[str, float, str], list[tuple[Run, Metrics]]] = {}
  for run, metrics in runs:
    groups.setdefault(_about(run), []).append((run, metrics))
  found = []
  for (game, percent, method), group in groups.items():
    for column, (metric, unit, factor) in _MEASURED.items():
      values = [factor * metrics[-1][column] for _, metrics in group]
      if not np.isfinite(values).all():
        continue  # Students did not play.
      found.append(
          finished_runs.row(
              group,
              values,
              artifact='figure4',
              case=figure4_rows.case(game, percent),
              method=method,
              metric=metric,
              scale=scale,
              unit=unit,
          )
      )
  return found


def collect(
    folders: Iterable[pathlib.Path], scale: str, output: pathlib.Path
) -> None:
  """Writes the results of finished runs of `//agents:distill`.

  Args:
    folders: the runs.
    scale: the scale to file them under.
    output: the folder of the CSV files.
  """
  # Runs of before have no episodes: their split was the same for all seeds.
  runs = [finished_runs.read(folder, 'episodes') for folder in folders]
  tables.merge(
      output / figure4_rows.CURVES,
      sum((curve_rows(scale, *run) for run in runs), []),
      _CURVE_KEYS,
      _MEASURED_KEYS,
  )
  results.merge(output / MEASURED, measured_rows(scale, runs))
