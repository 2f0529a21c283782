# SPDX-License-Identifier: Apache-2.0
from absl.testing import absltest
import numpy as np

from sg.data import synthetic


def _arrays(data, flip=False):
  images, labels = (
      np.concatenate(parts) for parts in zip(*data.test(100), strict=True)
  )
  images = images[:, :, ::-1] if flip else images
  return images.reshape(len(images), -1), labels


class SyntheticTest(absltest.TestCase):

  def test_shape_and_classes(self):
    data = synthetic.make((8, 12, 1), classes=3, train_size=30, test_size=9)
    self.assertEqual((data.image_shape, data.classes), ((8, 12, 1), 3))
    self.assertEqual((data.train_size, data.test_size), (30, 9))
    images, labels = next(iter(data.train(30, seed=0)))
    self.assertEqual(images.shape, (30, 8, 12, 1))
    np.testing.assert_array_equal(np.bincount(labels), [10, 10, 10])

  def test_can_be_learnt_and_not_at_a_glance(self):
    data = synthetic.make((16, 16, 3), train_size=500, test_size=300)
    images, labels = next(iter(data.train(500, seed=0)))
    images = images.numpy().reshape(500, -1)
    means = np.stack([images[labels == c].mean(0) for c in range(10)])
    for flip in (False, True):
      test, truth = _arrays(data, flip)
      distances = ((test[:, None] - means) ** 2).sum(-1)
      self.assertGreater((distances.argmin(1) == truth).mean(), 0.9)
    # The noise is not small beside what differs between the classes.
    noise = test.var() - means.var()
    self.assertGreater(noise, means.var())

  def test_same_again(self):
    same, other = synthetic.make(seed=1), synthetic.make(seed=2)
    first = _arrays(synthetic.make(seed=1))
    np.testing.assert_array_equal(first[0], _arrays(same)[0])
    self.assertFalse(np.array_equal(first[0], _arrays(other)[0]))


if __name__ == '__main__':
  absltest.main()
