# SPDX-License-Identifier: Apache-2.0
"""The teacher's network: a policy and a value of what an agent sees.

Axes: B batch, A actions.
"""

from collections.abc import Callable
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import sonnet as snt
import tensorflow as tf

from agents.a3c import chain
from agents.atari import games
from agents.atari import network_input
from agents.atari import preprocessing


class Outputs(NamedTuple):
  """What the network says of B observations.

  Attributes:
    logits: float32 [B, A], of the policy before its softmax.
    values: float32 [B], estimates of the return.
  """

  logits: tf.Tensor
  values: tf.Tensor


class Network(snt.Module):
  """A policy and a value of features of an observation.

  Attributes:
    features: of what `see` makes of observations.
    policy: from features to logits.
    value: from features to a value.
  """

  features: chain.Chain
  policy: snt.Linear
  value: snt.Linear

  def see(self, observations: tf.Tensor) -> tf.Tensor:
    """What the features are of; here the observations themselves."""
    return observations

  def __call__(self, observations: tf.Tensor) -> Outputs:
    """Policy and value of observations [B, ...]."""
    return self.outputs(self.features(self.see(observations)))

  def outputs(self, features: tf.Tensor) -> Outputs:
    """Policy and value of features."""
    features = tf.cast(features, tf.float32)
    return Outputs(self.policy(features), tf.squeeze(self.value(features), -1))

  def remember(self, observations: tf.Tensor) -> list[tf.Tensor]:
    """What `gradients` needs of observations; the last are the features."""
    return self.features.remember(self.see(observations))

  def gradients(
      self,
      activations: Sequence[tf.Tensor],
      loss: Callable[[Outputs], tf.Tensor],
  ) -> list[tf.Tensor]:
    """Backpropagates without computing the features again.

    Args:
      activations: as `remember` gives them.
      loss: of the outputs of these observations, a scalar.

    Returns:
      The loss's gradients in the trainable variables, in their order.
    """
    features = activations[-1]
    heads = [
        *self.policy.trainable_variables, *self.value.trainable_variables
    ]
    with tf.GradientTape() as tape:
      tape.watch(features)
      total = loss(self.outputs(features))
    upstream, *of_heads = tape.gradient(
        total,
        [features, *heads],
        unconnected_gradients=tf.UnconnectedGradients.ZERO,
    )
    return [*self.features.gradients(activations, upstream), *of_heads]


class _Orthogonal(snt.initializers.Initializer):
  """Sonnet's, for types too in which its decomposition does not exist."""

  def __init__(self, gain: float):
    self._initialiser = snt.initializers.Orthogonal(gain)

  def __call__(self, shape, dtype):
    return tf.cast(self._initialiser(shape, tf.float32), dtype)


class Teacher(Network):
  """Three convolutions and a hidden layer (supplement 2 [M]).

  Convolutions 32 8x8 stride 4, 64 4x4 stride 2 and 64 3x3 stride 1 without
  padding, linear 512, each with a ReLU; then a linear map to the logits, and
  one to the value, as the two share their features in A3C (Mnih et al., 2016).
  `background` is the grey that stands for nothing, as of `games.Game`; the
  first layer's bias could do the same, but would take long to learn it.
  The features are computed, and their weights kept, in the type `dtype`; the
  two maps of them always in float32. `start` makes the weights' initialisers
  of gains that keep the activations' size [O; S: stable-baselines3].
  """

  def __init__(
      self,
      num_actions: int,
      background: int,
      dtype: tf.DType,
      start: Callable[[float], snt.initializers.Initializer],
  ):
    super().__init__('teacher')
    self.num_actions, self.background = num_actions, background
    self._dtype = dtype
    # Sonnet's default makes the activations of dark frames so small, layer
    # by layer, that the first updates are larger than the weights, and the
    # ReLUs die.
    kept = {'w_init': start(np.sqrt(2))}
    self.features = chain.Chain([
        network_input.PixelConvolution(
            32, dtype, **kept, name='conv_0'
        ),
        tf.nn.relu,
        snt.Conv2D(64, 4, 2, padding='VALID', **kept, name='conv_1'),
        tf.nn.relu,
        snt.Conv2D(64, 3, 1, padding='VALID', **kept, name='conv_2'),
        tf.nn.relu,
        snt.flatten,
        snt.Linear(512, **kept, name='hidden'),
        tf.nn.relu,
    ])
    # Uniform at first, whatever the frames.
    self.policy = snt.Linear(
        num_actions, w_init=start(0.01), name='policy'
    )
    self.value = snt.Linear(1, w_init=start(1.0), name='value')

  def see(self, observations: tf.Tensor) -> tf.Tensor:
    """What the first convolution takes, of uint8 [B, 4, 84, 84]."""
    return network_input.centred_observations(
        observations, self.background, self._dtype
    )

  def of_points(self, points: tf.Tensor) -> Outputs:
    """The same of `network_input.points`, in which it has a gradient."""
    seen = network_input.centred(points, self.background)
    return self.outputs(self.features(tf.cast(seen, self._dtype)))


def teacher_of(
    game: str, seed: int | None = None, dtype: tf.DType = tf.float32
) -> Teacher:
  """A teacher of a game in `games.GAMES`; see `make_teacher`."""
  row = games.game(game)
  return make_teacher(len(row.actions), seed, row.background, dtype)


def make_teacher(
    num_actions: int,
    seed: int | None,
    background: int = 0,
    dtype: tf.DType = tf.float32,
) -> Teacher:
  """A teacher whose weights depend on the seed alone; zeros without a seed."""
  if seed is not None:
    tf.random.set_seed(seed)
  teacher = Teacher(
      num_actions,
      background,
      dtype,
      _Orthogonal if seed is not None else lambda _: snt.initializers.Zeros(),
  )
  teacher(tf.zeros([1, *preprocessing.SHAPE], tf.uint8))  # Makes the variables.
  return teacher
