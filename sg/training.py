# SPDX-License-Identifier: Apache-2.0
"""Training of a cut network: the segments' and modules' own optimisers.

Axes: B batch, H height, W width, C channels.
"""

from collections.abc import Sequence
import contextlib
from typing import NamedTuple

import sonnet as snt
import tensorflow as tf

from sg import decoupled
from sg.modules import interface
from sg.networks import layers


class Optimisation(NamedTuple):
  """How the variables change.

  Attributes:
    learning_rate: SGD's, for the main network, before it first drops.
    momentum: SGD's.
    drops: after how many steps the learning rate falls to a tenth.
    l2: times the convolutions' and linear maps' weights, added to the main
      network's gradient.
    module_learning_rate: Adam's, for the modules.
    targets: what the modules learn, one of `decoupled.TARGETS`.
    warmup: over how many steps SGD's learning rate rises linearly from 0.
  """

  learning_rate: float
  momentum: float
  drops: tuple[int, ...]
  l2: float
  module_learning_rate: float
  targets: str = decoupled.TRUE
  warmup: int = 0


class Trainer(snt.Module):
  """A cut network, its modules and their optimisers."""

  def __init__(
      self,
      segments: Sequence[snt.Module],
      modules: Sequence[interface.Module],
      optimisation: Optimisation,
  ):
    """Makes the trainer of a cut network with a module for each cut.

    `initialise` makes its variables.
    """
    super().__init__()
    self.segments, self.modules = list(segments), list(modules)
    for part in (*self.segments, *self.modules):
      snt.allow_empty_variables(part)
    self._names = [
        'train_loss', 'train_top1',
        *(f'error_{k}' for k, m in enumerate(modules, 1) if m.learns),
    ]
    self._sums = tf.Variable(tf.zeros([len(self._names)]), trainable=False)
    self._count = tf.Variable(0.0, trainable=False)
    self._optimisation = optimisation
    self._segment_optimisers = [
        snt.optimizers.Momentum(0.0, optimisation.momentum)
        for _ in self.segments
    ]
    self._module_optimisers = []
    for k, _ in enumerate(self.modules):
      with self._place(k):  # Adam's count of steps.
        self._module_optimisers.append(
            snt.optimizers.Adam(optimisation.module_learning_rate)
        )

  def _place(self, k: int) -> contextlib.AbstractContextManager:
    """Where a segment and its module are: wherever TensorFlow puts them."""
    del k
    return contextlib.nullcontext()

  def train_step(
      self, images: tf.Tensor, labels: tf.Tensor, step: tf.Tensor
  ) -> dict[str, tf.Tensor]:
    """Makes one update of everything.

    Args:
      images: [B, H, W, C], in the type to compute in.
      labels: int32 [B].
      step: how many updates were made before, int64.

    Returns:
      Scalars: the true loss, the share of right answers, and each module's
      error.
    """
    found = self.learn(images, labels)
    self.update(found, step)
    return self.measure(found)

  def learn(self, images: tf.Tensor, labels: tf.Tensor) -> decoupled.Step:
    """Computes the updates of a batch."""
    return decoupled.step(
        self.segments, self.modules, images, labels, self._optimisation.targets
    )

  def update(self, found: decoupled.Step, step: tf.Tensor) -> None:
    """Makes the updates, after `step` of them."""
    for k, optimiser in enumerate(self._segment_optimisers):
      with self._place(k):
        optimiser.learning_rate = self.learning_rate(step)
        _apply(optimiser, found.segments[k], self._optimisation.l2)
        if k < len(self.modules):
          _apply(self._module_optimisers[k], found.modules[k])

  def measure(self, found: decoupled.Step) -> dict[str, tf.Tensor]:
    """Returns the scalars of a step, and adds them up."""
    values = self._scalars(found)
    self._sums.assign_add(values)
    self._count.assign_add(1.0)
    return dict(zip(self._names, tf.unstack(values), strict=True))

  def _scalars(self, found: decoupled.Step) -> tf.Tensor:
    """The scalars of a step, [names]."""
    errors = [
        error
        for error, module in zip(found.errors, self.modules, strict=True)
        if module.learns
    ]
    top1 = 100 * tf.reduce_mean(tf.cast(found.right, tf.float32))
    values = [tf.reduce_mean(found.loss), top1, *errors]
    return tf.stack([tf.cast(value, tf.float32) for value in values])

  def initialise(self, images: tf.Tensor) -> list[tf.Tensor]:
    """Makes all variables, those of the optimisers too.

    Those that are there already, or are restored when they are made, stay as
    they are. A step that makes variables would be traced twice, and copies
    cannot make them one by one. Returns the activations at each cut.
    """
    labels = tf.zeros(images.shape[:1], tf.int32)
    activations, h = [], images
    for k, segment in enumerate(self.segments):
      with self._place(k):
        h = segment(h, layers.Statistics.BATCH)
        parts = [(self._segment_optimisers[k], segment)]
        if k < len(self.modules):
          activations.append(h)
          self.modules[k](h, labels)
          if self.modules[k].learns:
            parts.append((self._module_optimisers[k], self.modules[k]))
        for optimiser, part in parts:
          optimiser._initialize(part.trainable_variables)  # pylint: disable=protected-access
    return activations

  def read_means(self) -> dict[str, tf.Tensor]:
    """What `train_step` returned, in the mean since this was called last."""
    means = tf.math.divide_no_nan(self._sums, self._count)
    self._sums.assign(tf.zeros_like(self._sums))
    self._count.assign(0.0)
    return dict(zip(self._names, tf.unstack(means), strict=True))

  def learning_rate(self, step: tf.Tensor) -> tf.Tensor:
    """SGD's learning rate for the update after `step` updates."""
    drops = tf.constant(self._optimisation.drops, step.dtype)
    passed = tf.reduce_sum(tf.cast(step >= drops, tf.float32))
    rate = self._optimisation.learning_rate * 0.1**passed
    if not self._optimisation.warmup:
      return rate
    made = tf.cast(step + 1, tf.float32)
    return rate * tf.minimum(1.0, made / self._optimisation.warmup)


def _apply(
    optimiser: snt.Optimizer, learned: decoupled.Learned, l2: float = 0.0
) -> None:
  """Makes one update of the variables that have something to learn."""
  if learned.variables:
    gradients = [
        gradient + l2 * variable if l2 and variable.shape.rank > 1 else gradient
        for gradient, variable in zip(*learned, strict=True)
    ]
    optimiser.apply(gradients, learned.variables)
