"""Times the methods of Table 1, and what decoupling the segments buys.

    ./bazelw run //benchmarks:decoupling -- --docs=docs/benchmarks.md
"""

import collections
from collections.abc import Callable
from collections.abc import Mapping
import concurrent.futures
import dataclasses
import functools
import math
import multiprocessing
import os
import pathlib
import re
from typing import Any
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from benchmarks import document
from benchmarks import multiply_adds
from benchmarks import program
from benchmarks import timing
from sg import experiment
from sg import pipeline
from sg import presets
from sg import training
from sobolev_training.experiment import config
from sobolev_training.experiment import errors

_TEXT = """\
## Synthetic gradients

Steps of Table 1's CIFAR-10 network, narrowed to a width of {width}, with its
three modules of {channels} channels, on batches of {batch} images in
{precision}, on one core. *Counted* is the ratio of the multiply-adds in all
convolutions and matrix products of a step: forward, backward, and double
backpropagation."""

_PIPE_TEXT = """\
What decoupling buys, with {method}: the *wall* time of a step and its *CPU*
time, over those of backpropagation, on logical devices of this machine's
{cores} cores that run an operation in one thread each; and the *peak* of the
process's memory over that before the network was made. *Sequential* is the same
step in which the segments take turns. In the *pipeline* they all work at once;
its modules learn from what they predicted two steps before and so predict
twice. *Counted* is as above, and *busiest device* the count of that: what
remains with a core, or a machine, for each device. The pipeline's mailboxes
hold {mailboxes:.0f} MB."""

_STALENESS_TEXT = """\
The price is staleness, in updates, 0 in backpropagation and in the sequential
step: of a segment's *input*, since the lowest segment worked on that batch; of
the activations *kept* for the module to learn from; and of its *target*."""

_METHODS = ('backprop', 'noprop', 'direct_sg', 'vfbn', 'critic', 'sobolev')
_CLASSES = 10
_DEVICES = 4


class Side(NamedTuple):
  """How to make a step.

  Attributes:
    method: of Table 1.
    pipelined: whether the segments work at once.
    placement: their devices.
  """

  method: str
  pipelined: bool = False
  placement: tuple[str, ...] = ()


_PIPED = 'sobolev'
_SIDES = {
    'backpropagation': Side('backprop'),
    'sequential': Side(_PIPED),
    'pipeline on one device': Side(_PIPED, True),
    'pipeline on two devices': Side(
        _PIPED, True, ('/CPU:0', '/CPU:0', '/CPU:1', '/CPU:1')
    ),
    'pipeline on four devices': Side(
        _PIPED, True, ('/CPU:0', '/CPU:1', '/CPU:2', '/CPU:3')
    ),
}


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
      tuple(_SIDES),
      'Steps to compare, backpropagation first, a pipeline last.',
      choices=tuple(_SIDES),
  )
  goal: float = config.setting(
      1.45, "Sobolev's step over backpropagation's, at most.", above=0
  )


class Step:
  """A compiled step on a batch that stays the same."""

  def __init__(self, settings: Settings, side: Side):
    segments, modules = experiment.make_network(
        presets.Config(
            method=side.method,
            width=settings.width,
            module_channels=settings.module_channels,
        ),
        _CLASSES,
    )
    self.pipe = (
        pipeline.Pipeline(segments, modules, side.placement)
        if side.pipelined
        else None
    )
    self.segments = segments
    trainer = training.Trainer(
        segments,
        modules,
        training.Optimisation(1e-3, 0.9, (), 5e-4, 1e-4),
        self.pipe,
    )
    size = settings.image_size
    images = tf.random.stateless_normal([settings.batch, size, size, 3], (0, 1))
    images = tf.cast(images, settings.precision)
    trainer.initialise(images)
    labels = tf.range(settings.batch) % _CLASSES
    # A pipe is full from the first step on, at first of zeros.
    full = self.pipe.full if self.pipe else 0
    zero = tf.constant(0, tf.int64)
    # A named function would be counted as one that is traced too often.
    self._step = tf.function(
        functools.partial(trainer.train_step, images, labels, zero, full),
        autograph=False,
    )

  def run(self, steps: int) -> None:
    """Makes a number of steps."""
    for _ in range(steps):
      scalars = self._step()
    scalars['train_loss'].numpy()

  def multiply_adds(self) -> collections.Counter[str]:
    """How many a step has on each device."""
    return multiply_adds.count(self._step.get_concrete_function().graph)


class Pipes(NamedTuple):
  """What a child process measures.

  Attributes:
    times: of each side's step.
    counted: each side's multiply-adds on each device.
    mailboxes: bytes.
  """

  times: dict[str, timing.Times]
  counted: dict[str, collections.Counter[str]]
  mailboxes: int


def _time_pipes(settings: Settings, cores: set[int]) -> Pipes:
  """Times the sides against each other, on all cores."""
  _use(cores)
  steps = {name: Step(settings, _SIDES[name]) for name in settings.sides}
  timers = {
      name: functools.partial(timing.clock, step.run)
      for name, step in steps.items()
  }
  count = timing.steps_for(settings.seconds, next(iter(timers.values())))
  times = timing.interleave(
      {name: functools.partial(t, count) for name, t in timers.items()},
      settings.rounds,
  )
  last = steps[settings.sides[-1]].pipe
  return Pipes(
      {
          name: timing.Times(*(seconds / count for seconds in both))
          for name, both in times.items()
      },
      {name: step.multiply_adds() for name, step in steps.items()},
      sum(
          math.prod(v.shape) * v.dtype.size
          for v in (last.mailboxes if last else ())
      ),
  )


def _peak_memory(settings: Settings, cores: set[int], name: str) -> float:
  """The bytes that a side's steps take at most."""
  _use(cores)
  tf.zeros([]).numpy()  # Starts TensorFlow.
  before = _high_water()
  Step(settings, _SIDES[name]).run(4)
  return _high_water() - before


def _use(cores: set[int]) -> None:
  """Undoes `timing.use_one_core`, and makes the devices."""
  if hasattr(os, 'sched_setaffinity'):
    os.sched_setaffinity(0, cores)
  tf.config.set_logical_device_configuration(
      tf.config.list_physical_devices('CPU')[0],
      _DEVICES * [tf.config.LogicalDeviceConfiguration()],
  )
  # Operations run side by side, but none in several threads.
  tf.config.threading.set_inter_op_parallelism_threads(_DEVICES)
  tf.config.threading.set_intra_op_parallelism_threads(1)


def _high_water() -> float:
  """The most memory that this process ever had, in bytes; 0 if not known."""
  try:
    status = pathlib.Path('/proc/self/status').read_text(encoding='utf-8')
  except OSError:
    return 0.0
  return 1024.0 * int(re.search(r'VmHWM:\s*(\d+)', status).group(1))


def _alone(function: Callable[..., Any], *arguments: Any) -> Any:
  """Calls a function in a new process."""
  context = multiprocessing.get_context('spawn')
  with concurrent.futures.ProcessPoolExecutor(1, context) as pool:
    return pool.submit(function, *arguments).result()


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


def _pipe_rows(
    pipes: Pipes, peaks: Mapping[str, float]
) -> list[tuple[str, ...]]:
  base = pipes.times['backpropagation']
  whole = pipes.counted['backpropagation'].total()
  return [
      (
          name,
          f'{1e3 * np.median(times.wall):.0f}',
          str(timing.ratio(times.wall, base.wall)),
          str(timing.ratio(times.cpu, base.cpu)),
          f'{pipes.counted[name].total() / whole:.2f}',
          f'{max(pipes.counted[name].values()) / whole:.2f}',
          f'{peaks[name] / 1e6:.0f}',
      )
      for name, times in pipes.times.items()
  ]


def _staleness_rows(segments: int) -> list[tuple[object, ...]]:
  return [
      (k, *('' if n is None else n for n in pipeline.staleness(k, segments)))
      for k in range(1, segments + 1)
  ]


def measure(settings: Settings) -> str:
  """Returns the section."""
  for flag, given, needed in (
      ('methods', settings.methods, ('backprop', _PIPED)),
      ('sides', settings.sides, ('backpropagation',)),
  ):
    if not set(needed) <= set(given):
      raise errors.UserError(
          f'--{flag}={",".join(given)}: expected {" and ".join(needed)} among '
          'them, to compare with'
      )
  cores = timing.all_cores()
  steps = {name: Step(settings, Side(name)) for name in settings.methods}
  cpu = timing.time_steps(
      {name: step.run for name, step in steps.items()},
      settings.seconds,
      settings.rounds,
  )
  counted = {
      name: step.multiply_adds().total() for name, step in steps.items()
  }
  pipes = _alone(_time_pipes, settings, cores)
  peaks = {
      name: _alone(_peak_memory, settings, cores, name)
      for name in settings.sides
  }
  ratio = timing.ratio(cpu[_PIPED], cpu['backprop'])
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
          {settings.precision: ratio},
          settings.goal,
      ),
      _PIPE_TEXT.format(
          method=_PIPED,
          cores=len(cores),
          mailboxes=pipes.mailboxes / 1e6,
      ),
      document.table(
          (
              'step', 'wall, ms', 'wall', 'CPU', 'counted', 'busiest device',
              'peak, MB',
          ),
          _pipe_rows(pipes, peaks),
      ),
      _STALENESS_TEXT,
      document.table(
          ('segment', 'input', 'kept', 'target'),
          _staleness_rows(len(steps[_PIPED].segments)),
      ),
  ))


if __name__ == '__main__':
  program.run('decoupling', Settings, measure, packages=('dm-sonnet',))
