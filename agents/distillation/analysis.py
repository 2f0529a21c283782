# SPDX-License-Identifier: Apache-2.0
"""From the run folders of section 4.2 to the rows of `results/`."""

from collections.abc import Iterable
import math
import pathlib

from agents.distillation import settings as settings_lib
from report import finished
from report.rows import distillation as rows
from report.rows import runs as runs_lib
from report.rows import table


def _students(scale: str, run: finished.Finished) -> list[rows.Student]:
  settings = run.settings
  return [
      rows.Student(
          scale,
          settings['game'],
          settings['percent'],
          settings_lib.METHODS[settings['alpha'] > 0],
          settings['seed'],
          step=int(row['step']),
          test_kl=row['test_kl'],
          action_error=row['test_action_error'],
          train_kl=row['train_kl'],
          episodes=int(row['episodes']) if 'episodes' in row else None,
          score=row['score'] if math.isfinite(row['score']) else None,
          run=run.run.run,
      )
      for row in run.metrics
  ]


def collect(
    folders: Iterable[pathlib.Path], scale: str, output: pathlib.Path
) -> None:
  """Merges the rows of finished runs of `//agents:distill` into a folder."""
  columns = ('test_kl', 'test_action_error', 'train_kl', 'score')
  runs = [finished.read(folder, *columns) for folder in folders]
  table.merge(output, [
      *runs_lib.distinct(run.run for run in runs),
      *(row for run in runs for row in _students(scale, run)),
  ])
