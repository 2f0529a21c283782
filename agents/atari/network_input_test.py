# SPDX-License-Identifier: Apache-2.0
from absl.testing import absltest
from absl.testing import parameterized
import numpy as np
import tensorflow as tf

from agents.atari import network_input


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


if __name__ == '__main__':
  absltest.main()
