# SPDX-License-Identifier: Apache-2.0
"""What an agent sees, as its networks take it: teachers' and students' alike.

    observations   uint8 [B, 4, 84, 84], pixel intensities of the last frames
    squares        uint8 [B, 21, 21, 64], each square of a frame as one point
    points         float32 [B, 21, 21, 64], the same from 0 to 1; gradients in
                   the state are in these
    centred        points less the background, which networks compute with
"""

import tensorflow as tf

from agents.atari import pixel_convolution
from agents.atari import preprocessing

STRIDE = 4  # Of the networks' first convolution: the side of a square.

_LARGEST = 255  # Of the intensities.

# Of an observation's points.
SHAPE = (
    preprocessing.SIZE // STRIDE,
    preprocessing.SIZE // STRIDE,
    preprocessing.HISTORY * STRIDE**2,
)


def squares(observations: tf.Tensor) -> tf.Tensor:
  """Observations [B, C, 84, 84] as the first convolution takes them.

  Returns:
    [B, 21, 21, 16 C], of the same type.
  """
  return pixel_convolution.squares(observations, STRIDE)


def normalise(intensities: tf.Tensor) -> tf.Tensor:
  """uint8 intensities as float32 from 0 to 1."""
  return tf.cast(intensities, tf.float32) / _LARGEST


def points(observations: tf.Tensor) -> tf.Tensor:
  """float32 [B, 21, 21, 64] of observations uint8 [B, 4, 84, 84]."""
  return normalise(squares(observations))


def centred(seen: tf.Tensor, background: int) -> tf.Tensor:
  """Points less a grey from 0 to 255; see `games.Game`."""
  return seen - normalise(background) if background else seen


def centred_observations(
    observations: tf.Tensor, background: int, dtype: tf.DType
) -> tf.Tensor:
  """`centred` of observations, rounded once, in a type of few digits too.

  Args:
    observations: uint8 [B, 4, 84, 84].
    background: from 0 to 255.
    dtype: of the result.
  """
  # Integers up to 256 are exact in all types, and so are their differences.
  return (tf.cast(squares(observations), dtype) - background) / _LARGEST
