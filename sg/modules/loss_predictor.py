# SPDX-License-Identifier: Apache-2.0
"""m(h, y) = L(p(h), y): a class predictor p, then the log loss.

Its gradient SG(h, y) = dm/dh is a gradient field by construction (paper,
section 4.3 and Proposition 4). Critic, VFBN and Sobolev are this module, and
differ in what it is trained on.

Axes: B batch, H height, W width, C channels.
"""

import sonnet as snt
import tensorflow as tf

from sg.modules import interface
from sg.networks import layers
from sobolev_training import derivatives


class ConvPredictor(snt.Module):
  """CIFAR-10's p [M, S]: conv3x3-128, ReLU, linear; [B, H, W, C] to logits."""

  def __init__(self, channels: int, classes: int):
    super().__init__()
    self._convolution = layers.Convolution(channels, 3)
    self._linear = layers.Linear(classes)

  def __call__(self, h: tf.Tensor) -> tf.Tensor:
    return self._linear(snt.flatten(tf.nn.relu(self._convolution(h))))


class PooledPredictor(snt.Module):
  """ImageNet's p [M]: conv3x3-64, ReLU, conv3x3-64 / 2, ReLU, mean, linear."""

  def __init__(self, channels: int, classes: int):
    super().__init__()
    self._convolutions = [
        layers.Convolution(channels, 3), layers.Convolution(channels, 3, 2)
    ]
    self._linear = layers.Linear(classes)

  def __call__(self, h: tf.Tensor) -> tf.Tensor:
    for convolution in self._convolutions:
      h = tf.nn.relu(convolution(h))
    return self._linear(tf.reduce_mean(h, axis=(1, 2)))


_PREDICTORS = {'cifar10': ConvPredictor, 'resnet50': PooledPredictor}


class LossPredictor(interface.Module):
  """A module whose synthetic gradient is the gradient of a predicted loss."""

  def __init__(self, predictor: snt.Module, **settings):
    """Makes the module of p, from h [B, H...] to logits [B, classes]."""
    super().__init__(**settings)
    self._predictor = predictor

  @classmethod
  def at(cls, cut: interface.Cut) -> 'LossPredictor':
    """The module of a cut, with the class predictor of the network.

    Raises:
      ValueError: an unknown network.
    """
    if cut.network not in _PREDICTORS:
      raise ValueError(
          f'network: expected {" or ".join(_PREDICTORS)}, got {cut.network!r}'
      )
    return cls(
        _PREDICTORS[cut.network](cut.channels, cut.classes),
        distance=cut.distance,
        gradient_weight=cut.gradient_weight,
    )

  def __call__(self, h: tf.Tensor, labels: tf.Tensor) -> interface.Signal:
    return interface.Signal(
        *derivatives.value_and_gradient(
            lambda h: log_loss(self._predictor(h), labels), h
        )
    )


def log_loss(logits: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
  """L: the cross-entropy [B] of logits [B, classes] and labels [B]."""
  return tf.nn.sparse_softmax_cross_entropy_with_logits(
      labels, tf.cast(logits, layers.wide(logits.dtype))
  )
