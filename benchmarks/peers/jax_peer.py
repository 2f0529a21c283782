# SPDX-License-Identifier: Apache-2.0
"""Times our training against the same training in JAX.

    ./bazelw run //benchmarks/peers:jax_peer -- --docs=docs/benchmarks.md
"""

from experiment.startup import run_main

import numpy as np

from benchmarks import document
from benchmarks import problem
from benchmarks import program
from benchmarks import timing

_TEXT = """\
## Against JAX

The same training in JAX: a 2-256-256-1 ReLU network, Adam, all points, all
steps in one `jit` with `fori_loop`, on one core; a step of both gives the same
numbers. JAX takes the Sobolev loss by `grad` in `grad`, or with our
three-product gradient written in JAX."""

_GOAL_THREE_PRODUCTS = 1.15  # Our time over that of JAX with our gradient.
_GOAL_NESTED = 1.3  # The time of JAX with nested `grad` over ours.


def _time_steps(batch, settings) -> dict[str, np.ndarray]:
  with program.peers():
    from benchmarks.peers import jax_training
  start = problem.make(batch)
  sides = {
      name: problem.trainer(*start, method)
      for name, method in problem.METHODS.items()
  }
  for name in jax_training.GRADIENTS:
    rate = problem.METHODS['Sobolev'].learning_rate
    sides[f'JAX {name}'] = run = jax_training.trainer(*start, name, rate)
    same = sides['regular' if name == 'regular' else 'Sobolev']
    problem.check_equal(run(1), same(1), f'JAX, {name}, batch {batch}')
  return timing.cpu_of_steps(sides, settings.seconds, settings.rounds)


def measure(settings: problem.Settings) -> str:
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
  goals = (
      document.goal(
          f'At most {_GOAL_THREE_PRODUCTS} times the time of JAX with our '
          'gradient',
          to_three_products,
          _GOAL_THREE_PRODUCTS,
      ),
      document.goal(
          f'At least {_GOAL_NESTED} times as fast as JAX with nested `grad`',
          to_nested,
          _GOAL_NESTED,
          at_least=True,
      ),
  )
  return '\n\n'.join((_TEXT, document.table(head, rows), '\n'.join(goals)))


if __name__ == '__main__':
  run_main(
      program.main(
          'jax_peer', problem.Settings, measure, packages=('jax', 'jaxlib')
      )
  )
