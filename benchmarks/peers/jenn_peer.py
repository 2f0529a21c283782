# SPDX-License-Identifier: Apache-2.0
"""Compares accuracy at equal time with JENN, Jacobian-enhanced neural nets.

    ./bazelw run //benchmarks/peers:jenn_peer -- --docs=docs/benchmarks.md
"""

from experiment.startup import run_main

from collections.abc import Callable
import dataclasses

import numpy as np

from benchmarks import accuracy
from benchmarks import document
from benchmarks import program
from benchmarks import timing
from experiment import config
from regression import datasets
from regression import functions
from regression import train

# The best of what was tried: the network of JENN's examples, with its data
# normalised as in them, and Adam's learning rate of 0.05 (its default), 0.01,
# 0.005 and 0.002; 16 and 24 units a layer and its line search were no better.
_JENN_UNITS = (12, 12)
_JENN_RATE = 0.005

_TEXT = """\
## Accuracy at equal time against JENN

Test error after equal CPU time on one core, from {size} points with values and
gradients: the mean squared error on {test:,} points over the variance of the
function there, the median over {seeds} seeds and its range. Compiling does not
count.

- *JENN*: 12 x 12 tanh in float64 on normalised data, the network of its
  examples, at the best of the learning rates tried, 0.005 (its default of 0.05,
  wider networks and its line search were worse).
- *Ours, the paper's network*: `//regression:train`, 2 x 256 ReLU on raw data,
  with a learning rate of 1e-3 at first, falling to 0 over the time.
- *Ours, JENN's network*: the same program with 12 x 12 tanh on standardised
  data and a learning rate of 0.005 at first, falling likewise. JENN's is
  constant."""


@dataclasses.dataclass(frozen=True)
class Settings(program.Settings):
  """What to measure."""

  functions: tuple[str, ...] = config.setting(
      ('rosenbrock', 'styblinski_tang'), 'What to learn.',
      choices=tuple(functions.FUNCTIONS), distinct=True,
  )
  size: int = config.setting(100, 'Training points.', 'points', minimum=1)
  cpu_seconds: tuple[int, ...] = config.setting(
      (1, 4), 'CPU time of a training.', 's', minimum=1
  )
  seeds: int = config.setting(3, 'Networks of each kind.', minimum=1)


def _jenn(function: str, size: int, seed: int) -> accuracy.Trainer:
  with program.peers():
    import jenn
  data = datasets.training_set(function, size, seed)
  x, y, gradient = (array.astype(np.float64) for array in data)
  test = datasets.test_set(function)

  def run(steps):
    model = jenn.NeuralNet([x.shape[1], *_JENN_UNITS, 1])
    seconds, _ = timing.clock(
        lambda: model.fit(
            x.T,
            y[np.newaxis],
            gradient.T[np.newaxis],
            is_normalize=True,
            alpha=_JENN_RATE,
            max_iter=steps,
            random_state=seed,
        )
    )
    prediction = model.predict(test.x.T.astype(np.float64))[0]
    return accuracy.Outcome(
        accuracy.normalised_error(prediction, test.y), seconds
    )

  return run


def _ours(**settings) -> Callable[[str, int, int], accuracy.Trainer]:
  """Makes trainers of `//regression:train` with some of its flags."""

  def make(function, size, seed):
    test = datasets.test_set(function)

    def run(steps):
      ensemble = train.make_ensemble(
          train.Config(
              functions=(function,),
              size=size,
              first_seed=seed,
              steps=steps,
              **settings,
          ),
          threads=1,
      )
      ensemble.advance(0, steps)
      prediction, _ = ensemble.predict(0, test.x)
      return accuracy.Outcome(
          accuracy.normalised_error(prediction, test.y), ensemble.seconds
      )

    return run

  return make


_SIDES = {
    'JENN': _jenn,
    "ours, the paper's network": _ours(learning_rate=1e-3, schedule='cosine'),
    "ours, JENN's network": _ours(
        hidden=_JENN_UNITS,
        activation='tanh',
        standardise=True,
        learning_rate=_JENN_RATE,
        schedule='cosine',
    ),
}


def _row(function, steps, make, settings) -> tuple[str, ...]:
  outcomes = [
      make(function, settings.size, seed)(steps)
      for seed in range(settings.seeds)
  ]
  error = [outcome.error for outcome in outcomes]
  return (
      f'{steps:,}',
      f'{np.median([outcome.seconds for outcome in outcomes]):.1f}',
      f'{np.median(error):.1e} ({min(error):.1e} to {max(error):.1e})',
  )


def measure(settings: Settings) -> str:
  """Returns the section."""
  rows = []
  for seconds in settings.cpu_seconds:
    for name, make in _SIDES.items():
      trainer = make(settings.functions[0], settings.size, 0)
      steps = accuracy.steps_within(seconds, trainer)
      rows += [
          (function, seconds, name, *_row(function, steps, make, settings))
          for function in settings.functions
      ]
  text = _TEXT.format(
      size=settings.size, seeds=settings.seeds, test=datasets.TEST_SIZE
  )
  head = ('function', 'CPU s', '', 'steps', 'CPU s taken', 'test error')
  rows.sort(key=lambda row: settings.functions.index(row[0]))
  return f'{text}\n\n{document.table(head, rows)}'


if __name__ == '__main__':
  run_main(
      program.main('jenn_peer', Settings, measure, packages=('jenn',))
  )
