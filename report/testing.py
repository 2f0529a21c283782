"""Made-up results whose verdicts are known, for tests."""

from collections.abc import Iterable
from collections.abc import Mapping
import csv
import itertools
import pathlib
import shutil

import numpy as np

from experiment import results
from report import evidence
from report import rows

# The folder with the true claims and the paper's numbers.
RESULTS = pathlib.Path(__file__).parents[1] / 'results'

Cell = evidence.Cell
CELLS = tuple(itertools.product(rows.TITLES, rows.SIZES))

# log10 of the error of predicting the mean, of every function.
BASELINE = 3.0


def networks(
    gains: Mapping[Cell, float],
    seeds: int = 8,
    scale: str = 'paper',
    sobolev: float = 1.0,
) -> list[rows.Network]:
  """Networks of which Sobolev's error is known orders of magnitude smaller.

  Args:
    gains: of each cell, the mean of log10 regular - log10 Sobolev error.
    seeds: how many.
    scale: of the rows.
    sobolev: the mean log10 error of Sobolev Training in every cell.
  """
  # In pairs, so that with an even number of seeds the means are exact.
  spread = [
      0.1 * (1 + 0.01 * (seed // 2)) * (-1) ** seed for seed in range(seeds)
  ]
  found = []
  for (function, size), gain in gains.items():
    errors = {
        'regular': [sobolev + gain + noise for noise in spread],
        # Opposite noise: differences over seeds vary by twice as much.
        'sobolev': [sobolev - noise for noise in spread],
    }
    for method, seed in itertools.product(rows.METHODS, range(seeds)):
      error = 10 ** errors[method][seed]
      found.append(
          rows.Network(
              scale=scale,
              function=function,
              size=size,
              method=method,
              seed=seed,
              steps=1000,
              test_mse=error,
              test_gradient_mse=2 * error,
              train_loss=error / 3,
              earlier_test_mse=1.1 * error,
              seconds=2.0,
          )
      )
  return found


def baselines() -> dict[str, rows.Baseline]:
  """The errors of predicting the mean, by function."""
  return {name: rows.Baseline(name, BASELINE, BASELINE) for name in rows.TITLES}


def regression(
    gains: Mapping[Cell, float], seeds: int = 8, sobolev: float = 1.0
) -> evidence.Evidence:
  """Evidence from networks alone; see `networks`."""
  return evidence.Evidence(
      'paper', networks(gains, seeds, sobolev=sobolev), baselines()
  )


_UNITS = {
    'top1': '%',
    'top5': '%',
    'action_error': '%',
    'test_kl': 'nats',
    'lowest_test_kl': 'nats',
    'student_score': 'points',
}


def row(
    artifact: str,
    case: str,
    method: str,
    metric: str,
    mean: float,
    std: float | None = 0.1,
    n: int | None = 6,
    scale: str = 'paper',
) -> results.Row:
  """A row of measured.csv."""
  return results.Row(
      artifact=artifact,
      case=case,
      method=method,
      metric=metric,
      scale=scale,
      mean=mean,
      std=std,
      n=n,
      unit=_UNITS.get(metric, ''),
      command='python -m some.program',
      commit='0123456789ab',
      seconds=30.0,
      device='a computer',
  )


def _measured(found: Iterable[rows.Network]) -> list[results.Row]:
  groups: dict[tuple[str, ...], list[float]] = {}
  for net in found:
    for metric in ('test_mse', 'test_gradient_mse'):
      key = (net.scale, f'{net.function}/{net.size}', net.method, metric)
      groups.setdefault(key, []).append(float(np.log10(getattr(net, metric))))
  return [
      row(
          'figure2',
          case,
          method,
          f'log_{metric}',
          float(np.mean(values)),
          float(np.std(values, ddof=1)) if len(values) > 1 else 0.0,
          len(values),
          scale,
      )
      for (scale, case, method, metric), values in groups.items()
  ]


def curves(found: Iterable[rows.Network]) -> list[rows.CurvePoint]:
  """Straight curves that end where the first seeds' networks do."""
  return [
      rows.CurvePoint(
          scale=net.scale,
          function=net.function,
          size=net.size,
          method=net.method,
          step=step,
          # Sobolev Training's steps take twice as long.
          seconds=step / 1000 * (2.0 if net.method == 'sobolev' else 1.0),
          log_test_mse_mean=BASELINE
          + (float(np.log10(net.test_mse)) - BASELINE) * step / 1000,
          log_test_mse_std=0.1,
          log_test_gradient_mse_mean=1.0,
          log_train_loss_mean=0.0,
          n=8,
      )
      for net in found
      if net.seed == 0
      for step in (100, 500, 1000)
  ]


def grid(
    function: str = 'styblinski_tang', scale: str = 'paper', side: int = 5
) -> list[rows.GridPoint]:
  """A paraboloid, and models of it that are off by a constant."""
  axis = np.linspace(-1, 1, side)
  panels = [
      ('truth', 0, 0.0),
      ('regular', 20, 0.5),
      ('sobolev', 20, 0.1),
      ('regular', 100, 0.2),
      ('sobolev', 100, 0.0),
  ]
  return [
      rows.GridPoint(
          scale,
          function,
          panel,
          size,
          float(x1),
          float(x2),
          float(x1**2 + x2**2 + error),
          float(2 * x1),
          float(2 * x2),
      )
      for panel, size, error in panels
      for x1, x2 in itertools.product(axis, axis)
  ]


def points(
    function: str = 'styblinski_tang', scale: str = 'paper'
) -> list[rows.TrainingPoint]:
  """A few training points."""
  return [
      rows.TrainingPoint(scale, function, size, 0.1 * k, -0.1 * k)
      for size in (20, 100)
      for k in range(4)
  ]


def write(path: pathlib.Path, found: list) -> None:
  """Writes rows of one class as the programs do."""
  with open(path, 'w', encoding='utf-8', newline='') as file:
    writer = csv.writer(file, lineterminator='\n')
    writer.writerow(found[0]._fields)
    writer.writerows(found)


def write_results(
    folder: pathlib.Path, found: list[rows.Network] | None = None
) -> pathlib.Path:
  """Writes a folder of results, with the true claims and paper's numbers.

  Args:
    folder: must exist.
    found: the networks; by default all cells at scale paper.
  """
  if found is None:
    found = networks({cell: 1.5 for cell in CELLS}, seeds=6)
  for name in ('claims.csv', 'paper.csv'):
    shutil.copyfile(RESULTS / name, folder / name)
  write(folder / 'figure2_networks.csv', found)
  write(folder / 'figure2_baselines.csv', list(baselines().values()))
  write(folder / 'figure2_curves.csv', curves(found))
  write(folder / 'figure3.csv', grid(scale=found[0].scale))
  write(folder / 'figure3_points.csv', points(scale=found[0].scale))
  results.merge(folder / 'measured.csv', _measured(found))
  return folder
