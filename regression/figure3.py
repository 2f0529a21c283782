"""Figure 3: a function and its models from 20 and 100 points.

    ./bazelw run //regression:figure3 -- --function=styblinski_tang

Surfaces of the ground truth, of regular and of Sobolev Training, each with the
vector field of its gradient underneath, for any two-dimensional function.
"""

import dataclasses

from absl import flags
import numpy as np

from regression import analysis
from regression import datasets
from regression import figure2
from regression import functions
from regression import train
from sobolev_training.experiment import config
from sobolev_training.experiment import errors
from sobolev_training.experiment import run_folder
from tools.report import figure3 as drawing

GRID = 41  # Points along each side of the surfaces.


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
      (20, 100), 'Training set sizes.', 'points', 'Figure 3 [V]', minimum=1
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


def surface_rows(scale, name, panel, size, x, value, gradient):
  """Rows of `analysis.SURFACES`, a point of the grid each."""
  return [
      {
          'scale': scale,
          'function': name,
          'panel': panel,
          'size': size,
          **dict(zip(('x1', 'x2', 'value', 'g1', 'g2'), numbers)),
      }
      for numbers in (
          [f'{number:.5g}' for number in row]
          for row in np.column_stack([x, value, gradient])
      )
  ]


def main(_):
  plan = config.from_flags(Picture)
  settings = figure2.scaled(
      plan.scale, {**figure2.given_settings(), 'seeds': 1}
  )
  name = plan.scale
  results = run_folder.resolve(plan.results)
  folder = run_folder.resolve(flags.FLAGS.output) / name
  function = functions.FUNCTIONS[plan.function]
  x = grid(function)
  truth = function.value_and_gradient(x)
  rows = surface_rows(name, plan.function, 'truth', 0, x, *truth)
  points = []
  for size in plan.sizes:
    for number in datasets.training_set(plan.function, size, 0).x:
      points.append({
          'function': plan.function,
          'size': size,
          'x1': f'{number[0]:.5g}',
          'x2': f'{number[1]:.5g}',
      })
    for method in train.METHODS:
      run = train.Config(
          **dataclasses.asdict(settings),
          functions=(plan.function,),
          size=size,
          method=method,
      )
      path = folder / f'{plan.function}-{size}-{method}'
      ensemble = train.train(run, path, resume=True)
      predicted = ensemble.predict(0, x)
      rows += surface_rows(name, plan.function, method, size, x, *predicted)
  analysis.merge_table(results / analysis.SURFACES, rows)
  analysis.merge_table(results / analysis.POINTS, points)
  picture = folder / f'{plan.function}.png'
  drawing.draw(results, name, plan.function, picture)
  print(f'Rows: {results}\nFigure: {picture}')


if __name__ == '__main__':
  config.define_flags(Picture)
  config.define_flags(train.Settings)
  flags.DEFINE_string('output', 'runs/figure3', 'The folder of the runs.')
  errors.run_main(main)
