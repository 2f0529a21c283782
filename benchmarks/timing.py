# SPDX-License-Identifier: Apache-2.0
"""Times things against each other on a machine that may be busy.

The sides take turns, A B C A B C ..., so that whatever slows the machine down
slows all of them; a round gives one ratio, and the median over the rounds is
what counts. CPU time leaves out what other programs do.

Axis letters: R rounds.
"""

from collections.abc import Callable
from collections.abc import Mapping
import functools
import os
import time
from typing import Any
from typing import NamedTuple
from typing import TypeVar

import numpy as np

K = TypeVar('K')

# Runs a number of steps; returns the CPU and the wall seconds.
Timer = Callable[[int], tuple[float, float]]


class Times(NamedTuple):
  """What one side took in each round.

  Attributes:
    cpu: CPU seconds of all threads, [R].
    wall: wall seconds, [R].
  """

  cpu: np.ndarray
  wall: np.ndarray


class Ratio(NamedTuple):
  """How many times longer one side took than another.

  Attributes:
    median: over the rounds.
    low: the lower quartile.
    high: the upper quartile.
  """

  median: float
  low: float
  high: float

  def __str__(self) -> str:
    return f'{self.median:.2f} ({self.low:.2f} to {self.high:.2f})'


_before: set[int] | None = None  # The process's cores before `use_one_core`.


def all_cores() -> set[int]:
  """The cores that this process may use, or might before `use_one_core`."""
  if _before is not None:
    return _before
  if hasattr(os, 'sched_getaffinity'):
    return os.sched_getaffinity(0)
  return set(range(os.cpu_count()))


def use_one_core() -> None:
  """Keeps this process, with all libraries in it, to one core.

  Libraries have different flags for their threads, and all of them start one a
  core. Call this before any of them starts its threads. It does nothing where
  the system has no such call (macOS).
  """
  global _before
  if hasattr(os, 'sched_setaffinity'):
    _before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(_before)})


def clock(run: Callable[..., object], *arguments: Any) -> tuple[float, float]:
  """The CPU seconds and the wall seconds of a call."""
  cpu, wall = time.process_time(), time.perf_counter()
  run(*arguments)
  return time.process_time() - cpu, time.perf_counter() - wall


def interleave(
    timers: Mapping[K, Callable[[], tuple[float, float]]], rounds: int
) -> dict[K, Times]:
  """Runs the sides in turn.

  Args:
    timers: for each side a function that runs it and returns the CPU and the
      wall seconds. They should be 0.05 or more.
    rounds: how often; one more round before them warms up and does not count.

  Returns:
    Each side's times.
  """
  results = {name: [] for name in timers}
  for counts in [False] + rounds * [True]:
    for name, timer in timers.items():
      result = timer()
      if counts:
        results[name].append(result)
  return {name: Times(*np.array(r).T) for name, r in results.items()}


def ratio(numerator: np.ndarray, denominator: np.ndarray) -> Ratio:
  """The ratio of two sides' times [R], round by round."""
  low, median, high = np.quantile(numerator / denominator, (0.25, 0.5, 0.75))
  return Ratio(median, low, high)


def steps_for(seconds: float, timer: Timer) -> int:
  """How many steps take so long.

  Args:
    seconds: CPU seconds.
    timer: what to ask.

  Returns:
    A number of steps, at least 1, that takes `seconds` or nearly.
  """
  steps = 4
  timer(steps)  # Compiles.
  while True:
    cpu, _ = timer(steps)
    if cpu > seconds / 4:
      return max(1, round(steps * seconds / cpu))
    steps *= 4


def time_steps(
    sides: Mapping[K, Callable[[int], object]], seconds: float, rounds: int
) -> dict[K, np.ndarray]:
  """Times the steps of some programs against each other.

  Args:
    sides: do a number of steps.
    seconds: CPU time of the first of them in a round; the others do as many
      steps.
    rounds: how often.

  Returns:
    The CPU seconds of a step, [R].
  """
  timers = {
      name: functools.partial(clock, side) for name, side in sides.items()
  }
  steps = steps_for(seconds, next(iter(timers.values())))
  times = interleave(
      {name: functools.partial(t, steps) for name, t in timers.items()}, rounds
  )
  return {name: t.cpu / steps for name, t in times.items()}
