# SPDX-License-Identifier: Apache-2.0
"""Images and labels to train and test on: the interface, and one in memory."""

import abc
from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from experiment import errors
from experiment import ordering
from sg.data import augmentation


class Dataset(abc.ABC):
  """A set of images in classes.

  Attributes:
    name: what it is called, as in results.
    image_shape: height, width and channels.
    classes: how many there are.
    train_size: examples to train on.
    test_size: examples to test on.
    digest: another one for other data of the same name.
  """

  name: str
  image_shape: tuple[int, int, int]
  classes: int
  train_size: int
  test_size: int
  digest: str

  @abc.abstractmethod
  def train(
      self, batch_size: int, seed: int, start: int = 0
  ) -> tf.data.Dataset:
    """Batches to train on, without end.

    Every epoch has another order, and each example once. Batches may
    cross the end of an epoch.

    Args:
      batch_size: B.
      seed: of the order and the augmentation.
      start: the first step. The batch of a step depends on the seed and the
        step alone, so that a run can resume at any step.

    Returns:
      Pairs of augmented, standardised images, float32 [B, H, W, C], and labels,
      int32 [B].
    """

  @abc.abstractmethod
  def validating(self, count: int) -> 'Dataset':
    """This data set with training images held out in place of the test set.

    Args:
      count: how many images to hold out; see `hold_out`.

    Raises:
      UserError: there are not as many.
    """

  @abc.abstractmethod
  def test(self, batch_size: int) -> tf.data.Dataset:
    """The test set, not augmented, in an order in which classes are mixed.

    Always the same order. The last batch is smaller.
    """


# For functions that tf.data maps: AutoGraph takes seconds to find that there is
# nothing to convert.
as_it_is = tf.autograph.experimental.do_not_convert


def prefetch(batches: tf.data.Dataset) -> tf.data.Dataset:
  """Makes the next batches while the device computes.

  Without tf.data's tuning, whose thread an iterator waits for when it is let
  go, for up to a minute.
  """
  options = tf.data.Options()
  options.autotune.enabled = False
  return batches.prefetch(2).with_options(options)


def hold_out(labels: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
  """Holds examples out for validation, always the same.

  Args:
    labels: of all examples, [N].
    count: how many to hold out.

  Returns:
    Indices of the examples to train on, ascending, and of those held out, of
    which each class has its share, in an order in which classes are mixed.

  Raises:
    UserError: nothing would be left on one of the two sides.
  """
  labels = np.asarray(labels)
  if not 0 < count < len(labels):
    raise errors.UserError(
        f'--validation={count}: expected fewer than the {len(labels):,} '
        'training images'
    )
  shuffled = np.random.default_rng(0).permutation(len(labels))
  rank = np.empty(len(labels))
  for label in np.unique(labels):
    members = np.flatnonzero(labels[shuffled] == label)
    # Evenly spaced from 0 to 1, so that any share takes the same of each class.
    rank[members] = (np.arange(len(members)) + 0.5) / len(members)
  held_out = np.sort(np.argsort(rank, kind='stable')[:count])
  return np.sort(np.delete(shuffled, held_out)), shuffled[held_out]


class InMemory(Dataset):
  """A data set whose images are all in memory.

  Training images are padded by an eighth (4 of 32 pixels), cropped at random
  and flipped.
  """

  def __init__(
      self,
      name: str,
      train: tuple[np.ndarray, np.ndarray],
      test: tuple[np.ndarray, np.ndarray],
      classes: int,
      mean: Sequence[float],
      std: Sequence[float],
  ):
    """Keeps the images.

    Args:
      name: of the data set.
      train: images, uint8 [N, H, W, C], and labels, [N].
      test: likewise.
      classes: how many there are.
      mean: of each channel [C], in pixel values from 0 to 255.
      std: the standard deviation of each channel [C].
    """
    self.name = self.digest = name  # Checked when read, or made here.
    self.image_shape = tuple(train[0].shape[1:])
    self.classes = classes
    self.train_size = len(train[0])
    self.test_size = len(test[0])
    self._mean, self._std = mean, std
    with tf.device('cpu'):  # Where tf.data reads them.
      self._train, self._test = (
          (tf.constant(images), tf.constant(labels, tf.int32))
          for images, labels in (train, test)
      )

  def train(
      self, batch_size: int, seed: int, start: int = 0
  ) -> tf.data.Dataset:
    pad = self.image_shape[0] // 8

    @as_it_is
    def make(step):
      positions = step * batch_size + tf.range(batch_size, dtype=tf.int64)
      chosen = ordering.indices(positions, self.train_size, seed)
      images, labels = (tf.gather(array, chosen) for array in self._train)
      images = augmentation.crop_and_flip(
          images, pad, tf.stack([tf.constant(seed, tf.int64), step])
      )
      return self._standardise(images), labels

    return prefetch(tf.data.Dataset.counter(start).map(make))

  def test(self, batch_size: int) -> tf.data.Dataset:
    @as_it_is
    def make(begin):
      end = tf.minimum(begin + batch_size, self.test_size)
      images, labels = (array[begin:end] for array in self._test)
      return self._standardise(images), labels

    begins = tf.data.Dataset.range(0, self.test_size, batch_size)
    return prefetch(begins.map(make))

  def validating(self, count: int) -> 'InMemory':
    return InMemory(
        self.name,
        *(
            tuple(tf.gather(array, indices).numpy() for array in self._train)
            for indices in hold_out(self._train[1].numpy(), count)
        ),
        self.classes,
        self._mean,
        self._std,
    )

  def _standardise(self, images: tf.Tensor) -> tf.Tensor:
    return augmentation.standardise(images, self._mean, self._std)
