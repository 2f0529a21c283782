# SPDX-License-Identifier: Apache-2.0
"""A training step of a cut network, alone, for timing."""

import collections
import functools
from typing import NamedTuple

import tensorflow as tf

from benchmarks import multiply_adds
from sg import decoupled
from sg import experiment
from sg import presets
from sg import training
from sg.pipelined import trainers

_CLASSES = 10


class Network(NamedTuple):
  """Table 1's CIFAR-10 network and its batches.

  Attributes:
    width: the network's first channels.
    module_channels: a module's channels.
    batch: images a step.
    image_size: their height and width.
    precision: the type to compute in.
  """

  width: int
  module_channels: int
  batch: int
  image_size: int
  precision: str


class Side(NamedTuple):
  """How to make a step.

  Attributes:
    method: of Table 1.
    pipelined: whether the segments work at once.
    placement: their devices.
    targets: what the modules learn.
  """

  method: str
  pipelined: bool = False
  placement: tuple[str, ...] = ()
  targets: str = decoupled.RECEIVED


class Step:
  """A compiled step on a batch that stays the same."""

  def __init__(self, network: Network, side: Side):
    segments, modules = experiment.make_network(
        presets.Config(
            method=side.method,
            width=network.width,
            module_channels=network.module_channels,
            classes=_CLASSES,
        )
    )
    self.segments, self.pipe = segments, None
    optimisation = training.Optimisation(
        1e-3, 0.9, (), 5e-4, 1e-4, side.targets
    )
    if side.pipelined:
      trainer = trainers.Pipelined(
          segments, modules, optimisation, side.placement
      )
      self.pipe = trainer.pipe
    else:
      trainer = training.Trainer(segments, modules, optimisation)
    size = network.image_size
    images = tf.random.stateless_normal([network.batch, size, size, 3], (0, 1))
    images = tf.cast(images, network.precision)
    trainer.initialise(images)
    labels = tf.range(network.batch) % _CLASSES
    # A pipe is full from the first step on, at first of zeros.
    tick = [self.pipe.full] if self.pipe else []
    zero = tf.constant(0, tf.int64)
    # A named function would be counted as one that is traced too often.
    self._step = tf.function(
        functools.partial(trainer.train_step, images, labels, zero, *tick),
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
