# SPDX-License-Identifier: Apache-2.0
"""Figure 2: the whole sweep, its rows and its picture.

    ./bazelw run //regression:figure2 -- --scale=laptop

Seven functions, three training set sizes, regular and Sobolev Training, several
seeds. Every run is resumable, and so is the sweep: the same command goes on.
"""

from experiment.startup import run_main

from collections.abc import Mapping
from collections.abc import Sequence
import dataclasses
import itertools
import pathlib

from experiment import config
from experiment import study
from experiment import sweep
from regression import analysis
from regression import functions
from regression import train
from report import drawings

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
_TERM = {'gradient_weight': 1.0, 'distance': 'squared_l2'}
_SEEDS = ('seeds', 'first_seed')


@dataclasses.dataclass(frozen=True)
class Sweep(study.Plan):
  """What to run."""

  scale: str = config.setting(
      'laptop',
      f'How much: seeds and steps. {config.describe(SCALES)}.',
      choices=tuple(SCALES),
  )
  functions: tuple[str, ...] = config.setting(
      tuple(functions.FUNCTIONS),
      'Target functions.',
      choices=tuple(functions.FUNCTIONS),
      distinct=True,
  )
  sizes: tuple[int, ...] = config.setting(
      SIZES, 'Training set sizes.', 'points', 'section 4.1 [V]', minimum=1,
      distinct=True,
  )
  methods: tuple[str, ...] = config.setting(
      train.METHODS, 'Training methods.', choices=train.METHODS, distinct=True
  )


def scaled(scale: str, given: Mapping[str, object]) -> train.Settings:
  """The settings of a scale, with those given on the command line."""
  return train.Settings(**{**SCALES[scale], **given})


def label(scale: str, settings: train.Settings) -> str:
  """The name of the sweep with these settings."""
  settings = dataclasses.replace(settings, **_TERM)
  return config.label(scale, settings, scaled(scale, {}))


def recipe(scale: str, settings: train.Settings) -> str:
  """The name to file its rows under, which is that of more seeds too."""
  standard = scaled(scale, {})
  seeds = {name: getattr(standard, name) for name in _SEEDS}
  return label(scale, dataclasses.replace(settings, **seeds))


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
        for name, standard in _TERM.items()
        if method == 'sobolev' and getattr(settings, name) != standard
    ]
    configs['-'.join([function, str(size), method, *term])] = train.Config(
        **shared, functions=(function,), size=size, method=method
    )
  return configs


def run(
    plan: Sweep,
    given: Mapping[str, object],
    output: pathlib.Path,
    rows: pathlib.Path | None = None,
) -> study.Study:
  """Runs the sweep, writes its rows and draws the figure.

  Args:
    plan: what to run.
    given: training settings in place of the scale's.
    output: the folder of all sweeps.
    rows: the folder of the rows; by default the sweep's own.

  Returns:
    What was made.
  """
  settings = scaled(plan.scale, given)
  filed = recipe(plan.scale, settings)
  made = study.Study(
      'Figure 2', label(plan.scale, settings), plan, output, rows
  )
  batch = settings.batch_size or max(plan.sizes)
  configs = run_configs(settings, plan.functions, plan.sizes, plan.methods)
  folders = made.run([
      sweep.Job(
          'regression.train',
          run,
          made.folder / name,
          weight=len(run.functions) * (100 + min(run.size, batch)),
      )
      for name, run in configs.items()
  ])
  made.collect(lambda folder: analysis.collect(folders, filed, folder))
  drawings.draw(made.rows, 'figure2', filed, made.figure('figure2.png'))
  return made


if __name__ == '__main__':
  run_main(study.main(Sweep, train.Settings, 'runs/figure2', run))
