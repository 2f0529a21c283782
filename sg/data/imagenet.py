# SPDX-License-Identifier: Apache-2.0
"""ImageNet (Deng et al. 2009), or other photographs in folders like its own.

    <folder>/train/<class>/*.JPEG
    <folder>/val/<class>/*.JPEG

`./bazelw run //sg:prepare_imagenet` makes such a folder of the archives. A
class's number is its folder's place in the alphabet.
"""

from collections.abc import Callable
import copy
import hashlib
import os
import pathlib

import numpy as np
import tensorflow as tf

from experiment import errors
from experiment import ordering
from sg.data import augmentation
from sg.data import dataset

SPLITS = ('train', 'val')
SUFFIXES = ('.jpeg', '.jpg')

# Of each channel over the training set, as is usual (He et al. 2016's code).
MEAN = (123.675, 116.28, 103.53)
STD = (58.395, 57.12, 57.375)

_MOST_PIXELS = 100_000_000  # ImageNet's largest photograph has 61 million.

_WAY_OUT = (
    'make it of the archives with ./bazelw run //sg:prepare_imagenet, or '
    'without Bazel python -m sg.data.prepare_imagenet'
)


class ImageNet(dataset.Dataset):
  """Photographs in files, decoded when they are needed.

  To train, a random-resized-crop and a flip; to test, the square in the middle.
  """

  def __init__(self, folder: pathlib.Path, image_size: int):
    """Lists the files.

    Args:
      folder: with `train` and `val`.
      image_size: pixels on a side, after the crop.

    Raises:
      UserError: the folder is not as it should be.
    """
    files = {split: list_files(folder / split) for split in SPLITS}
    train, test = (set(files[split]) for split in SPLITS)
    if train != test:
      raise errors.UserError(
          f'{folder}: train and val have other classes, such as '
          f'{min(train ^ test)}: {_WAY_OUT}'
      )
    self.name = 'imagenet'
    self.digest = _digest(files, folder)
    self.image_shape = (image_size, image_size, 3)
    self.classes = len(train)
    with tf.device('cpu'):  # Where tf.data reads them.
      self._train, self._test = (_examples(files[split]) for split in SPLITS)
      # Always the same order, so that any part has images of many classes.
      shuffle = np.random.default_rng(0).permutation(len(self._test[0]))
      self._test = tuple(tf.gather(array, shuffle) for array in self._test)
    self.train_size, self.test_size = len(self._train[0]), len(self._test[0])

  def train(
      self, batch_size: int, seed: int, start: int = 0
  ) -> tf.data.Dataset:
    @dataset.as_it_is
    def make(position):
      index = ordering.indices(position[tf.newaxis], self.train_size, seed)[0]
      window_key, flip_key = tf.unstack(
          tf.random.split(tf.stack([tf.constant(seed, tf.int64), position]))
      )
      image = self._read(
          self._train[0][index],
          lambda shape: augmentation.random_window(shape, window_key),
      )
      image = tf.image.stateless_random_flip_left_right(image, flip_key)
      return image, self._train[1][index]

    positions = tf.data.Dataset.counter(start * batch_size)
    return self._batches(positions, make, batch_size)

  def test(self, batch_size: int) -> tf.data.Dataset:
    @dataset.as_it_is
    def make(index):
      image = self._read(self._test[0][index], augmentation.centre_window)
      return image, self._test[1][index]

    indices = tf.data.Dataset.range(self.test_size)
    return self._batches(indices, make, batch_size)

  def validating(self, count: int) -> 'ImageNet':
    found = copy.copy(self)
    with tf.device('cpu'):
      found._train, found._test = (
          tuple(tf.gather(array, indices) for array in self._train)
          for indices in dataset.hold_out(self._train[1].numpy(), count)
      )
    found.train_size, found.test_size = self.train_size - count, count
    return found

  def _read(
      self, path: tf.Tensor, window_of: Callable[[tf.Tensor], tf.Tensor]
  ) -> tf.Tensor:
    image = decode(path, window_of)
    # Of 128 images of 96 px to 64 px, antialiasing takes 30 ms and all else 25,
    # of which decoding 10: too little to be worth keeping decoded images.
    return tf.image.resize(image, self.image_shape[:2], antialias=True)

  def _batches(self, numbers, make, batch_size):
    examples = numbers.map(make, tf.data.AUTOTUNE, deterministic=True)
    return dataset.prefetch(
        examples.batch(batch_size).map(
            lambda images, labels: (
                augmentation.standardise(images, MEAN, STD), labels,
            )
        )
    )


def list_files(folder: pathlib.Path) -> dict[str, list[str]]:
  """The images in each class's folder, in alphabetical order.

  Raises:
    UserError: there is no such folder, it has no classes, or one is empty.
  """
  try:
    with errors.naming(folder):
      classes = sorted(entry.name for entry in os.scandir(folder)
                       if entry.is_dir() and not entry.name.startswith('.'))
      files = {
          name: sorted(
              entry.path for entry in os.scandir(folder / name)
              if entry.name.lower().endswith(SUFFIXES)
          )
          for name in classes
      }
  except FileNotFoundError:
    raise errors.UserError(f'{folder}: no such folder: {_WAY_OUT}') from None
  if not files:
    raise errors.UserError(
        f'{folder}: expected a folder for each class: {_WAY_OUT}'
    )
  for name, paths in files.items():
    if not paths:
      raise errors.UserError(f'{folder / name}: no JPEG files: {_WAY_OUT}')
  return files


def _digest(files: dict[str, dict[str, list[str]]], folder) -> str:
  """Of the names, and then of sizes and times: to read all takes too long."""
  names, states = hashlib.sha256(), hashlib.sha256()
  for split in SPLITS:
    for paths in files[split].values():
      for path in paths:
        names.update(os.path.relpath(path, folder).encode() + b'\0')
        states.update(f'{_state(path)}\0'.encode())
  return names.hexdigest() + states.hexdigest()


def _state(path: str) -> tuple[int, int] | None:
  """A file's size and time; None for one that its reading will name."""
  try:
    found = os.stat(path)
  except OSError:
    return None
  return found.st_size, found.st_mtime_ns


def _examples(files: dict[str, list[str]]) -> tuple[tf.Tensor, tf.Tensor]:
  """Paths [N] and labels [N]."""
  paths = [path for group in files.values() for path in group]
  labels = [i for i, group in enumerate(files.values()) for _ in group]
  return tf.constant(paths), tf.constant(labels, tf.int32)


def decode(
    path: tf.Tensor, window_of: Callable[[tf.Tensor], tf.Tensor]
) -> tf.Tensor:
  """Reads a part of an image.

  Args:
    path: of the file.
    window_of: takes the image's shape, int32 [3], and gives the part's top,
      left, height and width, int32 [4].

  Returns:
    uint8 [height, width, 3].
  """
  content = tf.io.read_file(path)

  def decode_window():
    window = window_of(tf.io.extract_jpeg_shape(content))
    return tf.io.decode_and_crop_jpeg(content, window, channels=3)

  def decode_all():
    image = tf.py_function(_decode_carefully, [path, content], tf.uint8)
    image.set_shape([None, None, 3])
    top, left, height, width = tf.unstack(window_of(tf.shape(image)))
    return image[top : top + height, left : left + width]

  def may_decode():
    shape = tf.cast(tf.io.extract_jpeg_shape(content), tf.int64)
    return shape[0] * shape[1] <= _MOST_PIXELS

  # TensorFlow's errors do not name the file; ImageNet has a PNG in a .JPEG.
  end = tf.strings.substr(
      content, tf.maximum(0, tf.strings.length(content) - 2), 2
  )
  whole = tf.io.is_jpeg(content) & (end == b'\xff\xd9')
  good = tf.cond(whole, may_decode, lambda: False)
  return tf.cond(good, decode_window, decode_all)


def _decode_carefully(path: tf.Tensor, content: tf.Tensor) -> tf.Tensor:
  try:
    if tf.io.is_jpeg(content):
      height, width, _ = tf.io.extract_jpeg_shape(content).numpy().tolist()
      if height * width > _MOST_PIXELS:
        raise errors.UserError(
            f'{path.numpy().decode()}: {width} x {height} pixels: expected at '
            f'most {_MOST_PIXELS:,}: get it again, or remove the file'
        )
    return tf.io.decode_image(content, channels=3, expand_animations=False)
  except tf.errors.InvalidArgumentError:
    raise errors.UserError(
        f'{path.numpy().decode()}: not a whole image: get it again, or remove '
        'the file'
    ) from None
