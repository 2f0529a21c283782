# SPDX-License-Identifier: Apache-2.0
"""The first convolution over an agent's frames, in a form that is cheap.

A convolution of stride s with kernels of 2s x 2s is one of stride 1 with
kernels of 2 x 2, after each s x s square of the frame has become one point
with s^2 times as many channels (space-to-depth). The products are the same;
but the channels, 4 before and 64 then, fill a processor's vectors, above all
in the gradient in the frames, which Sobolev Training needs.
"""

import numpy as np
import sonnet as snt
import tensorflow as tf


def squares(observations: tf.Tensor, stride: int) -> tf.Tensor:
  """Observations [B, C, H, W] as points, [B, H/s, W/s, C * s * s].

  Args:
    observations: of any type, H and W multiples of `stride`.
    stride: the side s of a square.
  """
  channels, height, width = observations.shape[1:]
  rows, columns = height // stride, width // stride
  squared = tf.reshape(
      observations, [-1, channels, rows, stride, columns, stride]
  )
  # A frame's square stays together, which is a cheap permutation; cheaper
  # still where the bytes of a square's row can move as one number, of a type
  # that oneDNN knows.
  if observations.dtype == tf.uint8 and stride == tf.float32.size:
    moved = tf.transpose(tf.bitcast(squared, tf.float32), [0, 2, 4, 1, 3])
    moved = tf.bitcast(moved, tf.uint8)
  else:
    moved = tf.transpose(squared, [0, 2, 4, 1, 3, 5])
  return tf.reshape(moved, [-1, rows, columns, channels * stride * stride])


class PixelConvolution(snt.Module):
  """`snt.Conv2D(outputs, 2s, s, padding='VALID')` over `squares`.

  Its variables are those of the `snt.Conv2D`, with the same names, shapes and
  distribution.
  """

  def __init__(
      self,
      output_channels: int,
      stride: int,
      channels: int,
      dtype: tf.DType = tf.float32,
      w_init: snt.initializers.Initializer | None = None,
      name: str = 'pixel_convolution',
  ):
    """Makes the variables.

    Args:
      output_channels: number of kernels.
      stride: s; the kernels are 2s x 2s.
      channels: of the frames.
      dtype: of the variables.
      w_init: of the kernels; as `snt.Conv2D` has it by default.
      name: of the module.
    """
    super().__init__(name)
    self._stride = stride
    shape = [2 * stride, 2 * stride, channels, output_channels]
    if w_init is None:
      stddev = 1 / np.sqrt(np.prod(shape[:3]))
      w_init = snt.initializers.TruncatedNormal(stddev=stddev)
    self.w = tf.Variable(w_init(shape, dtype), name='w')
    self.b = tf.Variable(tf.zeros([output_channels], dtype), name='b')

  def __call__(self, points: tf.Tensor) -> tf.Tensor:
    """Convolves.

    Args:
      points: what `squares` gives, floats [B, H/s, W/s, C * s * s].

    Returns:
      [B, H/s - 1, W/s - 1, output_channels].
    """
    s, outputs = self._stride, self.w.shape[-1]
    kernel = tf.reshape(self.w, [2, s, 2, s, -1, outputs])
    kernel = tf.reshape(
        tf.transpose(kernel, [0, 2, 4, 1, 3, 5]), [2, 2, -1, outputs]
    )
    return tf.nn.bias_add(tf.nn.conv2d(points, kernel, 1, 'VALID'), self.b)
