# SPDX-License-Identifier: Apache-2.0
"""The trainer of `training` in a pipe, and one of several copies.

Axes: B batch, H height, W width, C channels.
"""

from collections.abc import Callable
from collections.abc import Sequence
import contextlib
from typing import Any

import sonnet as snt
import tensorflow as tf

from sg import decoupled
from sg import training
from sg.modules import interface
from sg.pipelined import pipeline


class Pipelined(training.Trainer):
  """Segments that work at the same time, each on its device."""

  def __init__(
      self,
      segments: Sequence[snt.Module],
      modules: Sequence[interface.Module],
      optimisation: training.Optimisation,
      placement: Sequence[str] = (),
  ):
    """Makes a `Trainer`; `placement` is that of `pipeline.Pipeline`.

    Raises:
      ValueError: as `Pipeline` does; or true targets, which come too late.
    """
    if optimisation.targets != decoupled.RECEIVED:
      raise ValueError(
          f'targets: expected {decoupled.RECEIVED!r} in a pipe, where a module '
          f'hears of the segment above it alone, got {optimisation.targets!r}'
      )
    pipe = pipeline.Pipeline(segments, modules, placement)
    self._placement = pipe.placement
    super().__init__(segments, modules, optimisation)
    self._pipe = pipe

  @property
  def pipe(self) -> pipeline.Pipeline:
    """The mailboxes between the segments."""
    return self._pipe

  def train_step(
      self,
      images: tf.Tensor,
      labels: tf.Tensor,
      step: tf.Tensor,
      tick: int | None = None,
  ) -> dict[str, tf.Tensor]:
    """As `Trainer.train_step`, but for a tick of the pipe, `self.tick(step)`.

    Returns no scalars while the pipe fills.

    Raises:
      ValueError: no tick.
    """
    if tick is None:
      raise ValueError('tick: expected trainer.tick(step) in a pipe')
    found = self._pipe.step(images, labels, tick)
    self.update(found, step)
    return {} if found.loss is None else self.measure(found)

  def tick(self, step: int) -> int:
    """What of the pipe is at work after `step` updates."""
    return min(step, self._pipe.full)

  def initialise(self, images: tf.Tensor) -> list[tf.Tensor]:
    """As `Trainer.initialise`, for a whole batch of images."""
    activations = super().initialise(images)
    self._pipe.initialise(activations, tf.zeros(images.shape[:1], tf.int32))
    return activations

  def _place(self, k: int) -> contextlib.AbstractContextManager:
    return tf.device(self._placement[k])


class Replicated(training.Trainer):
  """One of several copies that learn the same."""

  def __init__(
      self,
      segments: Sequence[snt.Module],
      modules: Sequence[interface.Module],
      optimisation: training.Optimisation,
      mean: Callable[[Any], Any],
  ):
    """Makes a `Trainer`; `mean` is that of `replicas.Copies`."""
    super().__init__(segments, modules, optimisation)
    self._mean = mean

  def learn(self, images: tf.Tensor, labels: tf.Tensor) -> decoupled.Step:
    """Computes the copies' mean updates; makes their averages equal."""
    found = super().learn(images, labels)
    learned = [*found.segments, *found.modules]
    averages = [
        variable
        for segment in self.segments
        for variable in segment.variables
        if not variable.trainable and variable.dtype.is_floating
    ]
    gradients, means = self._mean((
        [list(part.gradients) for part in learned],
        [variable.read_value() for variable in averages],
    ))
    for variable, value in zip(averages, means, strict=True):
      variable.assign(value)
    learned = [
        part._replace(gradients=mean)
        for part, mean in zip(learned, gradients, strict=True)
    ]
    count = len(found.segments)
    return found._replace(segments=learned[:count], modules=learned[count:])

  def _scalars(self, found: decoupled.Step) -> tf.Tensor:
    return self._mean(super()._scalars(found))
