# SPDX-License-Identifier: Apache-2.0
"""Times and weighs what it buys that segments of a network work at once."""

import collections
from collections.abc import Callable
from collections.abc import Mapping
import concurrent.futures
import math
import multiprocessing
import os
import pathlib
import re
from typing import Any
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from benchmarks import decoupled_step
from benchmarks import document
from benchmarks import timing
from sg.pipelined import pipeline

_TEXT = """\
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

_METHOD = 'sobolev'
_DEVICES = 4

# The steps to compare: backpropagation first, a pipeline last.
_SIDES = {
    'backpropagation': decoupled_step.Side('backprop'),
    'sequential': decoupled_step.Side(_METHOD),
    'pipeline on one device': decoupled_step.Side(_METHOD, True),
    'pipeline on two devices': decoupled_step.Side(
        _METHOD, True, ('/CPU:0', '/CPU:0', '/CPU:1', '/CPU:1')
    ),
    'pipeline on four devices': decoupled_step.Side(
        _METHOD, True, ('/CPU:0', '/CPU:1', '/CPU:2', '/CPU:3')
    ),
}


class _Pipes(NamedTuple):
  """What a child process measures.

  Attributes:
    times: of each side's step.
    counted: each side's multiply-adds on each device.
    mailboxes: bytes, of the last side.
    segments: how many the network has.
  """

  times: dict[str, timing.Times]
  counted: dict[str, collections.Counter[str]]
  mailboxes: int
  segments: int


def _time(settings: decoupled_step.Settings, cores: set[int]) -> _Pipes:
  """Times the sides against each other, on all cores."""
  _use(cores)
  steps = {
      name: decoupled_step.Step(settings, side) for name, side in _SIDES.items()
  }
  *_, last = steps.values()
  return _Pipes(
      timing.time_steps(
          {name: step.run for name, step in steps.items()},
          settings.seconds,
          settings.rounds,
      ),
      {name: step.multiply_adds() for name, step in steps.items()},
      sum(math.prod(v.shape) * v.dtype.size for v in last.pipe.mailboxes),
      len(last.segments),
  )


def _peak_memory(
    settings: decoupled_step.Settings, cores: set[int], name: str
) -> float:
  """The bytes that a side's steps take at most."""
  _use(cores)
  tf.zeros([]).numpy()  # Starts TensorFlow.
  before = _high_water()
  decoupled_step.Step(settings, _SIDES[name]).run(4)
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


def _pipe_rows(
    pipes: _Pipes, peaks: Mapping[str, float]
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


def measure(settings: decoupled_step.Settings) -> str:
  """Compares backpropagation, the sequential step and pipelines.

  Returns:
    Text and tables.
  """
  cores = timing.all_cores()
  pipes = _alone(_time, settings, cores)
  peaks = {name: _alone(_peak_memory, settings, cores, name) for name in _SIDES}
  segments = pipes.segments
  staleness = [
      (k, *('' if n is None else n for n in pipeline.staleness(k, segments)))
      for k in range(1, segments + 1)
  ]
  return '\n\n'.join((
      _TEXT.format(
          method=_METHOD, cores=len(cores), mailboxes=pipes.mailboxes / 1e6
      ),
      document.table(
          (
              'step', 'wall, ms', 'wall', 'CPU', 'counted', 'busiest device',
              'peak, MB',
          ),
          _pipe_rows(pipes, peaks),
      ),
      _STALENESS_TEXT,
      document.table(('segment', 'input', 'kept', 'target'), staleness),
  ))
