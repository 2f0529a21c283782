"""Tests for sgemm."""

from absl.testing import absltest
import numpy as np

from benchmarks import sgemm


class SgemmTest(absltest.TestCase):

  def test_operations(self):
    self.assertEqual(sgemm.operations(2), 8 + 8)

  def test_as_many_products_as_asked_for(self):
    products = sgemm.runner(5)
    start = products(0).numpy()
    for count in 1, 7:
      np.testing.assert_array_equal(
          products(count).numpy(), np.roll(start, count, axis=1)
      )


if __name__ == '__main__':
  absltest.main()
