# SPDX-License-Identifier: Apache-2.0
from absl.testing import absltest
from absl.testing import parameterized
import numpy as np
import tensorflow as tf

from sg.data import augmentation


def _images(*shape):
  return np.random.default_rng(0).integers(1, 256, shape, np.uint8)


def _crop(image, top, left, flip, pad):
  """The slow truth: copies pixel by pixel."""
  height, width, _ = image.shape
  result = np.zeros_like(image)
  for i in range(height):
    for j in range(width):
      row, column = i + top - pad, j + left - pad
      if 0 <= row < height and 0 <= column < width:
        result[i, width - 1 - j if flip else j] = image[row, column]
  return result


class CropAndFlipTest(absltest.TestCase):

  def test_results_are_crops_of_the_padded_images(self):
    images = _images(200, 5, 6, 2)
    pad = 1
    found = augmentation.crop_and_flip(images, pad, [1, 2]).numpy()
    drawn = []
    for image, result in zip(images, found, strict=True):
      matches = [
          (top, left, flip)
          for top in range(2 * pad + 1)
          for left in range(2 * pad + 1)
          for flip in (False, True)
          if np.array_equal(result, _crop(image, top, left, flip, pad))
      ]
      self.assertLen(matches, 1)
      drawn += matches
    # 18 outcomes, each missing from 200 with probability 1e-5.
    self.assertLen(set(drawn), 18)
    columns = zip(*drawn, strict=True)
    for values, choices in zip(columns, (3, 3, 2), strict=True):
      counts = np.bincount(values, minlength=choices)
      # Within 4 deviations of a binomial.
      spread = np.sqrt(200 * (1 / choices) * (1 - 1 / choices))
      np.testing.assert_allclose(counts, 200 / choices, atol=4 * spread)

  def test_depends_on_the_seed_alone(self):
    images = _images(16, 8, 8, 3)
    compiled = tf.function(augmentation.crop_and_flip)
    first = augmentation.crop_and_flip(images, 2, [1, 2])
    again = compiled(tf.constant(images), 2, tf.constant([1, 2]))
    other = augmentation.crop_and_flip(images, 2, [1, 3])
    np.testing.assert_array_equal(first, again)
    self.assertFalse(np.array_equal(first, other))

  def test_without_pad_only_flips(self):
    images = _images(40, 4, 4, 1)
    found = augmentation.crop_and_flip(images, 0, [0, 0]).numpy()
    kept = (found == images).all((1, 2, 3))
    flipped = (found == images[:, :, ::-1]).all((1, 2, 3))
    self.assertTrue((kept ^ flipped).all())


class StandardiseTest(absltest.TestCase):

  def test_as_channel_by_channel(self):
    images = _images(3, 4, 5, 2)
    mean, std = (100.0, 50.0), (60.0, 70.0)
    found = augmentation.standardise(images, mean, std).numpy()
    self.assertEqual(found.dtype, np.float32)
    for channel in range(2):
      expected = (images[..., channel] - mean[channel]) / std[channel]
      # Rounding of float32.
      np.testing.assert_allclose(found[..., channel], expected, atol=1e-5)


class WindowsTest(parameterized.TestCase):

  @parameterized.parameters((60, 90), (96, 96), (400, 300))
  def test_random_windows_are_in_the_ranges(self, height, width):
    windows = np.array([
        augmentation.random_window(tf.constant([height, width, 3]), [0, step])
        for step in range(300)
    ])
    top, left, window_height, window_width = windows.T
    self.assertTrue((windows[:, :2] >= 0).all())
    self.assertTrue((top + window_height <= height).all())
    self.assertTrue((left + window_width <= width).all())
    area = window_height * window_width / (height * width)
    ratio = window_width / window_height
    # Sides are rounded to pixels, of which the least window has 16 or more.
    rounding = 1.07
    self.assertGreater(area.min(), 0.08 / rounding)
    self.assertBetween(ratio.min(), 0.75 / rounding, 0.85)
    self.assertBetween(ratio.max(), 1.2, 4 / 3 * rounding)
    self.assertLess(area.min(), 0.15)
    self.assertGreater(area.max(), 0.85)
    self.assertGreater(len(set(top)), 20)
    self.assertGreater(len(set(left)), 20)

  @parameterized.parameters(
      ((256, 256), (16, 16, 224, 224)),
      ((512, 256), (144, 16, 224, 224)),
      ((256, 300), (16, 38, 224, 224)),
      ((96, 96), (6, 6, 84, 84)),
      ((1, 5), (0, 2, 1, 1)),
  )
  def test_centre_window(self, size, expected):
    found = augmentation.centre_window(tf.constant([*size, 3]))
    self.assertEqual(tuple(found.numpy()), expected)


if __name__ == '__main__':
  absltest.main()
