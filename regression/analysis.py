"""From the run folders to the rows of `results/`.

    figure2_networks.csv   a row a network, where it ended
    figure2_curves.csv     a row a cell and evaluation, over the seeds
    figure2_baselines.csv  a row a function: predicting the mean
    choices.csv            a row a network of choices.py, as above
    figure3.csv            a row a point of a surface, by figure3.py
    figure3_points.csv     a row a training point of the surfaces
    measured.csv           a row a cell, method and metric

A file's rows of another scale stay; those of the same cell are replaced.
"""

from collections.abc import Iterable
from collections.abc import Mapping
import csv
import pathlib
from typing import Any

import numpy as np

from experiment import results
from experiment import run_folder
from experiment import tables
from regression import datasets

NETWORKS = 'figure2_networks.csv'
CURVES = 'figure2_curves.csv'
BASELINES = 'figure2_baselines.csv'
SURFACES = 'figure3.csv'
POINTS = 'figure3_points.csv'
CHOICES = 'choices.csv'
MEASURED = 'measured.csv'

# How many columns, from the left, say what a row is about.
_KEYS = {
    NETWORKS: 5,
    CHOICES: 5,
    CURVES: 5,
    BASELINES: 1,
    SURFACES: 6,
    POINTS: 5,
}

# And how many say what belongs together, where not each row stands alone.
_WHOLE = {POINTS: 3}

# Where the plateau check looks: the share of the steps.
_EARLIER = 0.75

# A training loss of zero, which float32 can reach, counts as this much.
_LEAST_LOSS = 1e-14

Row = Mapping[str, Any]


def merge_table(path: pathlib.Path, rows: Iterable[Row]) -> None:
  """Merges rows into one of this module's files."""
  tables.merge(path, rows, _KEYS[path.name], _WHOLE.get(path.name))


def read_metrics(folder: pathlib.Path) -> list[Row]:
  """A run's `metrics.csv`, its numbers read."""
  with open(folder / 'metrics.csv', encoding='utf-8', newline='') as file:
    return [
        {k: v if k == 'function' else float(v) for k, v in row.items()}
        for row in csv.DictReader(file)
    ]


def _log10(values) -> np.ndarray:
  return np.log10(np.asarray(values, np.float64))


def network_rows(scale: str, config: Row, metrics: list[Row]) -> list[Row]:
  """Where each network of a run ended; rows of `NETWORKS`."""
  last = max(row['step'] for row in metrics)
  steps = sorted({row['step'] for row in metrics})
  earlier = min(steps, key=lambda step: abs(step - _EARLIER * last))
  before = {
      (row['function'], row['seed']): row['test_mse']
      for row in metrics
      if row['step'] == earlier
  }
  return [
      {
          'scale': scale,
          'function': row['function'],
          'size': config['size'],
          'method': config['method'],
          'seed': int(row['seed']),
          'steps': int(last),
          'test_mse': f'{row["test_mse"]:.6g}',
          'test_gradient_mse': f'{row["test_gradient_mse"]:.6g}',
          'train_loss': f'{row["train_loss"]:.6g}',
          'earlier_test_mse': f'{before[row["function"], row["seed"]]:.6g}',
          'seconds': f'{row["network_seconds"]:.3f}',
      }
      for row in metrics
      if row['step'] == last
  ]


def _cells(metrics, step) -> dict[str, list[Row]]:
  cells = {}
  for row in metrics:
    if row['step'] == step:
      cells.setdefault(row['function'], []).append(row)
  return cells


def curve_rows(scale: str, config: Row, metrics: list[Row]) -> list[Row]:
  """Means over the seeds at each evaluation; rows of `CURVES`."""
  rows = []
  for step in sorted({row['step'] for row in metrics}):
    for function, cell in _cells(metrics, step).items():
      values, gradients = (
          _log10([row[name] for row in cell])
          for name in ('test_mse', 'test_gradient_mse')
      )
      losses = _log10([max(row['train_loss'], _LEAST_LOSS) for row in cell])
      seconds = np.mean([row['network_seconds'] for row in cell])
      rows.append({
          'scale': scale,
          'function': function,
          'size': config['size'],
          'method': config['method'],
          'step': int(step),
          'seconds': f'{seconds:.4f}',
          'log_test_mse_mean': f'{values.mean():.5f}',
          'log_test_mse_std': f'{_deviation(values):.5f}',
          'log_test_gradient_mse_mean': f'{gradients.mean():.5f}',
          'log_train_loss_mean': f'{losses.mean():.5f}',
          'n': len(cell),
      })
  return rows


def _deviation(values) -> float:
  return float(np.std(values, ddof=1)) if len(values) > 1 else 0.0


def measured_rows(
    scale: str, run: Row, metrics: list[Row]
) -> list[results.Row]:
  """A row a function and metric; rows of `MEASURED`.

  Args:
    scale: the scale's name.
    run: the run's `config.json`.
    metrics: its `metrics.csv`.
  """
  config = run['settings']
  last = max(row['step'] for row in metrics)
  rows = []
  for function, cell in _cells(metrics, last).items():
    for metric in ('test_mse', 'test_gradient_mse'):
      values = _log10([row[metric] for row in cell])
      rows.append(
          results.Row(
              artifact='figure2',
              case=f'{function}/{config["size"]}',
              method=config['method'],
              metric=f'log_{metric}',
              scale=scale,
              mean=round(float(values.mean()), 5),
              std=round(_deviation(values), 5),
              n=len(cell),
              unit='log10',
              command=run['command'],
              commit=run_folder.short_commit(run),
              seconds=round(sum(row['network_seconds'] for row in cell), 1),
              device=run_folder.device_name(run),
          )
      )
  return rows


def baseline_rows(functions: Iterable[str]) -> list[Row]:
  """The errors of predicting the test set's mean; rows of `BASELINES`."""
  rows = []
  for name in functions:
    test = datasets.test_set(name)
    norms = np.sum(np.square(test.gradient, dtype=np.float64), -1)
    rows.append({
        'function': name,
        'log_test_mse': f'{_log10(np.var(test.y, dtype=np.float64)):.5f}',
        'log_test_gradient_mse': f'{_log10(norms.mean()):.5f}',
    })
  return rows


def _read_run(folder: pathlib.Path) -> tuple[Row, list[Row]]:
  return run_folder.read_config(folder), read_metrics(folder)


def collect_networks(
    folders: Iterable[pathlib.Path], scale: str, path: pathlib.Path
) -> None:
  """Writes where the networks of finished runs ended.

  Args:
    folders: the runs.
    scale: the name to file them under.
    path: the file.
  """
  runs = [_read_run(folder) for folder in folders]
  rows = [network_rows(scale, run['settings'], m) for run, m in runs]
  merge_table(path, sum(rows, []))


def collect(
    folders: Iterable[pathlib.Path], scale: str, output: pathlib.Path
) -> None:
  """Writes the results of finished runs of `//regression:train`.

  Args:
    folders: the runs.
    scale: the scale to file them under.
    output: the folder of the CSV files.
  """
  curves, measured, functions = [], [], {}
  for folder in folders:
    run, metrics = _read_run(folder)
    curves += curve_rows(scale, run['settings'], metrics)
    measured += measured_rows(scale, run, metrics)
    functions |= dict.fromkeys(row['function'] for row in metrics)
  collect_networks(folders, scale, output / NETWORKS)
  merge_table(output / CURVES, curves)
  merge_table(output / BASELINES, baseline_rows(functions))
  results.merge(output / MEASURED, measured)
