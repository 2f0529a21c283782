"""The teacher's network: a policy and a value of what an agent sees.

Axes: B batch, A actions.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import sonnet as snt
import tensorflow as tf

from agents.a3c import pixel_convolution
from agents.atari import games
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


def squares(observations: tf.Tensor) -> tf.Tensor:
  """Observations [B, C, 84, 84] as the first convolution takes them.

  Returns:
    [B, 21, 21, 16 C], of the same type.
  """
  return pixel_convolution.squares(observations, STRIDE)


def normalise(brightness: tf.Tensor) -> tf.Tensor:
  """uint8 brightness as float32 from 0 to 1."""
  return tf.cast(brightness, tf.float32) / 255


def points(observations: tf.Tensor) -> tf.Tensor:
  """What the networks see: float32 [B, 21, 21, 64] from 0 to 1.

  Args:
    observations: uint8 [B, 4, 84, 84].
  """
  return normalise(squares(observations))


def centred(seen: tf.Tensor, background: int) -> tf.Tensor:
  """What `points` gives, less a grey from 0 to 255; see `games.Game`."""
  return seen - normalise(background) if background else seen


class _Orthogonal(snt.initializers.Initializer):
  """Sonnet's, for types too in which its decomposition does not exist."""

  def __init__(self, gain: float):
    self._initialiser = snt.initializers.Orthogonal(gain)

  def __call__(self, shape, dtype):
    return tf.cast(self._initialiser(shape, tf.float32), dtype)


class Teacher(snt.Module):
  """Three convolutions and a hidden layer (supplement 2 [M]).

  Convolutions 32 8x8 stride 4, 64 4x4 stride 2 and 64 3x3 stride 1 without
  padding, linear 512, each with a ReLU; then a linear map to the logits, and
  one to the value, as the two share their features in A3C (Mnih et al., 2016).
  `background` is the grey that stands for nothing, as of `games.Game`; the
  first layer's bias could do the same, but would take long to learn it.
  The features are computed, and their weights kept, in the type `dtype`; the
  two maps of them always in float32. Weights start orthogonal, scaled to keep
  the activations' size [O; S: stable-baselines3], or as `start` makes them.
  """

  def __init__(
      self,
      num_actions: int,
      background: int = 0,
      dtype: tf.DType = tf.float32,
      start: Callable[[float], snt.initializers.Initializer] = _Orthogonal,
      name: str = 'teacher',
  ):
    super().__init__(name)
    self.num_actions, self.background = num_actions, background
    self._dtype = dtype
    # Sonnet's default makes the activations of dark pictures so small, layer
    # by layer, that the first updates are larger than the weights, and the
    # ReLUs die.
    kept = {'w_init': start(np.sqrt(2))}
    self.features = snt.Sequential([
        pixel_convolution.PixelConvolution(
            32, STRIDE, preprocessing.HISTORY, dtype, **kept, name='conv_0'
        ),
        tf.nn.relu,
        snt.Conv2D(64, 4, 2, padding='VALID', **kept, name='conv_1'),
        tf.nn.relu,
        snt.Conv2D(64, 3, 1, padding='VALID', **kept, name='conv_2'),
        tf.nn.relu,
        snt.Flatten(),
        snt.Linear(512, **kept, name='hidden'),
        tf.nn.relu,
    ])
    # Uniform at first, whatever the pictures.
    self.policy = snt.Linear(
        num_actions, w_init=start(0.01), name='policy'
    )
    self.value = snt.Linear(1, w_init=start(1.0), name='value')

  def __call__(self, observations: tf.Tensor) -> Outputs:
    """Policy and value.

    Args:
      observations: uint8 [B, 4, 84, 84].
    """
    # Whole numbers up to 256 are exact in all types, and so are differences.
    seen = tf.cast(squares(observations), self._dtype) - self.background
    return self._outputs(seen / 255)

  def of_points(self, seen: tf.Tensor) -> Outputs:
    """The same of what `points` gives, which has a gradient."""
    return self._outputs(tf.cast(centred(seen, self.background), self._dtype))

  def _outputs(self, seen: tf.Tensor) -> Outputs:
    features = tf.cast(self.features(seen), tf.float32)
    return Outputs(self.policy(features), tf.squeeze(self.value(features), -1))


def teacher_of(
    game: str, seed: int, dtype: tf.DType = tf.float32
) -> Teacher:
  """A teacher of a game in `games.GAMES`; see `make_teacher`."""
  row = games.game(game)
  return make_teacher(len(row.actions), seed, row.background, dtype)


def make_teacher(
    num_actions: int,
    seed: int,
    background: int = 0,
    dtype: tf.DType = tf.float32,
) -> Teacher:
  """A teacher with its variables, which depend on the seed alone."""
  tf.random.set_seed(seed)
  return _built(Teacher(num_actions, background, dtype))


def blank_teacher(game: str, dtype: tf.DType = tf.float32) -> Teacher:
  """A teacher of a game in `games.GAMES` with zeros for weights, to be set."""
  row = games.game(game)
  return _built(
      Teacher(
          len(row.actions),
          row.background,
          dtype,
          lambda _: snt.initializers.Zeros(),
      )
  )


def _built(teacher: Teacher) -> Teacher:
  """Makes the variables."""
  teacher(tf.zeros([1, 4, 84, 84], tf.uint8))
  return teacher
