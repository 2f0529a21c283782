# SPDX-License-Identifier: Apache-2.0
"""Times the methods of Table 1, and what decoupling the segments buys.

    ./bazelw run //benchmarks:decoupling -- --docs=docs/benchmarks.md
"""

from experiment.startup import run_main

import numpy as np

from benchmarks import decoupled_step
from benchmarks import document
from benchmarks import pipelining
from benchmarks import program
from benchmarks import timing

_TEXT = """\
## Synthetic gradients

Steps of Table 1's CIFAR-10 network, narrowed to a width of {settings.width},
with its three modules of {settings.module_channels} channels, on batches of
{settings.batch} images in {settings.precision}, on one core. *Counted* is the
ratio of the multiply-adds in all convolutions and matrix products of a step:
forward, backward, and double backpropagation."""

# A step of Sobolev over what its counted operations give, at most.
_GOAL = 1.08
_METHODS = ('backprop', 'noprop', 'direct_sg', 'vfbn', 'critic', 'sobolev')


def measure(settings: decoupled_step.Settings) -> str:
  """Returns the section."""
  steps = {
      name: decoupled_step.Step(settings, decoupled_step.Side(name))
      for name in _METHODS
  }
  cpu = timing.cpu_of_steps(
      {name: step.run for name, step in steps.items()},
      settings.seconds,
      settings.rounds,
  )
  ratios = {name: timing.ratio(t, cpu['backprop']) for name, t in cpu.items()}
  operations = {
      name: step.multiply_adds().total() for name, step in steps.items()
  }
  counted = {n: k / operations['backprop'] for n, k in operations.items()}
  over_counted = timing.ratio(
      cpu['sobolev'] / counted['sobolev'], cpu['backprop']
  )
  rows = [
      (
          name,
          f'{1e3 * np.median(cpu[name]):.0f}',
          ratios[name],
          f'{counted[name]:.2f}',
      )
      for name in _METHODS
  ]
  return '\n\n'.join((
      _TEXT.format(settings=settings),
      document.table(('method', 'CPU, ms', 'over backprop', 'counted'), rows),
      document.goal(
          f'Sobolev at most {_GOAL} times what is counted',
          {settings.precision: over_counted},
          _GOAL,
      ),
      pipelining.measure(settings),
  ))


if __name__ == '__main__':
  run_main(
      program.main(
          'decoupling',
          decoupled_step.Settings,
          measure,
          packages=('dm-sonnet',),
      )
  )
