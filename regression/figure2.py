"""Figure 2: the whole sweep, its rows and its picture.

    ./bazelw run //regression:figure2 -- --scale=laptop

Seven functions, three training set sizes, regular and Sobolev Training, several
seeds. Every run is resumable, and so is the sweep: the same command goes on.
"""

from experiment.startup import run_main

from collections.abc import Sequence
import dataclasses
import itertools
import pathlib

from absl import flags

from experiment import config
from experiment import run_folder
from experiment import sweep
from regression import analysis
from regression import functions
from regression import train
from report import figure2 as drawing

SIZES = (20, 100, 10_000)  # Section 4.1 [V].

# Steps in which a laptop gets somewhere.
_QUICK = {'learning_rate': 1e-3, 'evaluations': 16}

# What a scale sets; `paper` is the settings' own defaults.
SCALES = {
    'smoke': {**_QUICK, 'seeds': 2, 'steps': 200, 'evaluations': 4},
    'laptop': {**_QUICK, 'seeds': 5, 'steps': 15_000, 'schedule': 'cosine'},
    'constant': {**_QUICK, 'seeds': 10, 'steps': 20_000, 'evaluations': 30},
    'paper': {'seeds': 10},
}

# What the rows say in columns of their own.
_IN_COLUMNS = {'gradient_weight': 1.0, 'distance': 'squared_l2'}


@dataclasses.dataclass(frozen=True)
class Sweep:
  """What to run."""

  scale: str = config.setting(
      'laptop', 'How much: seeds and steps.', choices=tuple(SCALES)
  )
  functions: tuple[str, ...] = config.setting(
      tuple(functions.FUNCTIONS),
      'Which functions; any subset.',
      choices=tuple(functions.FUNCTIONS),
      distinct=True,
  )
  sizes: tuple[int, ...] = config.setting(
      SIZES, 'Training set sizes.', 'points', 'section 4.1 [V]', minimum=1,
      distinct=True,
  )
  methods: tuple[str, ...] = config.setting(
      train.METHODS, 'Which methods.', choices=train.METHODS, distinct=True
  )
  results: str = config.setting(
      'results', 'The folder of the CSV files that the rows are merged into.'
  )
  jobs: int = config.setting(
      0, 'Runs at a time; 0 for one a core.', minimum=0, affects_result=False
  )


def scaled(scale: str, given: dict[str, object]) -> train.Settings:
  """The settings of a scale, with those given on the command line."""
  return train.Settings(**{**SCALES[scale], **given})


def label(scale: str, settings: train.Settings) -> str:
  """The name to file the rows of these settings under."""
  settings = dataclasses.replace(settings, **_IN_COLUMNS)
  return config.label(scale, settings, scaled(scale, {}))


def run_configs(
    settings: train.Settings,
    names: Sequence[str],
    sizes: Sequence[int],
    methods: Sequence[str] = train.METHODS,
) -> dict[str, train.Config]:
  """A run's settings by the name of its folder; the longest runs first."""
  shared = {
      field.name: getattr(settings, field.name)
      for field in dataclasses.fields(settings)
  }
  configs = {}
  # A run per function: with few networks in one, a call of the program makes
  # many steps, and what a call costs beside them does not count.
  for size, method, function in itertools.product(
      sorted(sizes, reverse=True), sorted(methods, reverse=True), names
  ):
    term = [
        config.to_text(getattr(settings, name))
        for name, standard in _IN_COLUMNS.items()
        if method == 'sobolev' and getattr(settings, name) != standard
    ]
    configs['-'.join([function, str(size), method, *term])] = train.Config(
        **shared, functions=(function,), size=size, method=method
    )
  return configs


def run_sweep(
    settings: train.Settings,
    names: Sequence[str],
    sizes: Sequence[int],
    folder: pathlib.Path,
    jobs: int,
    methods: Sequence[str] = train.METHODS,
) -> list[pathlib.Path]:
  """Trains what is not yet trained; returns the folders of the runs."""
  configs = run_configs(settings, names, sizes, methods)
  batch = settings.batch_size or max(sizes)
  sweep.run(
      [
          sweep.Job(
              'regression.train',
              run,
              folder / name,
              weight=len(run.functions) * (100 + min(run.size, batch)),
          )
          for name, run in configs.items()
      ],
      jobs or None,
      threads_setting='threads',
  )
  return [folder / name for name in configs]


def run(
    plan: Sweep, given: dict[str, object], output: pathlib.Path
) -> pathlib.Path:
  """Runs the sweep, merges its rows and draws the figure.

  Args:
    plan: what to run.
    given: training settings in place of the scale's.
    output: the folder of the runs.

  Returns:
    The figure's path.
  """
  settings = scaled(plan.scale, given)
  name = label(plan.scale, settings)
  results = run_folder.make(plan.results)
  folder = output / name.replace(' ', '-')
  folders = run_sweep(
      settings, plan.functions, plan.sizes, folder, plan.jobs, plan.methods
  )
  analysis.collect(folders, name, results)
  picture = folder / 'figure2.png'
  drawing.draw(results, name, picture)
  return picture


def main(_):
  plan = config.from_flags(Sweep)
  output = run_folder.resolve(flags.FLAGS.output)
  picture = run(plan, config.given(train.Settings), output)
  print(f'Rows: {run_folder.resolve(plan.results)}\nFigure: {picture}')


if __name__ == '__main__':
  config.define_flags(Sweep)
  config.define_flags(train.Settings)
  flags.DEFINE_string('output', 'runs/figure2', 'The folder of the runs.')
  run_main(main)
