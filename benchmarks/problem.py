# SPDX-License-Identifier: Apache-2.0
"""The training that is timed: a network of section 4.1 on full batches.

Axis letters: E networks, of which there is one, and B batch.
"""

from collections.abc import Callable
import dataclasses

import numpy as np
import tensorflow as tf

from benchmarks import program
from experiment import config
from regression import datasets
from regression import networks
from regression import training

SIZES = (2, 256, 256, 1)  # Section 4.1 [V].
FUNCTION = 'styblinski_tang'

# Float32 sums of up to 1000 terms in another order; relative to the largest.
_TOLERANCE = 1e-4

# The same function under a name for which the program knows no three-product
# gradient, and nests tapes as it does for a smooth activation.
TAPES = 'relu_by_tapes'
networks.ACTIVATIONS[TAPES] = tf.nn.relu

METHODS = {
    'regular': training.Method(gradient_weight=0.0),
    'Sobolev': training.Method(),
}


@dataclasses.dataclass(frozen=True)
class Settings(program.Settings):
  """What to measure."""

  batches: tuple[int, ...] = config.setting(
      (32, 100, 1000), 'Batch sizes.', 'points', minimum=1, distinct=True
  )


def make(batch: int) -> tuple[training.State, training.Batches]:
  """The start of training on B = `batch` points."""

  def ensemble(array):
    return tf.constant(array[np.newaxis])

  network = networks.initialise(SIZES, 'sonnet', seed=0)
  points = datasets.training_set(FUNCTION, batch, seed=0)
  indices = np.zeros((0, 0), np.int32)  # All points in each step.
  return (
      training.initial_state(tf.nest.map_structure(ensemble, network)),
      training.Batches(*map(ensemble, (*points, indices))),
  )


def trainer(
    state: training.State, batches: training.Batches, method: training.Method
) -> Callable[[int], training.State]:
  """A function that trains for a number of steps, always from the start."""

  def run(steps):
    loss, result = training.train(
        state, batches, tf.constant(0), tf.constant(steps), method
    )
    loss.numpy()  # Waits.
    return result

  return run


def check_equal(peer: training.State, ours: training.State, name: str) -> None:
  """Makes sure that a peer does the same mathematics, by one step of both.

  Args:
    peer: one network after its first step, without the axis E. Adam's running
      means are then the gradient and its square, but for a factor.
    ours: the same network, E = 1.
    name: what the peer is called.

  Raises:
    ValueError: the numbers differ by more than rounding.
  """
  flat = zip(tf.nest.flatten(peer[1:]), tf.nest.flatten(ours[1:]), strict=True)
  for theirs, expected in flat:
    expected = expected.numpy()[0]
    difference = np.max(np.abs(theirs - expected))
    if not difference <= _TOLERANCE * np.max(np.abs(expected)):
      raise ValueError(
          f'{name}: a step does not give our numbers, off by {difference:.2g} '
          f'of up to {np.max(np.abs(expected)):.2g}; a benchmark of different '
          'mathematics is worthless.'
      )
