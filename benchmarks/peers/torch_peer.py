# SPDX-License-Identifier: Apache-2.0
"""Times our training against the same training in PyTorch, eager.

    python -m benchmarks.peers.torch_peer --docs=docs/benchmarks.md

By Bazel not on Linux (see requirements.txt here).
"""

from experiment.startup import run_main

import numpy as np

from benchmarks import document
from benchmarks import problem
from benchmarks import program
from benchmarks import timing

_TEXT = """\
## Against PyTorch, eager

The same training as PyTorch is mostly written: a 2-256-256-1 ReLU network, all
points, fused Adam, a Python loop over the steps, the gradient in x by
`autograd.grad(create_graph=True)`, on one core; a step of both gives the same
numbers."""

_GOAL = 4.0  # How many times as fast our Sobolev step has to be.


def _time_steps(batch, settings) -> dict[str, np.ndarray]:
  with program.peers():
    from benchmarks.peers import torch_training
  start = problem.make(batch)
  sides = {}
  for name, method in problem.METHODS.items():
    sides[name] = ours = problem.trainer(*start, method)
    sides[f'PyTorch {name}'] = peer = torch_training.trainer(*start, method)
    problem.check_equal(peer(1), ours(1), f'PyTorch, {name}, batch {batch}')
  return timing.cpu_of_steps(sides, settings.seconds, settings.rounds)


def measure(settings: problem.Settings) -> str:
  """Returns the section."""
  rows, faster = [], {}
  for batch in settings.batches:
    cpu = _time_steps(batch, settings)
    ratio = timing.ratio(cpu['PyTorch Sobolev'], cpu['Sobolev'])
    faster[f'batch {batch}'] = ratio
    rows.append((
        batch,
        f'{1e6 * np.median(cpu["Sobolev"]):.0f}',
        ratio,
        timing.ratio(cpu['PyTorch regular'], cpu['regular']),
    ))
  head = (
      'batch',
      'our Sobolev step, µs',
      'Sobolev: PyTorch / ours',
      'regular: PyTorch / ours',
  )
  goal = document.goal(
      f'Sobolev at least {_GOAL:g} times as fast as PyTorch, eager',
      faster,
      _GOAL,
      at_least=True,
  )
  return '\n\n'.join((_TEXT, document.table(head, rows), goal))


if __name__ == '__main__':
  run_main(
      program.main(
          'torch_peer', problem.Settings, measure, packages=('torch',)
      )
  )
