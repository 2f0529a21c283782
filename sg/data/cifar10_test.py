# SPDX-License-Identifier: Apache-2.0
import hashlib
import pathlib
from unittest import mock

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

from experiment import errors
from sg.data import cifar10

_COUNT = 3  # Records in a file, in place of 10,000.


def _fake_hashes(names, seed):
  rng = np.random.default_rng(seed)
  count = _COUNT * len(names)
  images = rng.integers(0, 256, [count, 32, 32, 3], np.uint8)
  labels = rng.integers(0, 10, count, np.uint8)
  hashes = [hashlib.sha256(array).hexdigest() for array in (images, labels)]
  return images, labels, tuple(hashes)


class Cifar10Test(parameterized.TestCase):

  def setUp(self):
    super().setUp()
    self.folder = pathlib.Path(self.create_tempdir().full_path)
    self.images, self.labels, train = _fake_hashes(cifar10.TRAIN_FILES, 0)
    test_images, test_labels, test = _fake_hashes(cifar10.TEST_FILES, 1)
    self.enter_context(
        mock.patch.multiple(
            cifar10, RECORDS=_COUNT, _TRAIN_HASHES=train, _TEST_HASHES=test
        )
    )
    names = cifar10.TRAIN_FILES + cifar10.TEST_FILES
    images = np.split(np.concatenate([self.images, test_images]), len(names))
    labels = np.split(np.concatenate([self.labels, test_labels]), len(names))
    for name, *examples in zip(names, images, labels, strict=True):
      self._write(name, *examples)

  def _write(self, name, images, labels):
    """Writes byte by byte, as the authors describe the format."""
    data = bytearray()
    for image, label in zip(images, labels, strict=True):
      data.append(label)
      for channel in range(3):
        for row in range(32):
          data += bytes(image[row, column, channel] for column in range(32))
    (self.folder / name).write_bytes(data)

  def test_reads_the_records(self):
    (images, labels), test = cifar10.verified(self.folder)
    np.testing.assert_array_equal(images, self.images)
    np.testing.assert_array_equal(labels, self.labels)
    self.assertLen(test[1], _COUNT)

  def test_gives_a_data_set(self):
    data = cifar10.load(self.folder)
    self.assertEqual((data.name, data.image_shape), ('cifar10', (32, 32, 3)))
    self.assertEqual((data.train_size, data.test_size), (15, 3))
    self.assertEqual(data.classes, 10)
    images, _ = next(iter(data.test(3)))
    (_, _), (raw, _) = cifar10.verified(self.folder)
    mean, std = (125.31, 122.95, 113.87), (62.99, 62.09, 66.70)
    # The constants here have two digits behind the point.
    np.testing.assert_allclose(images, (raw - mean) / std, atol=1e-3)

  def test_writes_what_it_reads(self):
    path = self.folder / 'copy.bin'
    cifar10.write(path, self.images[:_COUNT], self.labels[:_COUNT])
    self.assertEqual(
        path.read_bytes(), (self.folder / 'data_batch_1.bin').read_bytes()
    )

  def test_missing(self):
    (self.folder / 'data_batch_4.bin').unlink()
    with self.assertRaisesRegex(
        errors.UserError, 'data_batch_4.bin: no such file: .*//sg:prepare_cif'
    ):
      cifar10.load(self.folder)

  def test_truncated(self):
    path = self.folder / 'test_batch.bin'
    path.write_bytes(path.read_bytes()[:-1])
    with self.assertRaisesRegex(
        errors.UserError,
        'test_batch.bin: expected 9,219 bytes, got 9,218: .*//sg:prepare_cifar',
    ):
      cifar10.load(self.folder)

  def test_wrong_label(self):
    path = self.folder / 'data_batch_2.bin'
    data = bytearray(path.read_bytes())
    data[2 * 3073] = 10
    path.write_bytes(data)
    with self.assertRaisesRegex(
        errors.UserError,
        'data_batch_2.bin: record 2: expected a label from 0 to 9, got 10: get',
    ):
      cifar10.load(self.folder)

  @parameterized.parameters(
      ('data_batch_5.bin', 1, r'images in data_batch_1.bin \.\.\. data_ba'),
      ('test_batch.bin', 1, 'images in test_batch.bin are not'),
      ('test_batch.bin', 0, 'labels in test_batch.bin are not'),
  )
  def test_other_data(self, name, byte, expected):
    path = self.folder / name
    data = bytearray(path.read_bytes())
    data[byte] ^= 1
    path.write_bytes(data)
    with self.assertRaisesRegex(errors.UserError, expected):
      cifar10.load(self.folder)


if __name__ == '__main__':
  absltest.main()
