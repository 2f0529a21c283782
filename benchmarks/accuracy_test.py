# SPDX-License-Identifier: Apache-2.0
"""Tests for accuracy."""

from absl.testing import absltest
import numpy as np

from benchmarks import accuracy


class AccuracyTest(absltest.TestCase):

  def test_predicting_the_mean_has_the_error_1(self):
    truth = np.array([1, 2, 6], np.float32)
    error = accuracy.normalised_error(np.full(3, 3.0), truth)
    self.assertAlmostEqual(error, 1)

  def test_error_is_relative_to_the_variance(self):
    # Off by 1 everywhere, at a variance of 4.
    truth = np.array([0, 4], np.float32)
    error = accuracy.normalised_error(truth.astype(np.float64) + 1, truth)
    self.assertAlmostEqual(error, 0.25)

  def test_steps_within(self):
    calls = []

    def trainer(steps):
      calls.append(steps)
      return accuracy.Outcome(0, 0.1 + steps * 1e-3)  # 0.1 s before the first.

    # 20 s are 19,900 steps.
    steps = accuracy.steps_within(20, trainer)
    self.assertAlmostEqual(steps, 19_900, delta=0.05 * 19_900)
    self.assertEqual(calls[-1], steps)
    self.assertLessEqual(len(calls), 5)

  def test_one_step_may_be_too_many(self):
    def trainer(steps):
      return accuracy.Outcome(0, steps)

    self.assertEqual(accuracy.steps_within(0.1, trainer), 1)


if __name__ == '__main__':
  absltest.main()
