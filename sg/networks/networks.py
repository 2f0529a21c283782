# SPDX-License-Identifier: Apache-2.0
"""Networks that can be cut: a list of blocks, and the segments between cuts.

A block is a Sonnet module called as `block(x, statistics)`. Segment k holds the
blocks from cut k - 1 to cut k, so that any network written as such a list can
be cut between any two of its blocks.

Axes: B batch, H height, W width, C channels.
"""

from collections.abc import Sequence
import itertools

import sonnet as snt
import tensorflow as tf

from sg.networks import layers

Statistics = layers.Statistics


class ConvBlock(snt.Module):
  """Convolution, batch norm, ReLU."""

  def __init__(
      self,
      channels: int,
      kernel: int = 3,
      stride: int = 1,
      *,
      relu: bool = True,
      zero: bool = False,
  ):
    """Makes the block; `zero` starts its scale, and so its output, at zero."""
    super().__init__()
    self._convolution = layers.Convolution(channels, kernel, stride)
    self._norm = layers.BatchNorm(zero=zero)
    self._relu = relu

  def __call__(self, x: tf.Tensor, statistics: Statistics) -> tf.Tensor:
    x = self._norm(self._convolution(x), statistics)
    return tf.nn.relu(x) if self._relu else x


class Bottleneck(snt.Module):
  """The residual block of ResNet-50 (He et al., 2016), stride in its 3x3.

  Convolutions 1x1, 3x3 and 1x1 of `channels`, `channels` and 4 `channels`; the
  shortcut is a 1x1 convolution where the shape changes.
  """

  def __init__(
      self, channels: int, stride: int, project: bool, zero: bool = False
  ):
    """Makes the block; `zero` starts it as its shortcut."""
    super().__init__()
    self._blocks = [
        ConvBlock(channels, 1),
        ConvBlock(channels, 3, stride),
        ConvBlock(4 * channels, 1, relu=False, zero=zero),
    ]
    self._shortcut = (
        ConvBlock(4 * channels, 1, stride, relu=False) if project else None
    )

  def __call__(self, x: tf.Tensor, statistics: Statistics) -> tf.Tensor:
    residual = x
    for block in self._blocks:
      residual = block(residual, statistics)
    if self._shortcut is not None:
      x = self._shortcut(x, statistics)
    return tf.nn.relu(x + residual)


class Stem(snt.Module):
  """ResNet's start: convolution 7x7 / 2, batch norm, ReLU, max pooling / 2."""

  def __init__(self, channels: int, pooling: bool = True):
    super().__init__()
    self._block = ConvBlock(channels, 7, 2)
    self._pooling = pooling

  def __call__(self, x: tf.Tensor, statistics: Statistics) -> tf.Tensor:
    x = self._block(x, statistics)
    return tf.nn.max_pool2d(x, 3, 2, padding='SAME') if self._pooling else x


class Head(snt.Module):
  """Logits [B, classes], float32 or wider, of [B, H, W, C]."""

  def __init__(self, classes: int, average: bool):
    """Makes the head; `average` pools over H and W rather than flattening."""
    super().__init__()
    self._linear = layers.Linear(classes)
    self._average = average

  def __call__(self, x: tf.Tensor, statistics: Statistics) -> tf.Tensor:
    del statistics
    x = tf.reduce_mean(x, axis=(1, 2)) if self._average else snt.flatten(x)
    logits = self._linear(x)
    return tf.cast(logits, layers.wide(logits.dtype))


class Segment(snt.Module):
  """The blocks between two cuts, one after the other."""

  def __init__(self, blocks: Sequence[snt.Module], name: str | None = None):
    super().__init__(name)
    self.blocks = list(blocks)

  def __call__(self, x: tf.Tensor, statistics: Statistics) -> tf.Tensor:
    for block in self.blocks:
      x = block(x, statistics)
    return x


def cut(blocks: Sequence[snt.Module], at: Sequence[int]) -> list[Segment]:
  """Cuts a network into segments.

  Args:
    blocks: the network, from the input to the logits.
    at: after how many blocks to cut, ascending; nothing for a single segment.

  Returns:
    One segment more than there are cuts.

  Raises:
    ValueError: a cut that is not between two blocks, or not ascending.
  """
  spans = list(itertools.pairwise([0, *at, len(blocks)]))
  if any(start >= end for start, end in spans):
    raise ValueError(
        f'at: expected ascending numbers from 1 to {len(blocks) - 1}, got '
        f'{list(at)}'
    )
  return [
      Segment(blocks[start:end], name=f'segment_{k}')
      for k, (start, end) in enumerate(spans, 1)
  ]


# After each group of convolutions: the paper's three modules [S, D].
CIFAR10_CUTS = {0: (), 3: (2, 5, 8)}
# After conv3_x; after conv2_x, conv3_x and conv4_x [O].
RESNET50_CUTS = {0: (), 1: (8,), 3: (4, 8, 14)}


def cifar10(width: int = 64, classes: int = 10) -> list[snt.Module]:
  """The network of Table 1's CIFAR-10 row, eleven convolutions and a head.

  conv3x3-64 x2, conv3x3-128 x3, conv3x3-256 x3, conv3x3-512 x3, flatten, linear
  [S, D: the one network with Lee & Lee's (2019) parameter counts]; the first
  convolution of each group but the first has stride 2 [M]. 7.87 million
  parameters.

  Args:
    width: channels of the first group; the paper's is 64.
    classes: number of classes.

  Returns:
    Twelve blocks.
  """
  blocks: list[snt.Module] = [ConvBlock(width), ConvBlock(width)]
  for factor in (2, 4, 8):
    blocks += [
        ConvBlock(factor * width, stride=2),
        ConvBlock(factor * width),
        ConvBlock(factor * width),
    ]
  return [*blocks, Head(classes, average=False)]


def resnet50(
    width: int = 64,
    classes: int = 1000,
    stem_pooling: bool = True,
    zero_residuals: bool = False,
) -> list[snt.Module]:
  """ResNet-50 [V]: the stem, 3 + 4 + 6 + 3 bottlenecks, the head.

  Args:
    width: channels of the stem; the paper's is 64.
    classes: number of classes.
    stem_pooling: whether the stem pools; without, all maps are twice as wide
      and high.
    zero_residuals: whether each block starts as its shortcut, its last scale at
      zero (Goyal et al., 2017).

  Returns:
    Eighteen blocks; 25.56 million parameters with the defaults.
  """
  blocks: list[snt.Module] = [Stem(width, stem_pooling)]
  for group, count in enumerate((3, 4, 6, 3)):
    for index in range(count):
      stride = 2 if group and not index else 1
      blocks.append(
          Bottleneck(width * 2**group, stride, not index, zero_residuals)
      )
  return [*blocks, Head(classes, average=True)]
