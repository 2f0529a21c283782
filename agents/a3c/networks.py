"""The teacher's network: a policy and a value of what an agent sees.

Axes: B batch, A actions.
"""

from typing import NamedTuple

import sonnet as snt
import tensorflow as tf

from agents.a3c import pixel_convolution
from agents.atari import preprocessing

STRIDE = 4  # Of the first convolution.


class Outputs(NamedTuple):
  """What the network says of B observations.

  Attributes:
    logits: float32 [B, A], of the policy before its softmax.
    values: float32 [B], estimates of the return.
  """

  logits: tf.Tensor
  values: tf.Tensor


def points(observations: tf.Tensor) -> tf.Tensor:
  """What the networks see: float32 [B, 21, 21, 64] from 0 to 1.

  Args:
    observations: uint8 [B, 4, 84, 84].
  """
  squares = pixel_convolution.squares(observations, STRIDE)
  return tf.cast(squares, tf.float32) / 255


class Teacher(snt.Module):
  """Three convolutions and a hidden layer (supplement 2 [M]).

  Convolutions 32 8x8 stride 4, 64 4x4 stride 2 and 64 3x3 stride 1 without
  padding, linear 512, each with a ReLU; then a linear map to the logits, and
  one to the value, as the two share their features in A3C (Mnih et al., 2016).
  """

  def __init__(self, num_actions: int, name: str = 'teacher'):
    super().__init__(name)
    self.num_actions = num_actions
    self.features = snt.Sequential([
        pixel_convolution.PixelConvolution(
            32, STRIDE, preprocessing.HISTORY, name='conv_0'
        ),
        tf.nn.relu,
        snt.Conv2D(64, 4, 2, padding='VALID', name='conv_1'),
        tf.nn.relu,
        snt.Conv2D(64, 3, 1, padding='VALID', name='conv_2'),
        tf.nn.relu,
        snt.Flatten(),
        snt.Linear(512, name='hidden'),
        tf.nn.relu,
    ])
    self.policy = snt.Linear(num_actions, name='policy')
    self.value = snt.Linear(1, name='value')

  def __call__(self, observations: tf.Tensor) -> Outputs:
    """Policy and value.

    Args:
      observations: uint8 [B, 4, 84, 84].
    """
    return self.of_points(points(observations))

  def of_points(self, seen: tf.Tensor) -> Outputs:
    """The same of what `points` gives, which has a gradient."""
    features = self.features(seen)
    return Outputs(self.policy(features), tf.squeeze(self.value(features), -1))


def make_teacher(num_actions: int, seed: int) -> Teacher:
  """A teacher with its variables, which depend on the seed alone."""
  tf.random.set_seed(seed)
  network = Teacher(num_actions)
  network(tf.zeros([1, 4, 84, 84], tf.uint8))
  return network
