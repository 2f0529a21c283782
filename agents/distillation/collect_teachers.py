# SPDX-License-Identifier: Apache-2.0
"""Merges what the repository's teachers say of themselves into results/.

    ./bazelw run //agents:collect_teachers

    teachers.csv         one row per teacher and policy: returns of episodes
    teacher_curves.csv   one row per teacher and row of its training
"""

from experiment.startup import run_main

from collections.abc import Mapping
import dataclasses
import pathlib
from typing import Any

from agents.a3c import teacher_file
from agents.distillation import teachers
from experiment import config
from experiment import errors
from experiment import run_folder
from report.rows import distillation as rows
from report.rows import runs
from report.rows import table


@dataclasses.dataclass(frozen=True)
class Config:
  """Where to."""

  results: str = config.setting(
      'results', 'The folder of the CSV files that the rows are merged into.'
  )


def rows_of(game: str, record: Mapping[str, Any]) -> list[tuple[Any, ...]]:
  """The rows of a teacher: its run as far as the file says, policies, curve."""
  run = runs.Run.of(
      record.get(
          'command', f'python -m agents.a3c.train_teacher --game={game}'
      ),
      run_folder.short_commit(record['commit']),
      record.get('device', ''),
      record.get('started', ''),
      record.get('seconds'),
  )
  found = record['evaluation']
  sample = found['stochastic']
  policies = [
      rows.Teacher(
          game=game,
          policy=policy,
          frames=record['frames'],
          games=found['games'],
          max_game_steps=found['max_game_steps'],
          mean=found[policy]['mean'],
          low=low,
          high=high,
          run=run.run,
      )
      for policy, low, high in (
          ('greedy', None, None),
          ('stochastic', sample['low'], sample['high']),
      )
  ]
  columns = ('frames', 'training_score', 'greedy_score', 'stochastic_score')
  curve = [
      rows.TeacherCurve(game, *(row[name] for name in columns), run.run)
      for row in record['curve']
  ]
  return [run, *policies, *curve]


def collect(output: pathlib.Path) -> list[str]:
  """Merges the rows of all teachers; returns their games."""
  found = []
  there = teachers.there()
  for game, path in there.items():
    record = teacher_file.load(path, game).record
    if not record.get('evaluation'):
      raise errors.UserError(
          f'{path}: has not been evaluated: let //agents:evaluate_teacher do it'
      )
    found += rows_of(game, record)
  table.merge(output, found)
  return list(there)


def main(_):
  settings = config.from_flags(Config)
  output = run_folder.make(settings.results)
  names = collect(output)
  if not names:
    raise errors.UserError(
        f'{teachers.FOLDER}: no teachers: train one with '
        '//agents:train_teacher and put its teacher.npz there as <game>.npz'
    )
  print(f'{output}: {", ".join(names)}')


if __name__ == '__main__':
  config.define_flags(Config)
  run_main(main)
