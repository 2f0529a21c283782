# SPDX-License-Identifier: Apache-2.0
"""CIFAR-10 (Krizhevsky 2009), from the files of its binary version.

`./bazelw run //sg:prepare_cifar10` gets them. A record is a byte for the label
and 3072 for the pixels: 1024 of red, of green and of blue, row by row.
"""

import hashlib
import pathlib

import numpy as np
import tensorflow as tf

from experiment import errors
from experiment import tensorflow_errors
from sg.data import dataset

TRAIN_FILES = tuple(f'data_batch_{number}.bin' for number in range(1, 6))
TEST_FILES = ('test_batch.bin',)
RECORDS = 10_000  # In each file.
CLASSES = 10
SIDE = 32  # Pixels.

# Of the 50,000 training images: each channel's mean and standard deviation.
MEAN = (125.3069, 122.9504, 113.8654)
STD = (62.9932, 62.0887, 66.7049)

# SHA-256 of the images, uint8 [N, 32, 32, 3], and the labels, uint8 [N].
_TRAIN_HASHES = (
    '47af8b02cfcfb6cdf3dbbd1969ad7f1b70f4413f6f80f437b020ee4e5bc8304a',
    '2b7cd2f24487317614016b72ffd53071c3062f592f0eb300c18a770d41ae1253',
)
_TEST_HASHES = (
    'f9b1e2130bab680db56eb06d886f7f1ad0f1183907ceff4659d1735c890f5b04',
    'cec8a24a1e92aa2ecaa0bbd3dbfa86bf6cd8759fbd209a832824c8cf0afca9d5',
)
_RECORD_BYTES = 1 + 3 * SIDE * SIDE
_WAY_OUT = (
    'get the data with ./bazelw run //sg:prepare_cifar10, or without Bazel '
    'python -m sg.data.prepare_cifar10'
)

Examples = tuple[np.ndarray, np.ndarray]


def load(folder: pathlib.Path) -> dataset.InMemory:
  """The data set in a folder; see `verified`."""
  train, test = verified(folder)
  return dataset.InMemory('cifar10', train, test, CLASSES, MEAN, STD)


def verified(folder: pathlib.Path) -> tuple[Examples, Examples]:
  """Reads CIFAR-10's six files, and makes sure that it is CIFAR-10.

  Returns:
    Training and test set: images, uint8 [N, 32, 32, 3], and labels, uint8 [N].

  Raises:
    UserError: a file is missing, has another size, or other data.
  """
  train, test = _read(folder, TRAIN_FILES), _read(folder, TEST_FILES)
  for names, examples, hashes in (
      (TRAIN_FILES, train, _TRAIN_HASHES),
      (TEST_FILES, test, _TEST_HASHES),
  ):
    for kind, array, expected in zip(
        ('images', 'labels'), examples, hashes, strict=True
    ):
      if hashlib.sha256(array).hexdigest() != expected:
        raise errors.UserError(
            f'{folder}: the {kind} in {names[0]}'
            f'{" ... " + names[-1] if len(names) > 1 else ""} are not those of '
            f'CIFAR-10 (wrong checksum): {_WAY_OUT}'
        )
  return train, test


def _read(folder: pathlib.Path, names: tuple[str, ...]) -> Examples:
  """The images and labels in files of records."""
  paths = [folder / name for name in names]
  expected = RECORDS * _RECORD_BYTES
  for path in paths:
    try:
      with errors.naming(path):
        size = path.stat().st_size
    except FileNotFoundError:
      raise errors.UserError(f'{path}: no such file: {_WAY_OUT}') from None
    if size != expected:
      raise errors.UserError(
          f'{path}: expected {expected:,} bytes, got {size:,}: {_WAY_OUT}'
      )
  with tensorflow_errors.naming(folder):
    records = tf.data.FixedLengthRecordDataset(
        [str(path) for path in paths], _RECORD_BYTES
    ).batch(RECORDS)
    pixels = np.concatenate(
        [tf.io.decode_raw(batch, tf.uint8).numpy() for batch in records]
    )
  labels = pixels[:, 0]
  wrong = np.flatnonzero(labels >= CLASSES)
  if wrong.size:
    file, record = divmod(int(wrong[0]), RECORDS)
    raise errors.UserError(
        f'{paths[file]}: record {record}: expected a label from 0 to 9, got '
        f'{labels[wrong[0]]}: {_WAY_OUT}'
    )
  images = pixels[:, 1:].reshape(-1, 3, SIDE, SIDE).transpose(0, 2, 3, 1)
  return np.ascontiguousarray(images), np.ascontiguousarray(labels)


def write(path: pathlib.Path, images: np.ndarray, labels: np.ndarray) -> None:
  """Writes a file of records: images uint8 [N, 32, 32, 3], labels uint8 [N]."""
  pixels = images.transpose(0, 3, 1, 2).reshape(len(images), -1)
  path.write_bytes(np.concatenate([labels[:, None], pixels], axis=1).tobytes())
