# SPDX-License-Identifier: Apache-2.0
"""From the run folders of section 4.3 to the rows of `results/`."""

from collections.abc import Iterable
from collections.abc import Mapping
import math
import pathlib
from typing import Any

from report import finished
from report.rows import runs as runs_lib
from report.rows import synthetic_gradients as rows
from report.rows import table
from sg.modules import methods as methods_lib

_ALIGNED = (
    'cosine', 'norm_ratio', 'loss_error', 'asymmetry', 'loss_pull',
    'gradient_pull',
)


def case_of(settings: Mapping[str, Any]) -> str:
  """The row of Table 1 that settings are of, such as `cifar10/3`."""
  return f'{settings["dataset"]}/{settings["cuts"]}'


def _about(scale: str, run: finished.Finished, row) -> tuple[Any, ...]:
  settings = run.settings
  return (
      scale, case_of(settings), settings['method'], settings['seed'],
      int(row['step']), row['epoch'],
  )


def _finite(value: float | None) -> float | None:
  return value if value is not None and math.isfinite(value) else None


def accuracies(scale: str, run: finished.Finished) -> list[rows.Accuracy]:
  """The run's accuracies at each evaluation."""
  return [
      rows.Accuracy(
          *_about(scale, run, row),
          top1=row['top1'],
          top5=row['top5'],
          train_loss=_finite(row['train_loss']),
          classes=run.settings.get('classes'),
          run=run.run.run,
      )
      for row in run.metrics
  ]


def alignment(scale: str, run: finished.Finished) -> list[rows.Alignment]:
  """How its synthetic gradients compare with the true ones, at each cut."""
  return [
      rows.Alignment(
          *_about(scale, run, row),
          split,
          **{
              name: _finite(row.get(f'{name}_{split}')) for name in _ALIGNED
          },
          run=run.run.run,
      )
      for row in run.metrics
      for split in range(1, run.settings['cuts'] + 1)
      if f'cosine_{split}' in row
  ]


def methods(names: Iterable[str]) -> list[rows.Method]:
  """How methods are shown; those that are not in the project are left out."""
  names = set(names)
  return [
      rows.Method(name, method.title, order, method.colour)
      for order, (name, method) in enumerate(methods_lib.METHODS.items())
      if name in names
  ]


def collect(
    folders: Iterable[pathlib.Path], scale: str, output: pathlib.Path
) -> None:
  """Merges the rows of finished runs of `//sg:train` into a folder."""
  runs = [
      finished.read(folder, 'epoch', 'top1', 'top5', 'train_loss')
      for folder in folders
  ]
  table.merge(output, [
      *runs_lib.distinct(run.run for run in runs),
      *(row for run in runs for row in accuracies(scale, run)),
      *(row for run in runs for row in alignment(scale, run)),
      *methods(run.settings['method'] for run in runs),
  ])
