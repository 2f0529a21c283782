# SPDX-License-Identifier: Apache-2.0
"""Figure 3: a function and its models from 20 and 100 points.

    ./bazelw run //regression:figure3 -- --function=styblinski_tang

Surfaces of the ground truth, of regular and of Sobolev Training, each with the
vector field of its gradient underneath, for any two-dimensional function.
"""

from experiment.startup import run_main

from collections.abc import Mapping
import dataclasses
import itertools
import math
import pathlib

import numpy as np

from experiment import config
from experiment import errors
from experiment import progress
from experiment import run_folder
from experiment import study
from regression import datasets
from regression import figure2
from regression import functions
from regression import train
from report import drawings
from report import finished as finished_lib
from report.rows import regression as rows_lib
from report.rows import runs as runs_lib
from report.rows import table

GRID = 41  # Points along each side of the surfaces.


@dataclasses.dataclass(frozen=True)
class Picture(study.Rows):
  """What to show."""

  scale: str = config.setting(
      'laptop',
      f'How long to train. {config.describe(figure2.SCALES)}.',
      choices=tuple(figure2.SCALES),
  )
  function: str = config.setting(
      'styblinski_tang',
      'What to learn.',
      source='Figure 3 [V]',
      choices=tuple(functions.FUNCTIONS),
  )
  sizes: tuple[int, ...] = config.setting(
      (20, 100), 'Training set sizes.', 'points', 'Figure 3 [V]', minimum=1,
      distinct=True,
  )


def grid(function: functions.Function) -> np.ndarray:
  """Points [GRID^2, 2] over the function's box."""
  axes = [
      np.linspace(low, high, GRID)
      for low, high in zip(function.low, function.high, strict=True)
  ]
  return np.stack(np.meshgrid(*axes, indexing='ij'), -1).reshape(-1, 2)


def training_points(
    scale: str, name: str, size: int, seed: int, run: str
) -> list[rows_lib.TrainingPoint]:
  """What the networks learn from."""
  points = datasets.training_set(name, size, seed).x
  return [rows_lib.TrainingPoint(scale, name, size, *x, run) for x in points]


def surface(
    about: tuple[str, str, str, int],
    x: np.ndarray,
    value: np.ndarray,
    gradient: np.ndarray,
    run: str,
) -> list[rows_lib.SurfacePoint]:
  """One row for each point of the grid.

  Args:
    about: the scale, the function, the panel and the size.
    x: the points [N, 2].
    value: the values there [N, 1].
    gradient: the derivatives [N, 2]; not finite at a kink, where the row has
      none.
    run: see `runs.Run`.
  """

  def slope(numbers):
    return [number if math.isfinite(number) else None for number in numbers]

  columns = np.column_stack([x, value, gradient]).tolist()
  return [
      rows_lib.SurfacePoint(*about, *numbers[:3], *slope(numbers[3:]), run)
      for numbers in columns
  ]


def run(
    plan: Picture,
    given: Mapping[str, object],
    output: pathlib.Path,
    rows: pathlib.Path | None = None,
) -> study.Study:
  """Trains the networks, writes their surfaces and draws the figure.

  Args:
    plan: what to show.
    given: training settings in place of the scale's.
    output: the folder of all figures.
    rows: the folder of the rows; by default in the figure's own.

  Returns:
    What was made.
  """
  if 'seeds' in given:
    raise errors.UserError(
        '--seeds: one network of each kind is shown: choose it by --first_seed'
    )
  settings = figure2.scaled(plan.scale, given)
  standard = figure2.scaled(plan.scale, {})
  settings = dataclasses.replace(settings, seeds=standard.seeds)
  scale = config.label(plan.scale, settings, standard)
  made = study.Study('Figure 3', scale, plan, output, rows)
  settings = dataclasses.replace(settings, seeds=1)  # One network of each.
  train.configure_threads(settings.threads)
  function = functions.FUNCTIONS[plan.function]
  if len(function.low) != 2:
    raise errors.UserError(
        f'--function={plan.function}: expected two inputs, has '
        f'{len(function.low)}: surfaces show no others'
    )
  x = grid(function)
  cells = {
      cell: made.folder / '-'.join(map(str, [plan.function, *cell]))
      for cell in itertools.product(plan.sizes, train.METHODS)
  }
  finished = {
      path
      for path in cells.values()
      if (path / run_folder.FINISHED).exists()
  }
  if finished:
    progress.write(
        f'{len(finished)} of {len(cells)} runs are finished already'
    )
  found, drawn = [], []
  for (size, method), path in cells.items():
    config_ = train.Config(
        **dataclasses.asdict(settings),
        functions=(plan.function,),
        size=size,
        method=method,
    )
    ensemble = train.train(config_, path, resume=True, quiet=path in finished)
    predicted = ensemble.predict(0, x)
    made_by = finished_lib.read(path, strings=['function']).run
    found.append(made_by)
    about = (scale, plan.function, method, size)
    drawn += surface(about, x, *predicted, made_by.run)
  truth = (scale, plan.function, 'truth', 0)
  drawn += surface(
      truth, x, *function.value_and_gradient(x), found[0].run
  )
  for size in plan.sizes:
    drawn += training_points(
        scale, plan.function, size, settings.first_seed, found[0].run
    )
  made.collect(
      lambda folder: table.merge(folder, [*runs_lib.distinct(found), *drawn])
  )
  picture = made.figure(f'{plan.function}.png')
  drawings.draw(made.rows, f'figure3_{plan.function}', scale, picture)
  return made


if __name__ == '__main__':
  run_main(study.main(Picture, train.Settings, 'runs/figure3', run))
