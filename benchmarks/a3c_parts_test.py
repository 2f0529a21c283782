# SPDX-License-Identifier: Apache-2.0
from absl.testing import absltest

from benchmarks import a3c_parts


class A3cPartsTest(absltest.TestCase):

  def test_a_tiny_run(self):
    settings = a3c_parts.Settings(
        rounds=2, seconds=1e-4, games=('breakout',), games_per_worker=2,
        steps_per_update=2, updates=1, matrix=8,
    )
    section = a3c_parts.measure(settings)
    (row,) = [r for r in section.splitlines() if r.startswith('| breakout')]
    cells = [cell.strip() for cell in row.strip('|').split('|')]
    self.assertLen(cells, 12)
    # Medians of two rounds are means: parts and rest make the sum.
    parts = [float(cell) for cell in cells[1:8]]
    self.assertAlmostEqual(sum(parts[:-1]), parts[-1], delta=4)
    self.assertGreater(min(parts[:3]), 0)


if __name__ == '__main__':
  absltest.main()
