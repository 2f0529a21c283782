# SPDX-License-Identifier: Apache-2.0
from absl.testing import absltest
from absl.testing import parameterized
import numpy as np
import tensorflow as tf

from experiment import ordering


def _indices(positions, size, seed=0):
  positions = tf.constant(positions, tf.int64)
  return ordering.indices(positions, size, seed).numpy()


class OrderingTest(parameterized.TestCase):

  @parameterized.parameters(1, 2, 10, 1000)
  def test_each_epoch_has_each_example_once(self, size):
    epochs = _indices(range(3 * size), size).reshape(3, size)
    for epoch in epochs:
      self.assertCountEqual(epoch, range(size))

  def test_epochs_and_seeds_differ(self):
    # Two independent permutations agree in 1 place on average, and in 8 or more
    # with probability 1e-5; the standard deviation of their ranks' correlation
    # is 0.03.
    first = _indices(range(1000), 1000)
    others = (
        _indices(range(1000, 2000), 1000),
        _indices(range(1000), 1000, seed=1),
        np.arange(1000),
        np.roll(first, 1),
        _indices(range(2000, 3000), 1000),
    )
    for other in others:
      self.assertLess((first == other).sum(), 8)
      self.assertLess(abs(np.corrcoef(first, other)[0, 1]), 0.15)

  def test_batches_mix_what_lies_together(self):
    # Files lie class by class: 10 classes of 2000, batches of 100. The
    # chi-squared statistic has mean 1800 and standard deviation 60.
    classes = _indices(range(20_000), 20_000).reshape(200, 100) // 2000
    counts = np.stack([np.bincount(batch, minlength=10) for batch in classes])
    self.assertBetween(((counts - 10) ** 2 / 10).sum(), 1560, 2040)

  def test_a_position_is_the_same_in_any_company(self):
    whole = _indices(range(50), 7, seed=3)
    np.testing.assert_array_equal(_indices(range(20, 30), 7, 3), whole[20:30])
    # Far into a long training.
    far = 10**12 * 7
    self.assertCountEqual(_indices(range(far, far + 7), 7, 3), range(7))


if __name__ == '__main__':
  absltest.main()
