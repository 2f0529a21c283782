# SPDX-License-Identifier: Apache-2.0
"""The layers of the networks that are cut: convolution, batch norm, linear.

They compute in the type of their input and keep their weights in float32, so
that a network runs in bfloat16 when its input is cast to that, and its weights
are updated in float32 all the same. (In float64, for tests, weights are too.)
Sonnet's own layers take inputs of the weights' type only.

Axes: B batch, H height, W width, C channels.
"""

import enum

import sonnet as snt
import tensorflow as tf

_MOVING_AVERAGE = 0.9  # Of batch statistics; a memory of some 10 steps.
_EPSILON = 1e-5


class Statistics(enum.Enum):
  """What batch normalisation normalises with."""

  TRAIN = 'of the batch, which also move the averages'
  BATCH = 'of the batch'
  AVERAGE = 'the averages of training'


class Convolution(snt.Module):
  """A convolution [B, H, W, C] -> [B, H / stride, W / stride, channels].

  Without a bias; weights start as He et al. (2015) have it, for ReLU.
  """

  def __init__(
      self,
      channels: int,
      kernel: int,
      stride: int = 1,
      *,
      zero: bool = False,
      name: str | None = None,
  ):
    """Makes the layer; `zero` starts it at zero."""
    super().__init__(name)
    self._channels, self._kernel, self._stride = channels, kernel, stride
    # Normal, of variance 2 / fan-in.
    self._initialiser = (
        snt.initializers.Zeros()
        if zero
        else snt.initializers.VarianceScaling(2.0)
    )

  @snt.once
  def _initialise(self, x: tf.Tensor) -> None:
    shape = [self._kernel, self._kernel, x.shape[-1], self._channels]
    self.w = tf.Variable(self._initialiser(shape, wide(x.dtype)), name='w')

  def __call__(self, x: tf.Tensor) -> tf.Tensor:
    self._initialise(x)
    return tf.nn.conv2d(
        x, tf.cast(self.w, x.dtype), self._stride, padding='SAME'
    )


class Linear(snt.Module):
  """An affine map [B, C] -> [B, size]."""

  def __init__(self, size: int, name: str | None = None):
    super().__init__(name)
    self._size = size

  @snt.once
  def _initialise(self, x: tf.Tensor) -> None:
    initialiser = snt.initializers.VarianceScaling(1.0)
    stored = wide(x.dtype)
    self.w = tf.Variable(
        initialiser([x.shape[-1], self._size], stored), name='w'
    )
    self.b = tf.Variable(tf.zeros([self._size], stored), name='b')

  def __call__(self, x: tf.Tensor) -> tf.Tensor:
    self._initialise(x)
    return x @ tf.cast(self.w, x.dtype) + tf.cast(self.b, x.dtype)


class BatchNorm(snt.Module):
  """Batch normalisation of [B, H, W, C] with scale and offset.

  Twice differentiable with respect to all that it depends on. Sonnet's is not
  in float64: `tf.nn.moments` stops a gradient that only a second derivative
  needs.
  """

  def __init__(self, *, zero: bool = False, name: str | None = None):
    """Makes the layer; `zero` starts its scale at zero rather than one."""
    super().__init__(name)
    self._start = tf.zeros if zero else tf.ones

  @snt.once
  def _initialise(self, x: tf.Tensor) -> None:
    channels, stored = x.shape[-1:], wide(x.dtype)
    self.scale = tf.Variable(self._start(channels, stored), name='scale')
    self.offset = tf.Variable(tf.zeros(channels, stored), name='offset')
    self.mean = tf.Variable(
        tf.zeros(channels, stored), trainable=False, name='mean'
    )
    self.variance = tf.Variable(
        tf.ones(channels, stored), trainable=False, name='variance'
    )

  def __call__(self, x: tf.Tensor, statistics: Statistics) -> tf.Tensor:
    self._initialise(x)
    if statistics is Statistics.AVERAGE:
      inverse = self.scale * tf.math.rsqrt(self.variance + _EPSILON)
      shift = self.offset - self.mean * inverse
      return x * tf.cast(inverse, x.dtype) + tf.cast(shift, x.dtype)
    normalise = _in_float64 if x.dtype == tf.float64 else _fused
    y, mean, variance = normalise(x, self.scale, self.offset)
    if statistics is Statistics.TRAIN:
      for average, new in ((self.mean, mean), (self.variance, variance)):
        average.assign(_MOVING_AVERAGE * average + (1 - _MOVING_AVERAGE) * new)
    return y


def _fused(
    x: tf.Tensor, scale: tf.Tensor, offset: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
  """Returns the normalised x, the batch's mean and its unbiased variance."""
  empty = tf.zeros([0])
  y, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
      x=x, scale=scale, offset=offset, mean=empty, variance=empty,
      epsilon=_EPSILON, is_training=True,
  )
  return y, mean, variance


def _in_float64(
    x: tf.Tensor, scale: tf.Tensor, offset: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
  """The same as `_fused`, which knows no float64."""
  mean = tf.reduce_mean(x, axis=(0, 1, 2))
  variance = tf.reduce_mean((x - mean) ** 2, axis=(0, 1, 2))
  y = (x - mean) * tf.math.rsqrt(variance + _EPSILON) * scale + offset
  count = tf.cast(tf.reduce_prod(tf.shape(x)[:-1]), x.dtype)
  return y, mean, variance * count / (count - 1)


def wide(dtype: tf.DType) -> tf.DType:
  """The type of weights, logits and losses: float32 or, in tests, float64."""
  return tf.float64 if dtype == tf.float64 else tf.float32
