# SPDX-License-Identifier: Apache-2.0
"""The trainer of `training` in a pipe, and one of several copies.

Axes: B batch, H height, W width, C channels.
"""

from collections.abc import Callable
from collections.abc import Sequence
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
    """Makes the trainer; the first arguments are those of `Trainer`.

    Args:
      segments: the network, cut.
      modules: one for each cut.
      optimisation: how the variables change.
      placement: the segments' devices; see `pipeline.Pipeline`.

    Raises:
      ValueError: as `Pipeline` does; or true targets, which come too late.
    """
    if optimisation.targets != decoupled.RECEIVED:
      raise ValueError(
          f'targets: expected {decoupled.RECEIVED!r} in a pipe, got '
          f'{optimisation.targets!r}'
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
    """As `Trainer.train_step`, but for a tick of the pipe.

    Args:
      images: [B, H, W, C], in the type to compute in.
      labels: int32 [B].
      step: how many updates were made before, int64.
      tick: `self.tick(step)`.

    Returns:
      Scalars; none while the pipe fills.

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

  def _segment_optimiser(self, k: int) -> snt.Optimizer:
    with tf.device(self._placement[k]):
      return super()._segment_optimiser(k)

  def _module_optimiser(self, k: int) -> snt.Optimizer:
    with tf.device(self._placement[k]):
      return super()._module_optimiser(k)

  def _update(self, k: int, found: decoupled.Step, step: tf.Tensor) -> None:
    with tf.device(self._placement[k]):
      super()._update(k, found, step)

  def _initialise(
      self, k: int, h: tf.Tensor, labels: tf.Tensor
  ) -> tf.Tensor:
    with tf.device(self._placement[k]):
      return super()._initialise(k, h, labels)


class Replicated(training.Trainer):
  """One of several copies that learn the same."""

  def __init__(
      self,
      segments: Sequence[snt.Module],
      modules: Sequence[interface.Module],
      optimisation: training.Optimisation,
      mean: Callable[[Any], Any],
  ):
    """Makes the trainer; the first arguments are those of `Trainer`.

    Args:
      segments: the network, cut.
      modules: one for each cut.
      optimisation: how the variables change.
      mean: takes the means, over the copies, of a nest of tensors; see
        `replicas`.
    """
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
