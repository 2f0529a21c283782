# SPDX-License-Identifier: Apache-2.0
"""Tests for second_order."""

from absl.testing import absltest

from benchmarks import second_order


class SecondOrderTest(absltest.TestCase):

  def test_a_tiny_run(self):
    section = second_order.measure(
        second_order.Settings(
            batch=2, inputs=3, outputs=2, hidden=(4,), rounds=1, seconds=1e-4
        )
    )
    rows = [line.split(' | ') for line in section.splitlines()[-2:]]
    self.assertEqual([row[0] for row in rows], ['| 1', '| 2'])
    self.assertEqual([len(row) for row in rows], [4, 4])


if __name__ == '__main__':
  absltest.main()
