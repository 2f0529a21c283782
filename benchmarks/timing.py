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
from typing import NamedTuple

import numpy as np


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


def use_one_core() -> None:
  """Keeps this process, with all libraries in it, to one core.

  Libraries have different flags for their threads, and all of them start one a
  core. Call this before any of them starts its threads. It does nothing where
  the system has no such call (macOS).
  """
  if hasattr(os, 'sched_setaffinity'):
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def clock(run: Callable[[], object]) -> tuple[float, float]:
  """The CPU seconds and the wall seconds of one call."""
  cpu, wall = time.process_time(), time.perf_counter()
  run()
  return time.process_time() - cpu, time.perf_counter() - wall


def interleave(
    sides: Mapping[str, Callable[[], object]], rounds: int
) -> dict[str, Times]:
  """Runs the sides in turn.

  Args:
    sides: what to time, by name. A call should take 0.05 s or more, and return
      when its work is done.
    rounds: how often; one more round before them warms up and does not count.

  Returns:
    Each side's times.
  """
  results = {name: [] for name in sides}
  for counts in [False] + rounds * [True]:
    for name, run in sides.items():
      result = clock(run)
      if counts:
        results[name].append(result)
  return {name: Times(*np.array(r).T) for name, r in results.items()}


def ratio(numerator: np.ndarray, denominator: np.ndarray) -> Ratio:
  """The ratio of two sides' times [R], round by round."""
  low, median, high = np.quantile(numerator / denominator, (0.25, 0.5, 0.75))
  return Ratio(median, low, high)


def steps_for(
    seconds: float, run: Callable[[int], object], steps: int = 4
) -> int:
  """How many steps take so long.

  Args:
    seconds: CPU seconds.
    run: does a number of steps.
    steps: with how many to start looking.

  Returns:
    A number of steps, at least 1, that took `seconds` or nearly.
  """
  run(steps)  # Compiles.
  while True:
    cpu, _ = clock(functools.partial(run, steps))
    if cpu > seconds / 4:
      return max(1, round(steps * seconds / cpu))
    steps *= 4
