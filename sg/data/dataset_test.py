# SPDX-License-Identifier: Apache-2.0
from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

from experiment import errors
from sg.data import dataset

_SIZE = 10
_LABELS = np.repeat([0, 1, 2], [50, 100, 50])


def _make(side=8, constant=False):
  """A data set whose images can be told by their labels."""
  rng = np.random.default_rng(0)
  numbers = np.arange(_SIZE)
  images = rng.integers(0, 256, [_SIZE, side, side, 3], np.uint8)
  if constant:
    images[:] = 20 * numbers[:, None, None, None]
  train = (images, numbers)
  return dataset.InMemory(
      'example', train, (images[:7], numbers[:7]), _SIZE, [100] * 3, [50] * 3
  )


class InMemoryTest(parameterized.TestCase):

  def test_describes_itself(self):
    data = _make()
    self.assertEqual(
        (data.name, data.image_shape, data.classes),
        ('example', (8, 8, 3), _SIZE),
    )
    self.assertEqual((data.train_size, data.test_size), (_SIZE, 7))

  def test_each_example_once_an_epoch_across_batches(self):
    # 5 batches of 4 are two epochs.
    batches = list(_make().train(4, seed=0).take(5))
    labels = np.concatenate([labels for _, labels in batches])
    self.assertEqual(labels.dtype, np.int32)
    for epoch in (labels[:_SIZE], labels[_SIZE:]):
      self.assertCountEqual(epoch, range(_SIZE))
    self.assertFalse(np.array_equal(labels[:_SIZE], labels[_SIZE:]))

  def test_images_belong_to_labels(self):
    for images, labels in _make(constant=True).train(4, seed=0).take(3):
      self.assertEqual(images.dtype, np.float32)
      expected = (20 * labels.numpy() - 100) / 50
      # No crop of an eighth reaches the middle.
      np.testing.assert_allclose(images[:, 4, 4, 0], expected, atol=1e-6)

  @parameterized.parameters(1, 4, 33)
  def test_starts_at_any_step(self, start):
    data = _make()
    whole = list(data.train(4, seed=2).take(start + 3))[start:]
    resumed = list(data.train(4, seed=2, start=start).take(3))
    for before, after in zip(whole, resumed, strict=True):
      for left, right in zip(before, after, strict=True):
        np.testing.assert_array_equal(left, right)

  def test_seeds_differ_in_order_and_augmentation(self):
    data = _make()
    first, second = (
        next(iter(data.train(_SIZE, seed))) for seed in (0, 1)
    )
    self.assertFalse(np.array_equal(first[1], second[1]))
    images = [
        images.numpy()[np.argsort(labels)] for images, labels in (first, second)
    ]
    self.assertFalse(np.array_equal(*images))

  def test_test_set_in_order_and_as_it_is(self):
    data = _make()
    batches = list(data.test(3))
    self.assertEqual([len(labels) for _, labels in batches], [3, 3, 1])
    images = np.concatenate([images for images, _ in batches])
    labels = np.concatenate([labels for _, labels in batches])
    np.testing.assert_array_equal(labels, range(7))
    original = np.random.default_rng(0).integers(
        0, 256, [_SIZE, 8, 8, 3], np.uint8
    )
    np.testing.assert_allclose(images, (original[:7] - 100.0) / 50, atol=1e-6)

  def test_held_out_images_are_tested_on_and_never_trained_on(self):
    data = _make(constant=True).validating(4)
    self.assertEqual((data.train_size, data.test_size), (6, 4))
    trained = np.concatenate([y for _, y in data.train(3, seed=0).take(2)])
    ((images, tested),) = data.test(10)
    self.assertCountEqual([*trained, *tested.numpy()], range(_SIZE))
    # Not augmented, and standardised as before.
    expected = (20 * tested.numpy() - 100) / 50
    np.testing.assert_allclose(images[:, 0, 0, 0], expected, atol=1e-6)


class HoldOutTest(absltest.TestCase):

  def test_each_example_is_on_one_side_and_classes_have_their_share(self):
    for count, shares in ((40, [10, 20, 10]), (4, [1, 2, 1])):
      train, held_out = dataset.hold_out(_LABELS, count)
      np.testing.assert_array_equal(
          np.sort([*train, *held_out]), np.arange(len(_LABELS))
      )
      np.testing.assert_array_equal(np.bincount(_LABELS[held_out]), shares)

  def test_a_count_that_does_not_divide_evenly(self):
    train, held_out = dataset.hold_out(_LABELS, 17)
    self.assertEqual((len(train), len(held_out)), (183, 17))
    # 4.25, 8.5 and 4.25 would be each class's share.
    np.testing.assert_allclose(
        np.bincount(_LABELS[held_out]), [4.25, 8.5, 4.25], atol=1
    )

  def test_always_the_same_and_mixed(self):
    _, held_out = dataset.hold_out(_LABELS, 40)
    np.testing.assert_array_equal(held_out, dataset.hold_out(_LABELS, 40)[1])
    labels = _LABELS[held_out]
    self.assertGreater(np.count_nonzero(np.diff(labels)), 10)

  def test_leaves_something_on_both_sides(self):
    with self.assertRaisesRegex(
        errors.UserError, '^--validation=200: .* fewer than the 200 training'
    ):
      dataset.hold_out(_LABELS, 200)


if __name__ == '__main__':
  absltest.main()
