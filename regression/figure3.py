"""Figure 3: a function and its models from 20 and 100 points.

    ./bazelw run //regression:figure3 -- --function=styblinski_tang

Surfaces of the ground truth, of regular and of Sobolev Training, each with the
vector field of its gradient underneath, for any two-dimensional function.
"""

from experiment.startup import run_main

import dataclasses
import pathlib

from absl import flags
import numpy as np

from experiment import config
from experiment import errors
from experiment import run_folder
from regression import analysis
from regression import datasets
from regression import figure2
from regression import functions
from regression import train
from report import figure3 as drawing

GRID = 41  # Points along each side of the surfaces.

_COLUMNS = ('x1', 'x2', 'value', 'g1', 'g2')


@dataclasses.dataclass(frozen=True)
class Picture:
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
  results: str = config.setting(
      'results', 'The folder of the CSV files that the rows are merged into.'
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
    plan: Picture, given: dict[str, object], output: pathlib.Path
) -> pathlib.Path:
  """Trains the networks, merges their surfaces and draws the figure.

  Args:
    plan: what to show.
    given: training settings in place of the scale's.
    output: the folder of the runs.

  Returns:
    The figure's path.
  """
  results = run_folder.make(plan.results)
  settings = figure2.scaled(plan.scale, given)
  name = figure2.label(plan.scale, settings)
  settings = dataclasses.replace(settings, seeds=1)
  train.configure_threads(settings.threads)
  folder = output / name.replace(' ', '-')
  function = functions.FUNCTIONS[plan.function]
  if len(function.low) != 2:
    raise errors.UserError(
        f'--function={plan.function}: expected two inputs, has '
        f'{len(function.low)}: surfaces show no others'
    )
  x = grid(function)
  truth = function.value_and_gradient(x)
  rows = surface_rows(name, plan.function, 'truth', 0, x, *truth)
  points = []
  for size in plan.sizes:
    points += point_rows(name, plan.function, size, settings.first_seed)
    for method in train.METHODS:
      config_ = train.Config(
          **dataclasses.asdict(settings),
          functions=(plan.function,),
          size=size,
          method=method,
      )
      path = folder / f'{plan.function}-{size}-{method}'
      ensemble = train.train(config_, path, resume=True)
      predicted = ensemble.predict(0, x)
      rows += surface_rows(name, plan.function, method, size, x, *predicted)
  analysis.merge_table(results / analysis.SURFACES, rows)
  analysis.merge_table(results / analysis.POINTS, points)
  picture = folder / f'{plan.function}.png'
  drawing.draw(results, name, plan.function, picture)
  return picture


def main(_):
  plan = config.from_flags(Picture)
  output = run_folder.resolve(flags.FLAGS.output)
  picture = run(plan, config.given(train.Settings), output)
  print(f'Rows: {run_folder.resolve(plan.results)}\nFigure: {picture}')


if __name__ == '__main__':
  config.define_flags(Picture)
  config.define_flags(train.Settings)
  flags.DEFINE_string('output', 'runs/figure3', 'The folder of the runs.')
  run_main(main)
