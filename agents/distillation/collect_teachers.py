# SPDX-License-Identifier: Apache-2.0
"""Writes what the repository's teachers say of themselves into results/.

    ./bazelw run //agents:collect_teachers

    teachers.csv         a row a teacher and policy: points over whole games
    teacher_curves.csv   a row a teacher and row of its training
"""

from experiment.startup import run_main

import dataclasses
import pathlib
from typing import Any

from agents.a3c import teacher_file
from agents.distillation import teachers
from experiment import config
from experiment import errors
from experiment import run_folder
from experiment import tables
from report import figure4_rows


@dataclasses.dataclass(frozen=True)
class Config:
  """Where to."""

  results: str = config.setting(
      'results', 'The folder of the CSV files that the rows are merged into.'
  )


def score_rows(game: str, record: dict[str, Any]) -> list[dict[str, Any]]:
  """The evaluation of a teacher, a row a policy."""
  found = record['evaluation']
  no_sample = {'low': None, 'high': None}
  sample = {end: f'{found["stochastic"][end]:.4g}' for end in no_sample}
  return [
      figure4_rows.Teacher(
          game=game,
          policy=policy,
          frames=record['frames'],
          games=found['games'],
          max_game_steps=found['max_game_steps'],
          mean=f'{found[policy]["mean"]:.4g}',
          **interval,
          commit=run_folder.short_commit(record['commit']),
      )._asdict()
      for policy, interval in (('greedy', no_sample), ('stochastic', sample))
  ]


def curve_rows(game: str, record: dict[str, Any]) -> list[dict[str, Any]]:
  """The curve of its training; a score that was not measured is left empty."""
  return [
      figure4_rows.TeacherCurve(
          game=game,
          frames=row['frames'],
          **{
              name: None if row[name] is None else f'{row[name]:.5g}'
              for name in ('training_score', 'greedy_score', 'stochastic_score')
          },
      )._asdict()
      for row in record['curve']
  ]


def collect(output: pathlib.Path) -> list[str]:
  """Merges the rows of all teachers; returns their games."""
  found = teachers.there()
  for game, path in found.items():
    record = teacher_file.load(path, game).record
    if not record.get('evaluation'):
      raise errors.UserError(
          f'{path}: has not been evaluated: let //agents:evaluate_teacher do it'
      )
    tables.merge(
        output / figure4_rows.TEACHERS, score_rows(game, record), keys=2
    )
    tables.merge(
        output / figure4_rows.TEACHER_CURVES, curve_rows(game, record), keys=2,
        whole=1,
    )
  return list(found)


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
