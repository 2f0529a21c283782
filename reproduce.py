# SPDX-License-Identifier: Apache-2.0
"""Reproduces the paper's experiments and reports.

    ./bazelw run //:reproduce                  # Figures 2 and 3
    ./bazelw run //:reproduce -- --parts=all

Runs what a scale asks for, continues where it was stopped, and writes the rows,
the figures and the report into one folder, next to the paper's numbers. The
committed results stay as they are.
"""

from experiment.startup import run_main

import dataclasses
import pathlib
import shutil

from agents.distillation import collect_teachers
from agents.distillation import figure4
from agents.distillation import scales
from agents.distillation import teachers
from experiment import config
from experiment import errors
from experiment import run_folder
from regression import figure2
from regression import figure3
from regression import train
from report import output as report
from sg import table1

# In the order of the paper.
PARTS = ('figure2', 'figure3', 'figure4', 'table1')

# What the report compares with; beside this file, also in Bazel's runfiles.
_PAPER = pathlib.Path(__file__).parent / 'results'
_COPIED = ('paper.csv', 'table1_methods.csv')
_CHOICES = 'table1_choices.csv'  # Of the scale that is judged, laptop.


@dataclasses.dataclass(frozen=True)
class Settings:
  """What to reproduce."""

  scale: str = config.setting(
      'laptop',
      'How much. On two cores smoke takes some minutes; laptop a quarter of an '
      'hour for Figures 2 and 3, and five hours for all parts; the Table 1 '
      'of the scale paper asks for a GPU.',
      choices=('smoke', 'laptop', 'paper'),
  )
  parts: tuple[str, ...] = config.setting(
      ('figure2', 'figure3'),
      'Which parts. One without its data is left out, which is reported.',
      choices=(*PARTS, 'all'),
      distinct=True,
  )
  output: str = config.setting(
      'reproduction', 'The folder of the runs, the rows and the report.'
  )
  jobs: int = config.setting(
      0, 'Runs at a time; 0 for one per core.', minimum=0, affects_result=False
  )


def runnable(settings: Settings) -> list[str]:
  """The parts asked for whose data are there; reports the others.

  Raises:
    UserError: none is left.
  """
  checks = {
      'figure4': _check_teachers,
      'table1': lambda: table1.check_data(f'{settings.scale}-cifar10'),
  }
  asked = PARTS if 'all' in settings.parts else settings.parts
  found, missing = [], []
  for part in asked:
    try:
      checks.get(part, lambda: None)()
      found.append(part)
    except errors.UserError as error:
      missing.append(f'{part} is left out: {error}')
  if not found:
    raise errors.UserError('; '.join(missing))
  for line in missing:
    print(line, flush=True)
  return found


def _check_teachers():
  if not teachers.there():
    raise errors.UserError(
        f'{teachers.FOLDER}: no teachers: get them from the repository, or '
        'train them with //agents:train_teacher'
    )


def run(settings: Settings) -> list[pathlib.Path]:
  """Runs everything and returns the report's files."""
  parts = runnable(settings)
  train.configure_threads(0)
  folder = run_folder.resolve(settings.output)
  rows = run_folder.make(folder / 'results')
  if rows.samefile(_PAPER):
    raise errors.UserError(
        f'--output={settings.output}: its results are those of the repository: '
        'choose another folder'
    )
  with errors.naming(rows):
    for name in _COPIED:
      shutil.copyfile(_PAPER / name, rows / name)
  scale = settings.scale
  runs = folder / 'runs'
  preset = f'{scale}-cifar10'
  if 'figure2' in parts:
    plan = figure2.Sweep(scale=scale, jobs=settings.jobs)
    figure2.run(plan, {}, runs / 'figure2', rows)
  if 'figure3' in parts:
    plan = figure3.Picture(scale=scale)
    figure3.run(plan, {}, runs / 'figure3', rows)
  if 'figure4' in parts:
    collect_teachers.collect(rows)
    plan = scales.Sweep(scale=scale, jobs=settings.jobs)
    games = {'games': tuple(teachers.there())}
    figure4.run(plan, games, runs / 'figure4', rows)
  if 'table1' in parts:
    choices = str(_PAPER / _CHOICES) if scale == 'laptop' else ''
    plan = table1.Sweep(preset=preset, choices=choices, jobs=settings.jobs)
    table1.run(plan, {}, runs / 'table1', rows)
  return report.write(rows, folder / 'report', with_html=True)


def main(_):
  for path in run(config.from_flags(Settings)):
    print(path)


if __name__ == '__main__':
  config.define_flags(Settings)
  run_main(main)
