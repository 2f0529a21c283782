# SPDX-License-Identifier: Apache-2.0
"""Times the methods of Table 1, and what decoupling the segments buys.

    ./bazelw run //benchmarks:decoupling -- --docs=docs/benchmarks.md
"""

from experiment.startup import run_main

from collections.abc import Mapping
import dataclasses

import numpy as np

from benchmarks import decoupled_step
from benchmarks import document
from benchmarks import pipelining
from benchmarks import program
from benchmarks import timing
from experiment import config
from experiment import errors

_TEXT = """\
## Synthetic gradients

Steps of Table 1's CIFAR-10 network, narrowed to a width of {width}, with its
three modules of {channels} channels, on batches of {batch} images in
{precision}, on one core. *Counted* is the ratio of the multiply-adds in all
convolutions and matrix products of a step: forward, backward, and double
backpropagation."""

_METHODS = ('backprop', 'noprop', 'direct_sg', 'vfbn', 'critic', 'sobolev')


@dataclasses.dataclass(frozen=True)
class Settings(program.Settings):
  """What to measure."""

  rounds: int = config.setting(7, 'How often each side runs.', minimum=1)
  seconds: float = config.setting(
      0.2, 'CPU time of backpropagation in a round.', 's', above=0
  )
  width: int = config.setting(16, "The network's first channels.", minimum=1)
  module_channels: int = config.setting(32, "A module's channels.", minimum=1)
  batch: int = config.setting(128, 'Images a step.', minimum=2)
  image_size: int = config.setting(32, 'Their height and width.', minimum=8)
  precision: str = config.setting(
      'float32', 'What to compute in.', choices=('float32', 'bfloat16')
  )
  methods: tuple[str, ...] = config.setting(
      _METHODS, 'Whose steps to time, backprop first.', choices=_METHODS
  )
  sides: tuple[str, ...] = config.setting(
      tuple(pipelining.SIDES),
      'Steps to compare, backpropagation first, a pipeline last.',
      choices=tuple(pipelining.SIDES),
  )
  goal: float = config.setting(
      1.45, "Sobolev's step over backpropagation's, at most.", above=0
  )


def _method_rows(
    cpu: Mapping[str, np.ndarray], counted: Mapping[str, int]
) -> list[tuple[str, ...]]:
  return [
      (
          name,
          f'{1e3 * np.median(times):.0f}',
          str(timing.ratio(times, cpu['backprop'])),
          f'{counted[name] / counted["backprop"]:.2f}',
      )
      for name, times in cpu.items()
  ]


def measure(settings: Settings) -> str:
  """Returns the section."""
  for flag, given, needed in (
      ('methods', settings.methods, ('backprop', 'sobolev')),
      ('sides', settings.sides, ('backpropagation',)),
  ):
    if not set(needed) <= set(given):
      raise errors.UserError(
          f'--{flag}={",".join(given)}: expected {" and ".join(needed)} among '
          'them, to compare with'
      )
  network = decoupled_step.Network(
      settings.width,
      settings.module_channels,
      settings.batch,
      settings.image_size,
      settings.precision,
  )
  steps = {
      name: decoupled_step.Step(network, decoupled_step.Side(name))
      for name in settings.methods
  }
  cpu = timing.time_steps(
      {name: step.run for name, step in steps.items()},
      settings.seconds,
      settings.rounds,
  )
  counted = {
      name: step.multiply_adds().total() for name, step in steps.items()
  }
  return '\n\n'.join((
      _TEXT.format(
          width=settings.width,
          channels=settings.module_channels,
          batch=settings.batch,
          precision=settings.precision,
      ),
      document.table(
          ('method', 'CPU, ms', 'over backprop', 'counted'),
          _method_rows(cpu, counted),
      ),
      document.goal(
          f'Sobolev at most {settings.goal} times backpropagation',
          {settings.precision: timing.ratio(cpu['sobolev'], cpu['backprop'])},
          settings.goal,
      ),
      pipelining.measure(
          network, settings.sides, settings.seconds, settings.rounds
      ),
  ))


if __name__ == '__main__':
  run_main(
      program.main('decoupling', Settings, measure, packages=('dm-sonnet',))
  )
