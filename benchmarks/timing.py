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

import numpy as np

Run = Callable[[int], object]  # Makes a number of steps.


class Times(NamedTuple):
  """What one side took in each round.

  Attributes:
    cpu: CPU seconds of all threads, [R].
    wall: wall seconds, [R].
  """

  cpu: np.ndarray
  wall: np.ndarray

  def per(self, count: int) -> 'Times':
    """What one of so many steps took."""
    return Times(self.cpu / count, self.wall / count)


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

  Libraries have different flags for their threads, and all of them start one
  per core. Call this before any of them starts its threads. It does nothing
  where the system has no such call (macOS).
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
    sides: Mapping[str, Callable[[], object]], rounds: int
) -> dict[str, Times]:
  """Runs the sides in turn.

  Args:
    sides: functions that should take 0.05 CPU seconds or more.
    rounds: how often; one more round before them warms up and does not count.

  Returns:
    Each side's times.
  """
  for run in sides.values():
    run()
  results = {name: [] for name in sides}
  for _ in range(rounds):
    for name, run in sides.items():
      results[name].append(clock(run))
  return {name: Times(*np.array(r).T) for name, r in results.items()}


def ratio(numerator: np.ndarray, denominator: np.ndarray) -> Ratio:
  """The ratio of two sides' times [R], round by round."""
  low, median, high = np.quantile(numerator / denominator, (0.25, 0.5, 0.75))
  return Ratio(median, low, high)


def steps_for(seconds: float, run: Run) -> int:
  """The number of steps, at least 1, that take so many CPU seconds or nearly.

  The first call of `run` may compile; it does not count.
  """
  steps = 4
  run(steps)
  while True:
    cpu, _ = clock(run, steps)
    if cpu > seconds / 4:
      return max(1, round(steps * seconds / cpu))
    steps *= 4


def time_steps(
    sides: Mapping[str, Run], seconds: float, rounds: int
) -> dict[str, Times]:
  """Times the steps of some programs against each other.

  Args:
    sides: the programs.
    seconds: CPU time of the first of them in a round; the others do as many
      steps.
    rounds: how often.

  Returns:
    The times of a step.
  """
  steps = steps_for(seconds, next(iter(sides.values())))
  times = interleave(
      {name: functools.partial(run, steps) for name, run in sides.items()},
      rounds,
  )
  return {name: found.per(steps) for name, found in times.items()}


def cpu_of_steps(
    sides: Mapping[str, Run], seconds: float, rounds: int
) -> dict[str, np.ndarray]:
  """The CPU seconds of a step, [R]; the arguments are those of `time_steps`."""
  times = time_steps(sides, seconds, rounds)
  return {name: found.cpu for name, found in times.items()}
