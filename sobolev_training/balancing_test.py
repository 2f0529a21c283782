# SPDX-License-Identifier: Apache-2.0
"""Weights that adapt, against NumPy in the source's notation."""

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np
import tensorflow as tf

import sobolev_training as sobolev
from sobolev_training import balancing
from sobolev_training import testing


def _softmax(z):
  e = np.exp(z - np.max(z))
  return e / e.sum()


def _relobralo(history, temperature, alpha, rho):
  """lambda(t) of L(0), L(1), ...; rho(t) is 0 or 1 (arXiv:2110.09813, 3)."""
  m = len(history[0])
  result, previous = [], np.ones(m)
  for t, losses in enumerate(history):
    first = m * _softmax(losses / (temperature * history[0]))
    last = m * _softmax(losses / (temperature * history[max(0, t - 1)]))
    hist = rho[t] * previous + (1 - rho[t]) * first
    previous = alpha * hist + (1 - alpha) * last
    result.append(previous)
  return np.array(result)


def _loss(means):
  """A loss of two examples with these means of its terms."""
  terms = {
      k: mean * tf.constant([0.5, 1.5]) for k, mean in means.items()
  }
  return sobolev.SobolevLoss(tf.add_n(list(terms.values())), terms)


class ReLoBRaLoTest(parameterized.TestCase):

  @parameterized.product(mode=testing.MODES, lookback=(0.0, 1.0))
  def test_equals_the_formula(self, mode, lookback):
    history = np.random.default_rng(0).uniform(1, 2, [6, 2])
    balance = balancing.ReLoBRaLo(
        (0.5, 0.0, 3.0), temperature=0.3, smoothing=0.8, lookback=lookback
    )
    step = testing.in_mode(
        mode, lambda a, b: balance(_loss({0: a, 2: b})).total
    )
    expected = _relobralo(history, 0.3, 0.8, [lookback] * 6)
    for losses, factors in zip(history, expected, strict=True):
      total = step(*tf.constant(losses, tf.float32))
      testing.assert_close(
          balance.factors.numpy(), factors, testing.SAME_FLOAT32
      )
      weighted = np.sum(factors * [0.5, 3.0] * losses)
      testing.assert_close(
          total, [0.5 * weighted, 1.5 * weighted], testing.SAME_FLOAT32
      )

  def test_looks_back_as_often_as_asked(self):
    # Between two looks at the start the factors move by 1 - smoothing only.
    balance = balancing.ReLoBRaLo(smoothing=1.0, lookback=0.75, seed=1)
    history = np.random.default_rng(0).uniform(1, 2, [400, 2])
    step = tf.function(
        lambda a, b: balance(_loss({0: a, 1: b})), autograph=False
    )
    moved, before = 0, balance.factors.numpy()
    for losses in history:
      step(*tf.constant(losses, tf.float32))
      after = balance.factors.numpy()
      moved += np.any(after != before)
      before = after
    # Binomial: 100 of 400, standard deviation 8.7.
    self.assertBetween(moved, 65, 135)

  def test_what_falls_slowly_counts_more(self):
    balance = balancing.ReLoBRaLo(lookback=0.9)
    for step in range(300):
      balance(_loss({0: 0.98**step, 1: 5.0}))
    self.assertGreater(balance.factors[1], 1.2)
    self.assertAlmostEqual(float(sum(balance.factors)), 2, places=5)

  def test_terms_of_zero_and_huge_ratios_stay_finite(self):
    balance = balancing.ReLoBRaLo(lookback=0.0, smoothing=0.5)
    for means in ((0.0, 0.0), (1e30, 0.0), (1e-30, 1e30), (0.0, 1.0)):
      loss = balance(_loss(dict(enumerate(means))))
      self.assertTrue(np.all(np.isfinite(balance.factors)), means)
      self.assertTrue(np.all(np.isfinite(loss.total)), means)

  @parameterized.product(mode=testing.MODES, at=(0, 2))
  def test_a_step_that_is_not_finite_changes_nothing(self, mode, at):
    history = np.random.default_rng(0).uniform(1, 2, [5, 2])
    spoiled = np.insert(history, at, [np.nan, 1.0], axis=0)
    factors = []
    for means in (history, spoiled):
      balance = balancing.ReLoBRaLo(smoothing=0.5, lookback=0.5)
      step = testing.in_mode(
          mode, lambda a, b, balance=balance: balance(_loss({0: a, 1: b})).total
      )
      for losses in means:
        step(*tf.constant(losses, tf.float32))
      factors.append(balance.factors.numpy())
    np.testing.assert_array_equal(*factors)

  def test_factors_get_no_gradient(self):
    x = tf.Variable([[0.3], [0.7]])
    balance = balancing.ReLoBRaLo(smoothing=0.0)
    balance(_loss({0: 1.0, 1: 1.0}))
    with tf.GradientTape() as tape:
      terms = {0: x[:, 0] ** 2, 1: 3 * x[:, 0]}
      loss = balance(sobolev.SobolevLoss(x[:, 0], terms))
      total = tf.reduce_sum(loss.total)
    factors = balance.factors.numpy()
    testing.assert_close(
        tape.gradient(total, x),
        factors[0] * 2 * x.numpy() + 3 * factors[1],
        testing.SAME_FLOAT32,
    )

  @parameterized.parameters(
      ({'weights': (1.0, 0.0)}, '^weights: expected two or more'),
      ({'weights': (1.0, -1.0)}, r'^weights\[1\]: expected 0 or more'),
      ({'temperature': 0.0}, '^temperature: expected a positive number'),
      ({'temperature': 'a'}, '^temperature: expected a positive number'),
      ({'seed': 0.5}, '^seed: expected an integer'),
      ({'smoothing': 1.5}, '^smoothing: expected 0 to 1'),
      ({'lookback': -0.1}, '^lookback: expected 0 to 1'),
  )
  def test_wrong_settings_are_named(self, settings, message):
    with self.assertRaisesRegex(ValueError, message):
      balancing.ReLoBRaLo(**settings)

  def test_loss_of_other_orders(self):
    with self.assertRaisesRegex(ValueError, r'^loss: expected .* \[0, 1\]'):
      balancing.ReLoBRaLo()(_loss({0: 1.0, 2: 1.0}))


class GradientCosinesTest(parameterized.TestCase):

  def test_of_a_line(self):
    # m(x) = a x + b and f(x) = 0 at x = 1, 2: the gradients by (a, b) of the
    # means of m^2 and (D m)^2 are known.
    a, b = tf.Variable(0.5), tf.Variable(-0.4)
    unused = tf.Variable([1.0])
    x = tf.constant([[1.0], [2.0]])
    cosines = balancing.gradient_cosines(
        lambda: sobolev.full_loss(
            lambda x: a * x + b, x, (0 * x, tf.zeros([2, 1, 1]))
        ),
        [a, b, unused],
    )
    m = 0.5 * x.numpy() - 0.4
    g0 = np.array([np.mean(2 * m * x.numpy()), np.mean(2 * m)])
    g1 = np.array([2 * 0.5, 0])
    expected = g0 @ g1 / (np.linalg.norm(g0) * np.linalg.norm(g1))
    self.assertEqual(list(cosines), [(0, 1)])
    testing.assert_close(cosines[0, 1], expected, testing.SAME_FLOAT32)


if __name__ == '__main__':
  absltest.main()
