# SPDX-License-Identifier: Apache-2.0
from absl.testing import absltest
from absl.testing import parameterized
import numpy as np
import sonnet as snt
import tensorflow as tf

from agents.atari import network_input

# Sums of 256 float32 products of numbers up to 3.
TOLERANCE = 1e-5


class NetworkInputTest(parameterized.TestCase):

  def setUp(self):
    super().setUp()
    rng = np.random.default_rng(0)
    self.seen = rng.integers(256, size=[2, 4, 84, 84]).astype(np.uint8)

  def _expected(self):
    """Every point by its indices, from 0 to 1."""
    found = np.empty([2, 21, 21, 4, 4, 4])
    for row in range(4):
      for column in range(4):
        # Of each square, frame by frame, one pixel.
        pixels = self.seen[:, :, row::4, column::4]
        found[..., row, column] = pixels.transpose(0, 2, 3, 1)
    return found.reshape(2, 21, 21, 64) / 255

  def test_points(self):
    found = network_input.points(tf.constant(self.seen))
    self.assertEqual(found.shape[1:], network_input.SHAPE)
    np.testing.assert_allclose(found, self._expected(), rtol=1e-6)

  @parameterized.product(
      background=(0, 87),
      of_type=(
          (tf.float32, 2**-23), (tf.bfloat16, 2**-7), (tf.float16, 2**-10)
      ),
  )
  def test_centred(self, background, of_type):
    dtype, digit = of_type
    expected = self._expected() - background / 255
    direct = network_input.centred_observations(
        tf.constant(self.seen), background, dtype
    )
    self.assertEqual(direct.dtype, dtype)
    # The difference is exact, and the quotient rounded once or twice.
    np.testing.assert_allclose(
        tf.cast(direct, tf.float64), expected, rtol=1.5 * digit
    )
    of_points = network_input.centred(
        network_input.points(tf.constant(self.seen)), background
    )
    np.testing.assert_allclose(of_points, expected, atol=1e-6)


class PixelConvolutionTest(absltest.TestCase):

  def setUp(self):
    super().setUp()
    self.frames = tf.constant(
        np.random.default_rng(0).normal(size=[2, 4, 24, 16]), tf.float32
    )
    self.ours = network_input.PixelConvolution(5, name='conv')
    self.plain = snt.Conv2D(5, 8, 4, padding='VALID', name='conv')
    self.plain(tf.transpose(self.frames, [0, 2, 3, 1]))
    for mine, other in zip(
        self.ours.variables, self.plain.variables, strict=True
    ):
      self.assertEqual(mine.name, other.name)
      other.assign(mine + 0.1)
      mine.assign(other)

  def _both(self, function):
    with tf.GradientTape(persistent=True) as tape:
      tape.watch(self.frames)
      ours = self.ours(network_input.squares(self.frames))
      plain = self.plain(tf.transpose(self.frames, [0, 2, 3, 1]))
      losses = function(ours), function(plain)
    np.testing.assert_allclose(ours, plain, rtol=TOLERANCE, atol=TOLERANCE)
    return (
        tape.gradient(losses[0], [self.frames, self.ours.w, self.ours.b]),
        tape.gradient(losses[1], [self.frames, self.plain.w, self.plain.b]),
    )

  def test_value_and_gradients_are_those_of_the_strided_convolution(self):
    found = self._both(lambda y: tf.reduce_sum(y**2))
    for mine, other in zip(*found, strict=True):
      np.testing.assert_allclose(mine, other, rtol=TOLERANCE, atol=1e-3)

  def test_bytes_are_moved_like_other_numbers(self):
    frames = np.random.default_rng(0).integers(256, size=[2, 3, 8, 12])
    # As float32, signalling NaNs and subnormal numbers.
    frames[0, 0, :, :4] = [1, 0, 128, 127]
    frames[0, 1, :, :4] = [1, 0, 0, 128]
    np.testing.assert_array_equal(
        network_input.squares(tf.constant(frames, tf.uint8)),
        network_input.squares(tf.constant(frames, tf.int64)),
    )

  def test_starts_as_sonnet_does(self):
    # 8,192 draws of a normal cut off at two standard deviations of 1 / 16.
    w = network_input.PixelConvolution(32, name='conv').w.numpy()
    self.assertLessEqual(np.abs(w).max(), 2 / 16)
    self.assertAlmostEqual(w.std(), 0.88 / 16, delta=0.03 / 16)


if __name__ == '__main__':
  absltest.main()
