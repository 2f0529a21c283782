"""What the settings that the paper does not tell do to Figure 2.

    ./bazelw run //regression:choices

A short Figure 2 for the defaults and for each of a list of other choices, every
one of which changes one thing. The table is in docs/deviations.md.
"""

import dataclasses

from absl import flags

from experiment import config
from experiment import errors
from experiment import run_folder
from regression import analysis
from regression import figure2
from regression import functions
from regression import train

# What is common to all: a short Figure 2.
SHORT = {'seeds': 3, 'steps': 5000, 'evaluations': 6}

CHOICES = {
    'defaults': {},
    '2000 steps': {'steps': 2000},
    'batch 32': {'batch_size': 32},
    'batch 256': {'batch_size': 256},
    'constant step size': {'schedule': 'constant'},
    'step size 1e-4': {'learning_rate': 1e-4},
    'constant step size 3e-5 for 10000 steps': {
        'learning_rate': 3e-5,
        'schedule': 'constant',
        'steps': 10_000,
    },
    'uniform initialisation': {'initialisation': 'uniform'},
    'standardised': {'standardise': True},
    'gradient weight 0.1': {'gradient_weight': 0.1},
}

# The smallest set that a choice makes a difference to.
SMALLEST = {'batch 32': 100, 'batch 256': 10_000}


@dataclasses.dataclass(frozen=True)
class Plan:
  """What to run."""

  choices: tuple[str, ...] = config.setting(
      tuple(CHOICES), 'Which choices.', choices=tuple(CHOICES),
      distinct=True,
  )
  sizes: tuple[int, ...] = config.setting(
      figure2.SIZES, 'Training set sizes.', 'points', minimum=1,
      distinct=True,
  )
  results: str = config.setting(
      'results', 'The folder of the CSV files that the rows are merged into.'
  )
  jobs: int = config.setting(
      0, 'Runs at a time; 0 for one a core.', minimum=0, affects_result=False
  )


def main(_):
  plan = config.from_flags(Plan)
  results = run_folder.make(plan.results)
  output = run_folder.resolve(flags.FLAGS.output)
  for name in plan.choices:
    settings = train.Settings(**{**SHORT, **CHOICES[name]})
    folders = figure2.run_sweep(
        settings,
        tuple(functions.FUNCTIONS),
        [n for n in plan.sizes if n >= SMALLEST.get(name, 0)],
        output / name.replace(' ', '_'),
        plan.jobs,
    )
    analysis.collect_networks(folders, name, results / analysis.CHOICES)
  print(f'Rows: {results / analysis.CHOICES}')


if __name__ == '__main__':
  config.define_flags(Plan)
  flags.DEFINE_string('output', 'runs/choices', 'The folder of the runs.')
  errors.run_main(main)
