# SPDX-License-Identifier: Apache-2.0
from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

from agents.distillation import constant_policy
from agents.distillation import losses

_STEPS = 400  # Of a grid over all policies of three actions.


def _grid():
  """Policies [P, 3], none of which rules out an action."""
  i, j = np.meshgrid(np.arange(1, _STEPS), np.arange(1, _STEPS))
  inside = i + j < _STEPS
  first, second = i[inside] / _STEPS, j[inside] / _STEPS
  return np.stack([first, second, 1 - first - second], 1)


def _divergence(p, q):
  return np.sum(p * np.log(p / q), axis=-1)


class ConstantPolicyTest(parameterized.TestCase):

  @parameterized.parameters(0.3, 1.0, 3.0)
  def test_no_policy_of_a_grid_is_closer(self, sharpness):
    rng = np.random.default_rng(0)
    teacher = np.exp(sharpness * rng.normal(size=(20, 3)))
    teacher /= teacher.sum(1, keepdims=True)
    grid = _grid()
    by_grid = {
        'student_teacher': np.mean(
            [_divergence(grid, state) for state in teacher], 0
        ).min(),
        'teacher_student': np.mean(
            [_divergence(state, grid) for state in teacher], 0
        ).min(),
    }
    self.assertEqual(
        by_grid.keys() & constant_policy.LEAST.keys(), losses.DIVERGENCES.keys()
    )
    for name, least in by_grid.items():
      found = constant_policy.LEAST[name](np.log(teacher))
      self.assertLessEqual(found, least)
      # The grid comes within 1/400 of the best policy, where it is flat.
      self.assertAlmostEqual(found, least, delta=1e-3)

  def test_a_teacher_that_is_constant_itself(self):
    teacher = np.log(np.tile([0.5, 0.2, 0.3], [7, 1]))
    for least in constant_policy.LEAST.values():
      self.assertAlmostEqual(least(teacher), 0)

  def test_a_teacher_that_never_does_something(self):
    with np.errstate(divide='ignore'):
      teacher = np.log([[0.0, 1.0], [0.5, 0.5]])
    # Only the second action remains: log 1 and log 2, in the mean.
    self.assertAlmostEqual(
        constant_policy.student_teacher(teacher), np.log(2) / 2
    )
    # The mean policy is (1/4, 3/4).
    expected = (np.log(4 / 3) + np.log(2) / 2 + np.log(2 / 3) / 2) / 2
    self.assertAlmostEqual(constant_policy.teacher_student(teacher), expected)


if __name__ == '__main__':
  absltest.main()
