# SPDX-License-Identifier: Apache-2.0
from absl.testing import parameterized
import numpy as np
import tensorflow as tf

from agents.a3c import advantages
from agents.a3c import references


class AdvantagesTest(tf.test.TestCase, parameterized.TestCase):

  def setUp(self):
    super().setUp()
    rng = np.random.default_rng(0)
    self.rewards = rng.normal(size=(7, 3))
    self.values = rng.normal(size=(8, 3))
    self.discounts = np.full((7, 3), 0.9)
    self.discounts[2, 0] = self.discounts[6, 1] = 0  # Ends.

  def _found(self, lambda_, function=advantages.generalised_advantages):
    return function(
        tf.constant(self.rewards),
        tf.constant(self.discounts),
        tf.constant(self.values),
        lambda_,
    )

  @parameterized.parameters(0.0, 0.5, 0.95, 1.0)
  def test_by_the_definition(self, lambda_):
    expected = [
        [
            references.generalised_advantage(
                self.rewards[:, b],
                self.discounts[:, b],
                self.values[:, b],
                lambda_,
                t,
            )
            for b in range(3)
        ]
        for t in range(7)
    ]
    for function in (
        advantages.generalised_advantages,
        tf.function(advantages.generalised_advantages),
    ):
      self.assertAllClose(self._found(lambda_, function), expected, rtol=1e-12)

  def test_lambda_1_is_the_n_step_return_less_the_value(self):
    found = self._found(1.0) + self.values[:-1]
    for b in range(3):
      for t in range(7):
        expected = references.n_step_return(
            self.rewards[:, b], self.discounts[:, b], self.values[:, b], t
        )
        self.assertAllClose(found[t, b], expected, rtol=1e-12)

  def test_nothing_comes_across_an_end(self):
    before = self._found(0.9).numpy()
    self.rewards[3:, 0] += 100
    self.values[3:, 0] -= 50
    after = self._found(0.9).numpy()
    self.assertAllEqual(before[:3, 0], after[:3, 0])
    self.assertNotAllEqual(before[3:, 0], after[3:, 0])


if __name__ == '__main__':
  tf.test.main()
