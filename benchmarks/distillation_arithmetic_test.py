# SPDX-License-Identifier: Apache-2.0
"""Counts against counts by hand."""

from absl.testing import absltest
from absl.testing import parameterized

from benchmarks import distillation_arithmetic

# Outputs times the inputs of each (supplement 2): the student's convolutions
# and 256 units, and the teacher's and 512.
FIRST = 20 * 20 * 16 * (8 * 8 * 4)
STUDENT = FIRST + 9 * 9 * 32 * (4 * 4 * 16) + 256 * (9 * 9 * 32)
TEACHER = (
    20 * 20 * 32 * (8 * 8 * 4)
    + 9 * 9 * 64 * (4 * 4 * 32)
    + 7 * 7 * 64 * (3 * 3 * 64)
    + 512 * (7 * 7 * 64)
)


class DistillationArithmeticTest(parameterized.TestCase):

  @parameterized.parameters(3, 6)
  def test_by_hand(self, num_actions):
    student = STUDENT + num_actions * 256
    teacher = TEACHER + num_actions * 512
    # Forward, the weights' gradient, and the inputs', but not the pictures'.
    self.assertEqual(
        distillation_arithmetic.regular(num_actions), 3 * student - FIRST
    )
    # Of the teacher forward and the projected gradient. The student's too; of
    # that the gradient in the weights and in what came in; and then a regular
    # backward pass, but not to the pictures.
    self.assertEqual(
        distillation_arithmetic.sobolev(num_actions),
        2 * teacher + 6 * student - FIRST,
    )
    self.assertEqual(
        distillation_arithmetic.sobolev_with_jacobian(num_actions),
        6 * student - FIRST + num_actions * 4 * 84 * 84,
    )


if __name__ == '__main__':
  absltest.main()
