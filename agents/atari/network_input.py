# SPDX-License-Identifier: Apache-2.0
"""What an agent sees, as its networks take it: teachers' and students' alike.

    observations   uint8 [B, 4, 84, 84], pixel intensities of the last frames
    squares        uint8 [B, 21, 21, 64], each square of a frame as one point
    points         float32 [B, 21, 21, 64], the same from 0 to 1; gradients in
                   the state are in these
    centred        points less the background, which networks compute with
"""

import numpy as np
import sonnet as snt
import tensorflow as tf

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
  """Observations as the first convolution takes them.

  Args:
    observations: [B, C, H, W] of any type, H and W multiples of 4.

  Returns:
    [B, H / 4, W / 4, 16 C], of the same type.
  """
  channels, height, width = observations.shape[1:]
  rows, columns = height // STRIDE, width // STRIDE
  squared = tf.reshape(
      observations, [-1, channels, rows, STRIDE, columns, STRIDE]
  )
  # A frame's square stays together, which is a cheap permutation; cheaper
  # still where the 4 bytes of a square's row can move as one number, of a type
  # that oneDNN knows.
  if observations.dtype == tf.uint8:
    moved = tf.transpose(tf.bitcast(squared, tf.float32), [0, 2, 4, 1, 3])
    moved = tf.bitcast(moved, tf.uint8)
  else:
    moved = tf.transpose(squared, [0, 2, 4, 1, 3, 5])
  return tf.reshape(moved, [-1, rows, columns, channels * STRIDE**2])


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
  """`centred` of uint8 observations [B, 4, 84, 84], rounded once to `dtype`."""
  return _centred(squares(observations), background, dtype)


# Acting looks at so few observations that each pass over them counts: this is
# one.
@tf.function(autograph=False, jit_compile=True)
def _centred(pixels: tf.Tensor, background: int, dtype: tf.DType) -> tf.Tensor:
  difference = tf.cast(pixels, tf.float32) - background
  return tf.cast(difference / _LARGEST, dtype)


class PixelConvolution(snt.Module):
  """`snt.Conv2D(outputs, 8, 4, padding='VALID')`, in a form that is cheap.

  A convolution of stride s with kernels of 2s x 2s is one of stride 1 with
  kernels of 2 x 2, after each s x s square of the frame has become one point
  with s^2 times as many channels (space-to-depth). The products are the same;
  but the channels, 4 before and 64 then, fill a processor's vectors, above all
  in the gradient in the frames, which Sobolev Training needs.

  Its variables are those of the `snt.Conv2D`, with the same names, shapes and
  distribution.
  """

  def __init__(
      self,
      output_channels: int,
      dtype: tf.DType = tf.float32,
      w_init: snt.initializers.Initializer | None = None,
      name: str = 'pixel_convolution',
  ):
    """Makes the variables; `w_init` is as `snt.Conv2D` has it by default."""
    super().__init__(name)
    side = 2 * STRIDE
    shape = [side, side, preprocessing.HISTORY, output_channels]
    if w_init is None:
      stddev = 1 / np.sqrt(np.prod(shape[:3]))
      w_init = snt.initializers.TruncatedNormal(stddev=stddev)
    self.w = tf.Variable(w_init(shape, dtype), name='w')
    self.b = tf.Variable(tf.zeros([output_channels], dtype), name='b')

  def __call__(self, points: tf.Tensor) -> tf.Tensor:
    """From `squares` as floats to [B, H/4 - 1, W/4 - 1, output_channels]."""
    s, outputs = STRIDE, self.w.shape[-1]
    kernel = tf.reshape(self.w, [2, s, 2, s, -1, outputs])
    kernel = tf.reshape(
        tf.transpose(kernel, [0, 2, 4, 1, 3, 5]), [2, 2, -1, outputs]
    )
    return tf.nn.bias_add(tf.nn.conv2d(points, kernel, 1, 'VALID'), self.b)
