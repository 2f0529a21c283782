"""Training of a cut network: the segments' and modules' own optimisers.

Axes: B batch, H height, W width, C channels.
"""

from collections.abc import Sequence
from typing import NamedTuple

import sonnet as snt
import tensorflow as tf

from sg import decoupled
from sg import layers
from sg.modules import interface


class Optimisation(NamedTuple):
  """How the variables change.

  Attributes:
    learning_rate: SGD's first step size, for the main network.
    momentum: SGD's.
    drops: after how many steps the step size falls to a tenth.
    l2: times the convolutions' and linear maps' weights, added to the main
      network's gradient.
    module_learning_rate: Adam's step size, for the modules.
    true_loss: see `decoupled.step`.
  """

  learning_rate: float
  momentum: float
  drops: tuple[int, ...]
  l2: float
  module_learning_rate: float
  true_loss: bool = False


class Trainer(snt.Module):
  """A cut network, its modules and their optimisers."""

  def __init__(
      self,
      segments: Sequence[snt.Module],
      modules: Sequence[interface.Module],
      optimisation: Optimisation,
  ):
    super().__init__()
    self.segments, self.modules = list(segments), list(modules)
    self._names = [
        'train_loss', 'train_top1',
        *(f'error_{k}' for k, m in enumerate(modules, 1) if m.learns),
    ]
    self._sums = tf.Variable(tf.zeros([len(self._names)]), trainable=False)
    self._count = tf.Variable(0.0, trainable=False)
    self._optimisation = optimisation
    self._segment_optimisers = [
        snt.optimizers.Momentum(0.0, optimisation.momentum) for _ in segments
    ]
    self._module_optimisers = [
        snt.optimizers.Adam(optimisation.module_learning_rate) for _ in modules
    ]

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
    found = decoupled.step(
        self.segments, self.modules, images, labels,
        self._optimisation.true_loss,
    )
    for optimiser, learned in zip(
        self._segment_optimisers, found.segments, strict=True
    ):
      optimiser.learning_rate = self.learning_rate(step)
      _apply(optimiser, learned, self._optimisation.l2)
    for optimiser, learned in zip(
        self._module_optimisers, found.modules, strict=True
    ):
      _apply(optimiser, learned)
    errors = [
        error
        for error, module in zip(found.errors, self.modules, strict=True)
        if module.learns
    ]
    top1 = 100 * tf.reduce_mean(tf.cast(found.right, tf.float32))
    values = tf.stack([tf.reduce_mean(found.loss), top1, *errors])
    self._sums.assign_add(values)
    self._count.assign_add(1.0)
    return dict(zip(self._names, tf.unstack(values), strict=True))

  def initialise(self, images: tf.Tensor) -> None:
    """Makes the variables of segments and modules; images [B, H, W, C]."""
    h, labels = images, tf.zeros(images.shape[:1], tf.int32)
    for segment, module in zip(
        self.segments, [*self.modules, None], strict=True
    ):
      h = segment(h, layers.Statistics.BATCH)
      if module is not None:
        module(h, labels)

  def read_means(self) -> dict[str, tf.Tensor]:
    """What `train_step` returned, in the mean since this was called last."""
    means = tf.math.divide_no_nan(self._sums, self._count)
    self._sums.assign(tf.zeros_like(self._sums))
    self._count.assign(0.0)
    return dict(zip(self._names, tf.unstack(means), strict=True))

  def learning_rate(self, step: tf.Tensor) -> tf.Tensor:
    """SGD's step size for the update after `step` updates."""
    drops = tf.constant(self._optimisation.drops, step.dtype)
    passed = tf.reduce_sum(tf.cast(step >= drops, tf.float32))
    return self._optimisation.learning_rate * 0.1**passed


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
