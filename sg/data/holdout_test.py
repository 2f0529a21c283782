# SPDX-License-Identifier: Apache-2.0
from absl.testing import absltest
import numpy as np

from experiment import errors
from sg.data import holdout

LABELS = np.repeat([0, 1, 2], [50, 100, 50])


class HoldoutTest(absltest.TestCase):

  def test_each_example_is_on_one_side_and_classes_have_their_share(self):
    for count, shares in ((40, [10, 20, 10]), (4, [1, 2, 1])):
      train, held_out = holdout.split(LABELS, count)
      np.testing.assert_array_equal(
          np.sort([*train, *held_out]), np.arange(len(LABELS))
      )
      np.testing.assert_array_equal(np.bincount(LABELS[held_out]), shares)

  def test_a_count_that_does_not_divide_evenly(self):
    train, held_out = holdout.split(LABELS, 17)
    self.assertEqual((len(train), len(held_out)), (183, 17))
    # 4.25, 8.5 and 4.25 would be each class's share.
    np.testing.assert_allclose(
        np.bincount(LABELS[held_out]), [4.25, 8.5, 4.25], atol=1
    )

  def test_always_the_same_and_mixed(self):
    _, held_out = holdout.split(LABELS, 40)
    np.testing.assert_array_equal(held_out, holdout.split(LABELS, 40)[1])
    labels = LABELS[held_out]
    self.assertGreater(np.count_nonzero(np.diff(labels)), 10)

  def test_leaves_something_on_both_sides(self):
    with self.assertRaisesRegex(
        errors.UserError, '^--validation=200: .* fewer than the 200 training'
    ):
      holdout.split(LABELS, 200)


if __name__ == '__main__':
  absltest.main()
