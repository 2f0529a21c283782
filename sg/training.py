"""Training of a cut network: the segments' and modules' own optimisers.

Axes: B batch, H height, W width, C channels.
"""

from collections.abc import Callable
from collections.abc import Sequence
from typing import Any
from typing import NamedTuple

import sonnet as snt
import tensorflow as tf

from sg import decoupled
from sg.modules import interface
from sg.networks import layers
from sg.pipelined import pipeline


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
      pipe: pipeline.Pipeline | None = None,
      mean: Callable[[Any], Any] | None = None,
  ):
    """Makes the trainer; `initialise` makes its variables.

    Args:
      segments: the network, cut.
      modules: one for each cut.
      optimisation: how the variables change.
      pipe: of these segments and modules, to work in a pipe.
      mean: takes the means, over the copies of this network, of a nest of
        tensors; see `replicas`.

    Raises:
      ValueError: true targets in a pipe, at whose cuts they come too late.
    """
    super().__init__()
    if pipe and optimisation.targets != decoupled.RECEIVED:
      raise ValueError(
          f'targets: expected {decoupled.RECEIVED!r} with a pipe, got '
          f'{optimisation.targets!r}'
      )
    self.segments, self.modules = list(segments), list(modules)
    for part in (*self.segments, *self.modules):
      snt.allow_empty_variables(part)
    self._pipe, self._mean = pipe, mean
    self._placement = pipe.placement if pipe else ('',) * len(self.segments)
    self._names = [
        'train_loss', 'train_top1',
        *(f'error_{k}' for k, m in enumerate(modules, 1) if m.learns),
    ]
    self._sums = tf.Variable(tf.zeros([len(self._names)]), trainable=False)
    self._count = tf.Variable(0.0, trainable=False)
    self._optimisation = optimisation
    self._segment_optimisers, self._module_optimisers = [], []
    for k, device in enumerate(self._placement):
      with tf.device(device):
        self._segment_optimisers.append(
            snt.optimizers.Momentum(0.0, optimisation.momentum)
        )
        if k < len(self.modules):
          self._module_optimisers.append(
              snt.optimizers.Adam(optimisation.module_learning_rate)
          )

  def train_step(
      self,
      images: tf.Tensor,
      labels: tf.Tensor,
      step: tf.Tensor,
      tick: int | None = None,
  ) -> dict[str, tf.Tensor]:
    """Makes one update of everything.

    Args:
      images: [B, H, W, C], in the type to compute in.
      labels: int32 [B].
      step: how many updates were made before, int64.
      tick: `self.tick(step)`, which a pipe needs.

    Returns:
      Scalars: the true loss, the share of right answers, and each module's
      error; none while a pipe fills.

    Raises:
      ValueError: no tick for a pipe.
    """
    if self._pipe:
      if tick is None:
        raise ValueError('tick: expected trainer.tick(step) with a pipe')
      found = self._pipe.step(images, labels, tick)
    else:
      found = decoupled.step(
          self.segments, self.modules, images, labels,
          self._optimisation.targets,
      )
    if self._mean:
      found = self._reduce(found)
    for device, optimiser, learned in zip(
        self._placement, self._segment_optimisers, found.segments, strict=True
    ):
      with tf.device(device):
        optimiser.learning_rate = self.learning_rate(step)
        _apply(optimiser, learned, self._optimisation.l2)
    for device, optimiser, learned in zip(
        self._placement, self._module_optimisers, found.modules, strict=False
    ):
      with tf.device(device):
        _apply(optimiser, learned)
    return {} if found.loss is None else self._measure(found)

  def tick(self, step: int) -> int:
    """What of the pipe, if there is one, is at work after `step` updates."""
    return min(step, self._pipe.full) if self._pipe else 0

  def _reduce(self, found: decoupled.Step) -> decoupled.Step:
    """Makes the copies learn the same, and their averages equal."""
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

  def _measure(self, found: decoupled.Step) -> dict[str, tf.Tensor]:
    """Returns the scalars of a step, and adds them up."""
    errors = [
        error
        for error, module in zip(found.errors, self.modules, strict=True)
        if module.learns
    ]
    top1 = 100 * tf.reduce_mean(tf.cast(found.right, tf.float32))
    values = [tf.reduce_mean(found.loss), top1, *errors]
    values = tf.stack([tf.cast(value, tf.float32) for value in values])
    if self._mean:
      values = self._mean(values)
    self._sums.assign_add(values)
    self._count.assign_add(1.0)
    return dict(zip(self._names, tf.unstack(values), strict=True))

  def initialise(self, images: tf.Tensor) -> None:
    """Makes all variables; images [B, H, W, C], with a pipe of a whole batch.

    Those that are there already, or are restored when they are made, stay as
    they are.
    """
    h, labels = images, tf.zeros(images.shape[:1], tf.int32)
    activations = []
    for k, (device, segment) in enumerate(
        zip(self._placement, self.segments, strict=True)
    ):
      with tf.device(device):
        h = segment(h, layers.Statistics.BATCH)
        if k < len(self.modules):
          self.modules[k](h, labels)
          activations.append(h)
    if self._pipe:
      self._pipe.initialise(activations, labels)
    # A step that makes variables would be traced twice, and copies cannot make
    # them one by one.
    for optimiser, part in [
        *zip(self._segment_optimisers, self.segments, strict=True),
        *zip(self._module_optimisers, self.modules, strict=True),
    ]:
      if getattr(part, 'learns', True):
        optimiser._initialize(part.trainable_variables)  # pylint: disable=protected-access

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
