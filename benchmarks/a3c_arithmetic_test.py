# SPDX-License-Identifier: Apache-2.0
"""Counts against counts by hand."""

from absl.testing import absltest
from absl.testing import parameterized

from benchmarks import a3c_arithmetic

# Outputs times the inputs of each (supplement 2): 8x8 stride 4, 4x4 stride 2
# and 3x3 stride 1 on 84 x 84 x 4, then 512 units.
FIRST = 20 * 20 * 32 * (8 * 8 * 4)
HIDDEN = (
    9 * 9 * 64 * (4 * 4 * 32)
    + 7 * 7 * 64 * (3 * 3 * 64)
    + 512 * (7 * 7 * 64)
)


class A3cArithmeticTest(parameterized.TestCase):

  @parameterized.parameters(3, 6)
  def test_by_hand(self, num_actions):
    rest = HIDDEN + (num_actions + 1) * 512
    self.assertEqual(a3c_arithmetic.acting(num_actions), FIRST + rest)
    # The weights' gradient, and the inputs', but not the frames'; and the two
    # heads once more.
    heads = (num_actions + 1) * 512
    self.assertEqual(
        a3c_arithmetic.learning(num_actions), FIRST + 2 * rest + heads
    )


if __name__ == '__main__':
  absltest.main()
