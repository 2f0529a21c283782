# SPDX-License-Identifier: Apache-2.0
"""How well something learns in a given time.

Axis letters: N test points.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

_TRIALS = 8
_TOLERANCE = 0.05  # Two runs on a quiet machine differ by less.


class Outcome(NamedTuple):
  """How a training ended.

  Attributes:
    error: normalised test error.
    seconds: the CPU time that the training took.
  """

  error: float
  seconds: float


# Trains for so many steps, always from the start.
Trainer = Callable[[int], Outcome]


def normalised_error(prediction: np.ndarray, truth: np.ndarray) -> float:
  """The mean squared error over the variance of the truth, both [N]."""
  truth = truth.astype(np.float64)
  return float(np.mean((prediction - truth) ** 2) / np.var(truth))


def steps_within(seconds: float, trainer: Trainer) -> int:
  """The number of steps that takes so much CPU time, or nearly.

  Unlike `timing.steps_for` it makes whole trainings to find it, as a learning
  rate that falls to 0 at the end is compiled into the program.
  """
  steps = 100
  for _ in range(_TRIALS):
    share = trainer(steps).seconds / seconds
    if abs(share - 1) < _TOLERANCE:
      break
    # A short training says little of a long one.
    steps = max(1, round(steps * min(10, 1 / share)))
  return steps
