# SPDX-License-Identifier: Apache-2.0
from absl.testing import absltest
from absl.testing import parameterized
import numpy as np
import sonnet as snt
import tensorflow as tf

from sg.networks import layers
from sg.networks import networks

Statistics = layers.Statistics


def parameters(module):
  return sum(v.shape.num_elements() for v in module.trainable_variables)


class CutTest(parameterized.TestCase):

  @parameterized.parameters(((),), ((2, 5, 8),), ((1,),), ((11,),))
  def test_the_segments_together_are_the_network(self, at):
    blocks = networks.cifar10(2)
    x = tf.random.stateless_normal([2, 32, 32, 3], [1, 2])
    segments = networks.cut(blocks, at)
    self.assertLen(segments, len(at) + 1)
    self.assertLen(sum((s.blocks for s in segments), []), 12)
    whole, cut = x, x
    for block in blocks:
      whole = block(whole, Statistics.BATCH)
    for segment in segments:
      cut = segment(cut, Statistics.BATCH)
    np.testing.assert_array_equal(whole, cut)

  @parameterized.parameters((0,), (12,), (3, 3), (5, 2))
  def test_names_a_cut_that_is_none(self, *at):
    with self.assertRaisesRegex(ValueError, 'at: expected ascending .* 11'):
      networks.cut(networks.cifar10(2), at)


class NetworksTest(parameterized.TestCase):

  def test_cifar10_has_the_parameters_of_the_paper(self):
    segments = networks.cut(networks.cifar10(), networks.CIFAR10_CUTS[3])
    h = tf.zeros([1, 32, 32, 3])
    shapes = []
    for segment in segments:
      h = segment(h, Statistics.BATCH)
      shapes.append(h.shape.as_list()[1:])
    self.assertEqual(
        shapes, [[32, 32, 64], [16, 16, 128], [8, 8, 256], [10]]
    )
    # By hand: 9 in out, and 2 out for batch norm; the head 4 * 4 * 512 in.
    channels = [3, 64, 64] + 3 * [128] + 3 * [256] + 3 * [512]
    expected = sum(
        9 * i * o + 2 * o for i, o in zip(channels, channels[1:], strict=False)
    )
    expected += 8192 * 10 + 10
    found = sum(map(parameters, segments))
    self.assertEqual(found, expected)
    self.assertEqual(round(found / 1e6, 2), 7.87)

  def test_resnet50_has_its_published_parameters(self):
    blocks = networks.resnet50()
    self.assertLen(blocks, 18)
    h = tf.zeros([1, 64, 64, 3])
    shapes = []
    for block in blocks:
      h = block(h, Statistics.BATCH)
      shapes.append(h.shape.as_list()[1:])
    # torchvision and Keras (without its convolutions' biases).
    self.assertEqual(sum(map(parameters, blocks)), 25_557_032)
    at = {
        count: [shapes[i - 1] for i in cuts]
        for count, cuts in networks.RESNET50_CUTS.items()
    }
    self.assertEqual(at[1], [[8, 8, 512]])
    self.assertEqual(at[3], [[16, 16, 256], [8, 8, 512], [4, 4, 1024]])
    self.assertEqual(shapes[-1], [1000])

  def test_an_identity_shortcut(self):
    block = networks.Bottleneck(2, 1, project=False)
    x = tf.random.stateless_normal([1, 4, 4, 8], [3, 4])
    block(x, Statistics.BATCH)
    for norm in (v for v in block.trainable_variables if 'scale' in v.name):
      norm.assign(tf.zeros_like(norm))
    np.testing.assert_array_equal(block(x, Statistics.BATCH), tf.nn.relu(x))

  def test_the_stem(self):
    stem = networks.Stem(4)
    self.assertEqual(
        stem(tf.zeros([1, 64, 64, 3]), Statistics.BATCH).shape, [1, 16, 16, 4]
    )

  def test_the_head_flattens_or_averages(self):
    x = tf.random.stateless_normal([2, 3, 3, 4], [5, 6], dtype=tf.float64)
    for average, size in ((True, 4), (False, 36)):
      head = networks.Head(2, average)
      found = head(x, Statistics.BATCH)
      linear = [v for v in head.trainable_variables if v.shape.rank == 2][0]
      self.assertEqual(linear.shape, [size, 2])
      flat = tf.reduce_mean(x, (1, 2)) if average else snt.flatten(x)
      np.testing.assert_allclose(found, flat @ linear, rtol=1e-12)
    logits = networks.Head(2, True)(tf.cast(x, tf.bfloat16), Statistics.BATCH)
    self.assertEqual(logits.dtype, tf.float32)


if __name__ == '__main__':
  absltest.main()
