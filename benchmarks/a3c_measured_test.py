# SPDX-License-Identifier: Apache-2.0
"""Tests for a3c_measured."""

from absl.testing import absltest
import numpy as np

from benchmarks import a3c_measured
from benchmarks import timing


class A3cMeasuredTest(absltest.TestCase):

  def test_by_hand(self):
    measured = a3c_measured.Measured(
        ours=timing.Times(np.array([2e-3, 1e-3]), np.array([1.0, 1.0])),
        peer=timing.Times(np.array([4e-3, 3e-3]), np.array([1.0, 1.0])),
        emulator=np.array([5e-4, 4e-4]),
        rate=np.array([1e11, 2e11]),
        operations=50_000_000,
    )
    self.assertEqual(measured.faster.median, 2.5)  # Of 2 and 3.
    np.testing.assert_allclose(measured.limit, [1e-3, 6.5e-4])
    self.assertAlmostEqual(measured.share.median, (0.5 + 0.65) / 2)


if __name__ == '__main__':
  absltest.main()
