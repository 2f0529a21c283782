# SPDX-License-Identifier: Apache-2.0
"""Tests for sobolev_step."""

from absl.testing import absltest
from absl.testing import parameterized

from benchmarks import problem
from benchmarks import sobolev_step

_BATCH = 7


class SobolevStepTest(parameterized.TestCase):

  @parameterized.parameters(
      # Forward and the weights; for the second layer backward, too.
      ('regular', 2, 3),
      # For the first layer also the gradient in x and its residuals' way in.
      ('Sobolev', 4, 3),
      # Forward, the gradient in x, and two for each on the way back; but the
      # way back ends before x.
      ('Sobolev by tapes', 5, 6),
  )
  def test_multiplications_by_hand(self, name, first_layer, second_layer):
    inputs, first, second, _ = problem.SIZES
    self.assertEqual(
        sobolev_step.multiplications(_BATCH, sobolev_step._METHODS[name]),
        _BATCH
        * (first_layer * inputs * first + second_layer * first * second),
    )

  def test_a_tiny_run(self):
    section = sobolev_step.measure(
        sobolev_step.Settings(batches=(33,), rounds=1, seconds=1e-3)
    )
    rows = [line for line in section.splitlines() if line.startswith('| 33 |')]
    self.assertLen(rows, 2)
    self.assertRegex(section, r'1\.2 times regular: \*\*.* at batch 33\.')


if __name__ == '__main__':
  absltest.main()
