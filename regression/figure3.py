"""Figure 3: a function and its models from 20 and 100 points.

    ./bazelw run //regression:figure3 -- --function=styblinski_tang

Surfaces of the ground truth, of regular and of Sobolev Training, each with the
vector field of its gradient underneath, for any two-dimensional function.
"""

from experiment.startup import run_main

from collections.abc import Mapping
import dataclasses
import pathlib

import numpy as np

from experiment import config
from experiment import errors
from experiment import study
from regression import analysis
from regression import datasets
from regression import figure2
from regression import functions
from regression import train
from report import figure3 as drawing

GRID = 41  # Points along each side of the surfaces.

_COLUMNS = ('x1', 'x2', 'value', 'g1', 'g2')


@dataclasses.dataclass(frozen=True)
class Picture(study.Rows):
  """What to show."""

  scale: str = config.setting(
      'laptop', 'How long to train.', choices=tuple(figure2.SCALES)
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


def point_rows(
    scale: str, name: str, size: int, seed: int
) -> list[analysis.Row]:
  """Rows of `analysis.POINTS`: what the networks learn from."""
  return [
      {
          'scale': scale,
          'function': name,
          'size': size,
          'x1': f'{x1:.5g}',
          'x2': f'{x2:.5g}',
      }
      for x1, x2 in datasets.training_set(name, size, seed).x
  ]


def surface_rows(
    scale: str,
    name: str,
    panel: str,
    size: int,
    x: np.ndarray,
    value: np.ndarray,
    gradient: np.ndarray,
) -> list[analysis.Row]:
  """Rows of `analysis.SURFACES`, one for each point of the grid."""
  return [
      {
          'scale': scale,
          'function': name,
          'panel': panel,
          'size': size,
          **dict(zip(_COLUMNS, numbers, strict=True)),
      }
      for numbers in (
          [f'{number:.5g}' for number in row]
          for row in np.column_stack([x, value, gradient])
      )
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
  settings = figure2.scaled(plan.scale, given)
  scale = figure2.label(plan.scale, settings)
  made = study.Study('Figure 3', scale, plan, output, rows)
  settings = dataclasses.replace(settings, seeds=1)
  train.configure_threads(settings.threads)
  function = functions.FUNCTIONS[plan.function]
  if len(function.low) != 2:
    raise errors.UserError(
        f'--function={plan.function}: expected two inputs, has '
        f'{len(function.low)}: surfaces show no others'
    )
  x = grid(function)
  truth = function.value_and_gradient(x)
  surfaces = surface_rows(scale, plan.function, 'truth', 0, x, *truth)
  points = []
  for size in plan.sizes:
    points += point_rows(scale, plan.function, size, settings.first_seed)
    for method in train.METHODS:
      config_ = train.Config(
          **dataclasses.asdict(settings),
          functions=(plan.function,),
          size=size,
          method=method,
      )
      path = made.folder / f'{plan.function}-{size}-{method}'
      ensemble = train.train(config_, path, resume=True)
      predicted = ensemble.predict(0, x)
      surfaces += surface_rows(
          scale, plan.function, method, size, x, *predicted
      )

  def write(folder: pathlib.Path):
    analysis.merge_table(folder / analysis.SURFACES, surfaces)
    analysis.merge_table(folder / analysis.POINTS, points)

  made.collect(write)
  picture = made.figure(f'{plan.function}.png')
  drawing.draw(made.rows, scale, plan.function, picture)
  return made


if __name__ == '__main__':
  run_main(study.main(Picture, train.Settings, 'runs/figure3', run))
