# SPDX-License-Identifier: Apache-2.0
from absl.testing import parameterized
import numpy as np
import tensorflow as tf

from agents.a3c import losses
from agents.a3c import references


class AdvantagesTest(tf.test.TestCase, parameterized.TestCase):

  def setUp(self):
    super().setUp()
    rng = np.random.default_rng(0)
    self.rewards = rng.normal(size=(7, 3))
    self.values = rng.normal(size=(8, 3))
    self.discounts = np.full((7, 3), 0.9)
    self.discounts[2, 0] = self.discounts[6, 1] = 0  # Ends.

  def _found(self, lambda_, function=losses.generalised_advantages):
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
        losses.generalised_advantages,
        tf.function(losses.generalised_advantages),
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


class LossesTest(tf.test.TestCase):

  def setUp(self):
    super().setUp()
    rng = np.random.default_rng(0)
    self.logits = rng.normal(size=(6, 4))
    self.values = rng.normal(size=6)
    self.rest = (
        rng.integers(4, size=6), rng.normal(size=6), rng.normal(size=6)
    )

  def test_by_the_definition(self):
    expected = references.loss_terms(self.logits, self.values, *self.rest)
    for function in losses.terms, tf.function(losses.terms):
      found = function(
          tf.constant(self.logits), tf.constant(self.values), *self.rest
      )
      for one, other in zip(found, expected, strict=True):
        self.assertAllClose(one, other, rtol=1e-12)

  def test_gradients_by_central_differences(self):
    weights = np.array([1.0, 0.5, -0.1])

    def total(logits, values):
      terms = references.loss_terms(logits, values, *self.rest)
      return sum(w * t.sum() for w, t in zip(weights, terms, strict=True))

    inputs = [tf.constant(self.logits), tf.constant(self.values)]
    with tf.GradientTape() as tape:
      tape.watch(inputs)
      terms = losses.terms(*inputs, *self.rest)
      loss = sum(
          w * tf.reduce_sum(t) for w, t in zip(weights, terms, strict=True)
      )
    found = tape.gradient(loss, inputs)
    step = 1e-6
    for which, array in enumerate((self.logits, self.values)):
      for index in np.ndindex(array.shape):
        sides = []
        for sign in (1, -1):
          moved = [self.logits.copy(), self.values.copy()]
          moved[which][index] += sign * step
          sides.append(total(*moved))
        slope = (sides[0] - sides[1]) / (2 * step)
        # Rounding: 1e-16 / 1e-6.
        self.assertAllClose(found[which][index], slope, atol=1e-8)

  def test_advantages_and_targets_get_no_gradient(self):
    actions, advantages, targets = self.rest
    inputs = [tf.constant(advantages), tf.constant(targets)]
    with tf.GradientTape() as tape:
      tape.watch(inputs)
      terms = losses.terms(
          tf.constant(self.logits), tf.constant(self.values), actions, *inputs
      )
      loss = tf.add_n([tf.reduce_sum(t) for t in terms])
    self.assertEqual(tape.gradient(loss, inputs), [None, None])

  def test_extremes(self):
    logits = tf.constant([[0.0] * 4, [1e4, 0, 0, 0], [-1e4, 0, 0, 0]])
    found = losses.terms(
        logits, tf.zeros(3), tf.zeros(3, tf.int64), tf.ones(3), tf.zeros(3)
    )
    self.assertAllClose(found.entropy, [np.log(4), 0, np.log(3)], atol=1e-6)
    self.assertAllClose(found.policy, [np.log(4), 0, 1e4 + np.log(3)])
    self.assertAllClose(found.value, [0, 0, 0])


if __name__ == '__main__':
  tf.test.main()
