# SPDX-License-Identifier: Apache-2.0
"""From the run folders of section 4.1 to the rows of `results/`."""

from collections.abc import Iterable
import pathlib

import numpy as np

from regression import datasets
from report import finished
from report.rows import regression as rows
from report.rows import runs as runs_lib
from report.rows import table


def evaluations(
    scale: str, run: finished.Finished
) -> list[rows.Evaluation]:
  """A row for each evaluation of each network of a run."""
  settings = run.settings
  term = (settings.get('gradient_weight', 1.0), _distance(settings))
  if settings['method'] == 'regular':
    term = (0.0, 'none')
  return [
      rows.Evaluation(
          scale,
          row['function'],
          settings['size'],
          settings['method'],
          *term,
          seed=int(row['seed']),
          step=int(row['step']),
          test_mse=row['test_mse'],
          test_gradient_mse=row['test_gradient_mse'],
          validation_mse=row.get('validation_mse'),
          train_loss=row['train_loss'],
          seconds=row['network_seconds'],
          run=run.run.run,
      )
      for row in run.metrics
  ]


def _distance(settings) -> str:
  return settings.get('distance', 'squared_l2')


def baseline(function: str, run: str) -> rows.Baseline:
  """The errors of predicting the test set's mean, with gradient 0."""
  test = datasets.test_set(function)
  norms = np.sum(np.square(test.gradient, dtype=np.float64), -1)
  variance = np.var(test.y, dtype=np.float64)
  return rows.Baseline(function, float(variance), float(norms.mean()), run)


def collect(
    folders: Iterable[pathlib.Path], scale: str, output: pathlib.Path
) -> None:
  """Merges the rows of finished runs of `//regression:train`.

  Args:
    folders: the runs.
    scale: the recipe to file them under.
    output: the folder of the CSV files.
  """
  runs = [
      finished.read(
          folder, 'seed', 'test_mse', 'test_gradient_mse', 'train_loss',
          'network_seconds', strings=['function'],
      )
      for folder in folders
  ]
  functions = {
      row['function']: run.run.run for run in runs for row in run.metrics
  }
  table.merge(output, [
      *runs_lib.distinct(run.run for run in runs),
      *(row for run in runs for row in evaluations(scale, run)),
      *(baseline(*pair) for pair in functions.items()),
  ])
