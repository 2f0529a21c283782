# SPDX-License-Identifier: Apache-2.0
"""A training step of a cut network, alone, for timing."""

import collections
import dataclasses
import functools
from typing import NamedTuple

import tensorflow as tf

from benchmarks import multiply_adds
from benchmarks import program
from experiment import config
from sg import decoupled
from sg import presets
from sg import table1_run
from sg import training
from sg.pipelined import trainers

_CLASSES = 10


@dataclasses.dataclass(frozen=True)
class Settings(program.Settings):
  """Table 1's CIFAR-10 network, its batches, and how long to time it."""

  rounds: int = config.setting(7, 'How often each side runs.', minimum=1)
  seconds: float = config.setting(
      0.2, 'CPU time of backpropagation in a round.', 's', above=0
  )
  width: int = config.setting(16, "The network's first channels.", minimum=1)
  module_channels: int = config.setting(32, "A module's channels.", minimum=1)
  batch: int = config.setting(128, 'Batch size.', 'images', minimum=2)
  image_size: int = config.setting(
      32, 'Height and width of an image.', 'pixels', minimum=8
  )
  precision: str = config.setting(
      'float32', 'What to compute in.', choices=('float32', 'bfloat16')
  )


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


class Step:
  """A compiled step on a batch that stays the same."""

  def __init__(self, settings: Settings, side: Side):
    segments, modules = table1_run.make_network(
        presets.Config(
            method=side.method,
            width=settings.width,
            module_channels=settings.module_channels,
            classes=_CLASSES,
        )
    )
    self.segments, self.pipe = segments, None
    optimisation = training.Optimisation(
        1e-3, 0.9, (), 5e-4, 1e-4, decoupled.RECEIVED
    )
    if side.pipelined:
      trainer = trainers.Pipelined(
          segments, modules, optimisation, side.placement
      )
      self.pipe = trainer.pipe
    else:
      trainer = training.Trainer(segments, modules, optimisation)
    size = settings.image_size
    images = tf.random.stateless_normal([settings.batch, size, size, 3], (0, 1))
    images = tf.cast(images, settings.precision)
    trainer.initialise(images)
    labels = tf.range(settings.batch) % _CLASSES
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
