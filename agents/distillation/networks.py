# SPDX-License-Identifier: Apache-2.0
"""The student: a smaller policy. Axes: B batch, A actions."""

import sonnet as snt
import tensorflow as tf

from agents.atari import network_input
from agents.atari import preprocessing


class Student(snt.Module):
  """Two convolutions and a hidden layer (supplement 2 [M]).

  Convolutions 16 8x8 stride 4 and 32 4x4 stride 2 without padding, linear 256,
  each with a ReLU; then a linear map to the logits. `background` is as the
  teacher's.
  """

  def __init__(self, num_actions: int, background: int = 0):
    super().__init__('student')
    self._background = background
    self.policy = snt.Sequential([
        network_input.PixelConvolution(16, name='conv_0'),
        tf.nn.relu,
        snt.Conv2D(32, 4, 2, padding='VALID', name='conv_1'),
        tf.nn.relu,
        snt.Flatten(),
        snt.Linear(256, name='hidden'),
        tf.nn.relu,
        snt.Linear(num_actions, name='policy'),
    ])

  def __call__(self, points: tf.Tensor) -> tf.Tensor:
    """The logits, float32 [B, A], of `network_input.points` [B, 21, 21, 64]."""
    return self.policy(network_input.centred(points, self._background))


def make_student(num_actions: int, seed: int, background: int = 0) -> Student:
  """A student with its variables, which depend on the seed alone."""
  tf.random.set_seed(seed)
  network = Student(num_actions, background)
  nothing = tf.zeros([1, *preprocessing.SHAPE], tf.uint8)
  network(network_input.points(nothing))
  return network
