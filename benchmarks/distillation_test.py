# SPDX-License-Identifier: Apache-2.0
"""Tests for distillation."""

from absl.testing import absltest

from benchmarks import distillation


class DistillationTest(absltest.TestCase):

  def test_a_tiny_run(self):
    section = distillation.measure(
        distillation.Settings(
            rounds=1, seconds=1e-4, games=('breakout',), batch=2, states=5
        )
    )
    (row,) = [r for r in section.splitlines() if r.startswith('| breakout')]
    self.assertLen(row.split(' | '), 9)
    self.assertIn('Sobolev at most 4 times regular', section)


if __name__ == '__main__':
  absltest.main()
