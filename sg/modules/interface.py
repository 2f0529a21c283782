# SPDX-License-Identifier: Apache-2.0
"""What a synthetic-gradient module is.

A module sits at a cut of the main network. From the activations h below the cut
and the labels y it predicts what the loss is and in which direction it grows,

  Signal(loss L(p_h, y), gradient dL/dh),

so that the segment below learns at once; it learns itself from a target, the
signal there when it is known (paper, section 4.3). All is per example:
with the gradient of the batch's mean loss, 1/B as large, the gradient term of a
Sobolev loss would be 1/B (L1) or 1/B^2 (squared L2) of what it should.

Axes: B batch, H... the activations' axes.
"""

import abc
from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence
import dataclasses
from typing import Any
from typing import ClassVar
from typing import NamedTuple

import sonnet as snt
import tensorflow as tf

from sobolev_training import terms


class Signal(NamedTuple):
  """A loss and its gradient with respect to activations h.

  Attributes:
    loss: [B]; None where it is not known.
    gradient: d loss / d h, [B, H...]; None where there is none.
  """

  loss: tf.Tensor | None
  gradient: tf.Tensor | None


class Module(snt.Module, abc.ABC):
  """A model of the loss, or of its gradient, at a cut.

  Attributes:
    weights: of the loss term and the gradient term in `error`.
    learns_loss: whether it is trained on the loss.
    learns_gradient: whether it is trained on the gradient.
    locked: whether the segment below must wait for the true gradient, which
      it then gets in place of the synthetic one: backpropagation.
  """

  learns_loss: ClassVar[bool] = False
  learns_gradient: ClassVar[bool] = False
  locked: ClassVar[bool] = False

  def __init__(
      self,
      distance: str = 'l1',
      gradient_weight: float = 1.0,
      name: str | None = None,
  ):
    """Makes the module.

    Args:
      distance: of both terms, one of `distances.NAMES`.
      gradient_weight: of the gradient term beside the loss term.
      name: Sonnet's name.
    """
    super().__init__(name)
    self._distance = distance
    self.weights = (
        float(self.learns_loss), gradient_weight * self.learns_gradient
    )

  @property
  def learns(self) -> bool:
    """Whether there is anything to train."""
    return self.learns_loss or self.learns_gradient

  @abc.abstractmethod
  def __call__(self, h: tf.Tensor, labels: tf.Tensor) -> Signal:
    """Predicts.

    Args:
      h: activations at the cut, [B, H...].
      labels: int32 [B].

    Returns:
      The synthetic signal. Its parts that the module learns are differentiable
      with respect to the module's variables.
    """

  def error(self, synthetic: Signal, target: Signal) -> terms.SobolevLoss:
    """How far its signal is from a target: eq. 1 with f = L, [B] by term."""
    return terms.loss_terms(
        _wide(synthetic), _wide(target), weights=self.weights,
        losses=self._distance,
    )


class Cut(NamedTuple):
  """What a module is made for.

  Attributes:
    network: the main network, `cifar10` or `resnet50`.
    channels: of the module's convolutions.
    classes: number of classes.
    distance: of the module's losses, one of `distances.NAMES`.
    gradient_weight: of Sobolev's gradient term.
  """

  network: str
  channels: int
  classes: int
  distance: str = 'l1'
  gradient_weight: float = 1.0


@dataclasses.dataclass(frozen=True)
class Method:
  """A column of Table 1: all that the rest of the project knows of a method.

  Attributes:
    title: its name for people.
    colour: in figures, such as `#0072b2`.
    cost: of a step, over that of backpropagation, as measured; only for the
      time left.
    make: makes the module of a cut.
    distance: the setting that has its distance.
    learning_rate: the setting that has Adam's learning rate.
    candidates: changes of the settings to choose from by validation.
  """

  title: str
  colour: str
  cost: float
  make: Callable[[Cut], Module]
  distance: str = 'distance'
  learning_rate: str = 'module_learning_rate'
  candidates: Sequence[Mapping[str, Any]] = ()


LEARNING_RATES = (3e-5, 1e-4, 3e-4, 1e-3, 3e-3)  # To choose from.


def _wide(signal: Signal) -> Sequence[tf.Tensor | None]:
  """In float32 where it was less: sums over many components need that."""
  return [
      tf.cast(part, tf.float32)
      if part is not None and part.dtype.size < 4
      else part
      for part in signal
  ]
