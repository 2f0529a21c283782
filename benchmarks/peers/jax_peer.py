# SPDX-License-Identifier: Apache-2.0
"""Times our training against the same training in JAX.

    ./bazelw run //benchmarks/peers:jax_peer -- --docs=docs/benchmarks.md
"""

from experiment.startup import run_main

import dataclasses

import numpy as np

from benchmarks import document
from benchmarks import problem
from benchmarks import program
from benchmarks import timing
from experiment import config
from regression import training

_TEXT = """\
## Against JAX

The same training in JAX: a 2-256-256-1 ReLU network, Adam, all points, all
steps in one `jit` with `fori_loop`, on one core; a step of both gives the same
numbers. JAX takes the Sobolev loss by `grad` in `grad`, or with our
three-product gradient written in JAX."""


@dataclasses.dataclass(frozen=True)
class Settings(program.Settings):
  """What to measure."""

  batches: tuple[int, ...] = config.setting(
      (32, 100, 1000), 'Points a step.', minimum=1
  )
  goal_three_products: float = config.setting(
      1.15, 'How long ours may take against JAX with our gradient.', above=0
  )
  goal_nested: float = config.setting(
      1.3, 'How much faster ours has to be than nested `grad`.', above=0
  )


def _time_steps(batch, settings) -> dict[str, np.ndarray]:
  with program.peers():
    from benchmarks.peers import jax_training
  start = problem.make(batch)
  methods = {
      'regular': training.Method(gradient_weight=0.0),
      'Sobolev': training.Method(),
  }
  ours = {n: problem.trainer(*start, method) for n, method in methods.items()}
  sides = dict(ours)
  for name in jax_training.GRADIENTS:
    rate = methods['Sobolev'].learning_rate
    sides[f'JAX {name}'] = run = jax_training.trainer(*start, name, rate)
    same = ours['regular' if name == 'regular' else 'Sobolev']
    problem.check_equal(run(1), same(1), f'JAX, {name}, batch {batch}')
  return timing.time_steps(sides, settings.seconds, settings.rounds)


def measure(settings: Settings) -> str:
  """Returns the section."""
  rows, to_three_products, to_nested = [], {}, {}
  for batch in settings.batches:
    cpu = _time_steps(batch, settings)
    case = f'batch {batch}'
    ours = cpu['Sobolev']
    to_three_products[case] = timing.ratio(ours, cpu['JAX three products'])
    to_nested[case] = timing.ratio(cpu['JAX nested grad'], ours)
    rows.append((
        batch,
        f'{1e6 * np.median(ours):.0f}',
        to_three_products[case],
        to_nested[case],
        timing.ratio(cpu['regular'], cpu['JAX regular']),
    ))
  head = (
      'batch',
      'our Sobolev step, µs',
      'ours / JAX, three products',
      'JAX, nested `grad` / ours',
      'regular: ours / JAX',
  )
  within, faster = settings.goal_three_products, settings.goal_nested
  goals = (
      document.goal(
          f'At most {within} times the time of JAX with our gradient',
          to_three_products,
          within,
      ),
      document.goal(
          f'At least {faster} times as fast as JAX with nested `grad`',
          to_nested,
          faster,
          at_least=True,
      ),
  )
  return '\n\n'.join((_TEXT, document.table(head, rows), '\n'.join(goals)))


if __name__ == '__main__':
  run_main(
      program.main('jax_peer', Settings, measure, packages=('jax', 'jaxlib'))
  )
