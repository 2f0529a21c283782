# SPDX-License-Identifier: Apache-2.0
"""Tests for sgemm."""

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np
import tensorflow as tf

from benchmarks import sgemm


class SgemmTest(parameterized.TestCase):

  @parameterized.parameters('float32', 'bfloat16')
  def test_as_many_products_as_asked_for(self, dtype):
    products = sgemm.runner(5, tf.as_dtype(dtype))
    start = products(0).numpy()
    for count in 1, 7:
      np.testing.assert_array_equal(
          products(count).numpy(), np.roll(start, count, axis=1)
      )


if __name__ == '__main__':
  absltest.main()
