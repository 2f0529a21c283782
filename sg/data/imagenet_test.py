# SPDX-License-Identifier: Apache-2.0
import os
import pathlib
import shutil

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np
import tensorflow as tf

from experiment import errors
from sg.data import augmentation
from sg.data import datasets
from sg.data import imagenet

# Grey levels, so that a JPEG has them exactly.
_LEVELS = {
    'train': {'n1': (10, 60, 110), 'n2': (160, 210)},
    'val': {'n1': (40,), 'n2': (180, 200)},
}


def _standardised(level):
  mean, std = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
  return (level / 255 - mean) / std


class ImageNetTest(parameterized.TestCase):

  def setUp(self):
    super().setUp()
    self.folder = pathlib.Path(self.create_tempdir().full_path)
    for split, classes in _LEVELS.items():
      for name, levels in classes.items():
        for level in levels:
          pixels = np.full([9, 13, 3], level)
          self._write(f'{split}/{name}/{level}.JPEG', pixels)
    (self.folder / 'train/n1/notes.txt').touch()

  def _write(self, name, pixels):
    path = self.folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(tf.io.encode_jpeg(pixels.astype(np.uint8)).numpy())
    return path

  def _open(self, image_size=8):
    return imagenet.ImageNet(self.folder, image_size)

  def test_describes_itself(self):
    data = datasets.open_dataset('imagenet', str(self.folder), 8)
    self.assertEqual((data.name, data.image_shape), ('imagenet', (8, 8, 3)))
    self.assertEqual(
        (data.classes, data.train_size, data.test_size), (2, 5, 3)
    )

  def test_test_set(self):
    batches = list(self._open().test(2))
    images, labels = (np.concatenate(p) for p in zip(*batches, strict=True))
    self.assertCountEqual(labels, [0, 1, 1])
    self.assertEqual((images.dtype, labels.dtype), (np.float32, np.int32))
    self.assertEqual(images.shape, (3, 8, 8, 3))
    order = np.argsort(images[:, 0, 0, 0])
    np.testing.assert_array_equal(labels[order], [0, 1, 1])
    for image, level in zip(images[order], (40, 180, 200), strict=True):
      # The mean and the deviation are rounded.
      np.testing.assert_allclose(
          image, np.broadcast_to(_standardised(level), image.shape), atol=1e-3
      )

  def test_held_out_images_are_tested_on_and_never_trained_on(self):
    data = self._open().validating(2)
    self.assertEqual((data.train_size, data.test_size), (3, 2))
    levels = []
    for batches in (data.train(3, seed=0).take(1), data.test(2)):
      ((images, labels),) = batches
      for image, label in zip(images.numpy(), labels.numpy(), strict=True):
        (level,) = [
            level
            for level in _LEVELS['train'][('n1', 'n2')[label]]
            if np.allclose(image[4, 4], _standardised(level), atol=1e-3)
        ]
        levels.append(level)
    self.assertCountEqual(levels, (10, 60, 110, 160, 210))

  def test_classes_are_mixed_in_the_test_set(self):
    for name in ('n1', 'n2'):
      for i in range(20):
        self._write(f'val/{name}/new{i}.JPEG', np.zeros([8, 8, 3]))
    ((_, labels),) = self._open().test(50).take(1)
    first = labels.numpy()[:20].tolist()
    self.assertGreater(min(first.count(0), first.count(1)), 4)
    ((_, again),) = self._open().test(50).take(1)
    np.testing.assert_array_equal(labels, again)

  def test_each_example_once_an_epoch(self):
    # 5 batches of 2 are two epochs.
    batches = list(self._open().train(2, seed=0).take(5))
    images, labels = (np.concatenate(p) for p in zip(*batches, strict=True))
    levels = images[:, 0, 0, 0] * 58.395 + 123.675
    for part in (slice(5), slice(5, 10)):
      np.testing.assert_allclose(
          sorted(levels[part]), (10, 60, 110, 160, 210), atol=0.01
      )
    np.testing.assert_array_equal(labels, levels > 130)

  def test_starts_at_any_step(self):
    rng = np.random.default_rng(0)
    for split, classes in _LEVELS.items():
      for name in classes:
        noise = rng.integers(0, 256, [30, 40, 3])
        self._write(f'{split}/{name}/noise.JPEG', noise)
    data = self._open()
    whole = list(data.train(3, seed=2).take(9))[6:]
    resumed = list(data.train(3, seed=2, start=6).take(3))
    other = list(data.train(3, seed=3, start=6).take(3))
    for before, after in zip(whole, resumed, strict=True):
      for left, right in zip(before, after, strict=True):
        np.testing.assert_array_equal(left, right)
    self.assertFalse(np.array_equal(whole[0][0], other[0][0]))

  def test_window_is_as_cut_from_the_whole(self):
    pixels = np.random.default_rng(0).integers(0, 256, [40, 50, 3])
    path = self._write('some.JPEG', pixels)
    whole = tf.io.decode_jpeg(path.read_bytes()).numpy()
    found = imagenet.decode(str(path), lambda _: tf.constant([16, 8, 20, 30]))
    # Colours at the window's edge are interpolated from fewer pixels.
    np.testing.assert_array_equal(found[2:-2, 2:-2], whole[18:34, 10:36])

  def test_png_in_a_jpeg_file(self):
    pixels = np.random.default_rng(0).integers(0, 256, [16, 20, 3], np.uint8)
    path = self.folder / 'some.JPEG'
    path.write_bytes(tf.io.encode_png(pixels).numpy())
    found = imagenet.decode(str(path), augmentation.centre_window)
    np.testing.assert_array_equal(found, pixels[1:15, 3:17])

  @parameterized.parameters(0, 2, 100, -1, -200)
  def test_names_the_broken_file(self, end):
    path = self.folder / 'val/n2/180.JPEG'
    path.write_bytes(path.read_bytes()[:end])
    with (
        self.assertRaisesRegex(
            errors.UserError, '^[^ ]*val/n2/180.JPEG: not a whole image: get'
        ) as caught,
        datasets.reading(),
    ):
      list(self._open().test(2))
    self.assertNotIn('\n', str(caught.exception))

  def test_names_the_file_that_cannot_be_read(self):
    for name in ('train/n1/60.JPEG', 'val/n2/180.JPEG'):
      path = self.folder / name
      path.unlink()
      path.symlink_to(self.folder / 'nowhere')
    for batches in (
        lambda: self._open().train(2, seed=0).take(5),
        lambda: self._open().test(2),
    ):
      with (
          self.assertRaisesRegex(
              errors.UserError, '^[^ ]*/n./[0-9]*.JPEG: No such file'
          ) as caught,
          datasets.reading(),
      ):
        list(batches())
      self.assertNotIn('\n', str(caught.exception))

  def test_tells_how_to_find_a_file_that_is_broken_in_its_middle(self):
    pixels = np.random.default_rng(0).integers(0, 256, [40, 50, 3])
    path = self._write('val/n2/180.JPEG', pixels)
    content = path.read_bytes()
    path.write_bytes(content[:20] + bytes(300) + content[320:])
    with (
        self.assertRaisesRegex(
            errors.UserError, f'^a photograph of {len(content)} bytes is broken'
        ),
        datasets.reading(),
    ):
      list(self._open().test(2))

  def test_names_a_photograph_that_says_it_is_enormous(self):
    path = self.folder / 'val/n2/180.JPEG'
    content = bytearray(path.read_bytes())
    frame = content.index(b'\xff\xc0')  # Its length, precision, two sides.
    content[frame + 5 : frame + 9] = (60000).to_bytes(2) * 2
    path.write_bytes(content)
    with (
        self.assertRaisesRegex(
            errors.UserError, '^[^ ]*val/n2/180.JPEG: 60000 x 60000 pixels: '
        ),
        datasets.reading(),
    ):
      list(self._open().test(2))

  def test_digest_is_of_names_sizes_and_times(self):
    found = self._open().digest
    copy = pathlib.Path(self.create_tempdir('copy').full_path)
    shutil.copytree(self.folder, copy, dirs_exist_ok=True)
    self.assertEqual(imagenet.ImageNet(copy, 8).digest, found)
    path = self.folder / 'train/n1/10.JPEG'
    before, time = path.read_bytes(), path.stat().st_mtime_ns
    path.write_bytes(before + b'\0')
    os.utime(path, ns=(time, time))
    self.assertNotEqual(self._open().digest, found)
    path.write_bytes(before)
    os.utime(path, ns=(time, time + 1))
    self.assertNotEqual(self._open().digest, found)
    os.utime(path, ns=(time, time))
    self.assertEqual(self._open().digest, found)
    self._write('val/n1/0.JPEG', np.zeros([8, 8, 3]))
    self.assertNotEqual(self._open().digest, found)

  def test_names_what_is_wrong_with_the_folder(self):
    with self.assertRaisesRegex(
        errors.UserError, r'none.train: no such folder: .*//sg:prepare_imagenet'
    ):
      imagenet.ImageNet(self.folder / 'none', 8)
    self._write('train/n3/1.JPEG', np.zeros([8, 8, 3]))
    with self.assertRaisesRegex(
        errors.UserError, 'train and val have other classes, such as n3: make'
    ):
      self._open()
    (self.folder / 'train/n4').mkdir()
    with self.assertRaisesRegex(errors.UserError, 'train/n4: no JPEG files: '):
      self._open()
    with self.assertRaisesRegex(errors.UserError, 'expected a folder for each'):
      imagenet.list_files(self.folder / 'train/n4')


if __name__ == '__main__':
  absltest.main()
