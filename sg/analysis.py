# SPDX-License-Identifier: Apache-2.0
"""From the run folders to the rows of `results/`.

    table1_curves.csv      a row per run and evaluation
    table1_alignment.csv   a row per run, evaluation and cut
    table1_methods.csv     a row per method: how it is shown
    measured.csv           a row per method and metric

A file's rows of another scale stay; those of the same case and method are
replaced, all seeds together.
"""

from collections.abc import Iterable
from collections.abc import Mapping
import pathlib
from typing import Any

from experiment import finished_runs
from experiment import results
from experiment import tables
from report import table1_rows
from sg.modules import methods

MEASURED = 'measured.csv'
METHODS = 'table1_methods.csv'

# Columns that say what a row is about, and of these those of measured.csv too:
# what is replaced there is replaced in all files.
_CURVE_KEYS, _ALIGNMENT_KEYS, _MEASURED_KEYS, _METHOD_KEYS = 5, 7, 3, 1
_ALIGNED = (
    'cosine', 'norm_ratio', 'loss_error', 'asymmetry', 'loss_pull',
    'gradient_pull',
)

Run, Metrics = finished_runs.Run, finished_runs.Metrics


def case_of(settings: Mapping[str, Any]) -> str:
  """The row of Table 1 that settings are of, such as `cifar10/3`."""
  return f'{settings["dataset"]}/{settings["cuts"]}'


def _about(scale: str, run: Run, row: Mapping[str, float]) -> dict[str, Any]:
  settings = run['settings']
  return {
      'scale': scale,
      'case': case_of(settings),
      'method': settings['method'],
      'seed': settings['seed'],
      'step': int(row['step']),
      'epoch': f'{row["epoch"]:.4g}',
  }


def curve_rows(scale: str, run: Run, metrics: Metrics) -> list[dict[str, Any]]:
  """The run's accuracies at each evaluation."""
  return [
      {
          **_about(scale, run, row),
          'top1': f'{row["top1"]:.2f}',
          'top5': f'{row["top5"]:.2f}',
          'train_loss': f'{row["train_loss"]:.4f}',
      }
      for row in metrics
  ]


def alignment_rows(
    scale: str, run: Run, metrics: Metrics
) -> list[dict[str, Any]]:
  """How its synthetic gradients compare with the true ones, at each cut."""
  found = []
  for row in metrics:
    for split in range(1, run['settings']['cuts'] + 1):
      values = {name: row.get(f'{name}_{split}') for name in _ALIGNED}
      if values['cosine'] is not None:
        found.append({
            **_about(scale, run, row),
            'split': split,
            **{k: None if v is None else f'{v:.4g}' for k, v in values.items()},
        })
  return found


def measured_rows(
    scale: str, runs: Iterable[tuple[Run, Metrics]]
) -> list[results.Row]:
  """A row a case, method and metric, over the seeds."""
  groups: dict[tuple[str, str], list[tuple[Run, Metrics]]] = {}
  for run, metrics in runs:
    key = case_of(run['settings']), run['settings']['method']
    groups.setdefault(key, []).append((run, metrics))
  found = []
  for (case, method), group in groups.items():
    # The paper has top-5 on ImageNet only.
    metrics_of_case = ('top1', 'top5')[: 1 + case.startswith('imagenet')]
    for metric in metrics_of_case:
      values = [metrics[-1][metric] for _, metrics in group]
      found.append(
          finished_runs.row(
              group,
              values,
              artifact='table1',
              case=case,
              method=method,
              metric=metric,
              scale=scale,
              unit='%',
          )
      )
  return found


def method_rows(names: Iterable[str]) -> list[dict[str, Any]]:
  """How methods are shown; those that are not in the project are left out."""
  order = list(methods.METHODS)
  return [
      {
          'method': name,
          'title': methods.METHODS[name].title,
          'order': order.index(name),
          'colour': methods.METHODS[name].colour,
      }
      for name in sorted(set(names).intersection(order), key=order.index)
  ]


def collect(
    folders: Iterable[pathlib.Path], scale: str, output: pathlib.Path
) -> None:
  """Writes the results of finished runs of `//sg:train`.

  Args:
    folders: the runs.
    scale: the scale to file them under.
    output: the folder of the CSV files.
  """
  runs = [
      finished_runs.read(folder, 'epoch', 'top1', 'top5', 'train_loss')
      for folder in folders
  ]
  tables.merge(
      output / table1_rows.CURVES,
      sum((curve_rows(scale, *run) for run in runs), []),
      _CURVE_KEYS,
      _MEASURED_KEYS,
  )
  tables.merge(
      output / table1_rows.ALIGNMENT,
      sum((alignment_rows(scale, *run) for run in runs), []),
      _ALIGNMENT_KEYS,
      _MEASURED_KEYS,
  )
  tables.merge(
      output / METHODS,
      method_rows(run['settings']['method'] for run, _ in runs),
      _METHOD_KEYS,
  )
  results.merge(output / MEASURED, measured_rows(scale, runs))
