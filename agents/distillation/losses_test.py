# SPDX-License-Identifier: Apache-2.0
from absl.testing import parameterized
import numpy as np
import tensorflow as tf

from agents.distillation import losses
from sobolev_training import testing

B, D, A, M = 4, 3, 5, 2


def _softmax(logits):
  e = np.exp(logits - logits.max())
  return e / e.sum()


def _distance(weights, teacher, x, v, alpha):
  """4.2 by the letter, for policies softmax(W x + b), of one state.

  With one vector v a projection; grad <log pi, v> = W^T (v - sum(v) pi).
  """
  pis, gradients = [], []
  for w, b in (weights, teacher):
    pi = _softmax(w @ x + b)
    pis.append(pi)
    gradients.append([w.T @ (u - u.sum() * pi) for u in v])
  kl = sum(p * np.log(p / q) for p, q in zip(*pis, strict=True))
  apart = [
      np.sqrt(((one - other) ** 2).sum())
      for one, other in zip(*gradients, strict=True)
  ]
  return kl + alpha * np.mean(apart)


class LossesTest(tf.test.TestCase, parameterized.TestCase):

  def setUp(self):
    super().setUp()
    rng = np.random.default_rng(0)
    self.student, self.teacher = (
        (rng.normal(size=[A, D]), rng.normal(size=[A])) for _ in range(2)
    )
    self.x = rng.normal(size=[B, D])
    self.v = rng.normal(size=[M, B, A])

  def _policy(self, weights):
    w, b = map(tf.constant, weights)
    return lambda x: tf.matmul(x, w, transpose_b=True) + b

  @parameterized.parameters(True, False)
  def test_sobolev_is_the_formula(self, compiled):
    def loss(x, v):
      return losses.stochastic_sobolev(
          self._policy(self.student), self._policy(self.teacher), x, v, 0.7
      ).total

    function = tf.function(loss, autograph=False) if compiled else loss
    found = function(tf.constant(self.x), tf.constant(self.v))
    for i in range(B):
      self.assertAllClose(
          found[i],
          _distance(self.student, self.teacher, self.x[i], self.v[:, i], 0.7),
          rtol=1e-12,
      )

  def test_regular_is_the_divergence_in_both_directions(self):
    p, q = (
        np.array([_softmax(w @ x + b) for x in self.x])
        for w, b in (self.student, self.teacher)
    )
    for name, expected in (
        ('student_teacher', (p * np.log(p / q)).sum(1)),
        ('teacher_student', (q * np.log(q / p)).sum(1)),
    ):
      found = losses.regular(
          self._policy(self.student), tf.constant(self.x),
          tf.constant(np.log(q)), name,
      )
      self.assertAllClose(found.total, expected, rtol=1e-12)

  def test_actions_that_are_never_taken(self):
    p = np.array([[0.7, 0.3, 0]])
    q = {
        'student_teacher': np.array([[0.4, 0.6, 0]]),  # Both mask an action.
        'teacher_student': np.array([[0, 1, 0]]),
    }
    with np.errstate(divide='ignore'):
      logits, teachers = np.log(p), {k: np.log(v) for k, v in q.items()}
    kl = {
        'student_teacher': 0.7 * np.log(0.7 / 0.4) + 0.3 * np.log(0.3 / 0.6),
        'teacher_student': np.log(1 / 0.3),
    }
    for name, expected in kl.items():
      moved = tf.Variable(tf.zeros([2], tf.float64))
      with tf.GradientTape() as tape:
        loss = losses.regular(
            lambda _, moved=moved: tf.concat(  # pylint: disable=g-long-lambda
                [logits[:, :2] + moved, logits[:, 2:]], axis=1
            ),
            tf.constant(self.x[:1]), tf.constant(teachers[name]), name,
        ).total
      self.assertAllClose(loss, [expected], rtol=1e-12)
      gradient = tape.gradient(loss, moved)
      pi = p[0, :2]
      if name == 'teacher_student':
        wanted = pi - [0, 1]
      else:
        ratio = np.log(pi / [0.4, 0.6])
        wanted = pi * (ratio - expected)
      self.assertAllClose(gradient, wanted, rtol=1e-12)

  def test_an_unknown_divergence(self):
    with self.assertRaisesRegex(ValueError, "^divergence: .* got 'kl'"):
      losses.regular(
          self._policy(self.student), tf.constant(self.x),
          tf.constant(np.full([B, A], -np.log(A))), 'kl',
      )

  @parameterized.product(
      wrong=('probabilities', 'logits', 'missing'), compiled=(False, True)
  )
  def test_what_is_no_log_policy_is_refused(self, wrong, compiled):
    logits = self.x @ self.teacher[0].T
    probabilities = np.array([_softmax(row) for row in logits])
    recorded = {
        'probabilities': probabilities,
        'logits': logits + 5,
        'missing': np.full_like(logits, np.nan),
    }[wrong]
    student, x = self._policy(self.student), tf.constant(self.x)
    gradients = np.zeros([M, B, D])
    error = tf.errors.InvalidArgumentError if compiled else ValueError
    for name, loss in (
        ('teacher_log_policy',
         lambda record: losses.regular(student, x, record).total),
        ('teacher', lambda record: losses.stochastic_sobolev(
            student, (record, gradients), x, tf.constant(self.v), 1.0).total),
    ):
      run = tf.function(loss, autograph=False) if compiled else loss
      with self.assertRaisesRegex(error, f'{name}: expected log policies'):
        run(tf.constant(recorded))
      self.assertAllGreaterEqual(run(tf.constant(np.log(probabilities))), 0)

  @parameterized.product(
      divergence=tuple(losses.DIVERGENCES), norm=('l2', 'squared_l2', 'l1')
  )
  def test_gradients_by_central_differences(self, divergence, norm):
    rng = np.random.default_rng(1)
    flat = rng.normal(size=[A * 6 + 6 * D])
    teacher = self._policy(self.teacher)
    x, v = tf.constant(self.x), tf.constant(self.v)

    @tf.function(autograph=False)
    def total(flat):
      first = tf.reshape(flat[: 6 * D], [D, 6])
      last = tf.reshape(flat[6 * D :], [6, A])

      def student(x):
        return tf.tanh(x @ first) @ last

      loss = losses.stochastic_sobolev(
          student, teacher, x, v, 0.3, divergence, norm
      )
      return tf.reduce_mean(loss.total)

    flat = tf.constant(flat)
    with tf.GradientTape() as tape:
      tape.watch(flat)
      loss = total(flat)
    numeric = testing.central_difference(
        lambda f: np.array(total(tf.constant(f))), flat.numpy()
    )
    self.assertAllClose(
        tape.gradient(loss, flat), numeric, rtol=1e-6, atol=1e-8
    )

  def test_the_teacher_gets_no_gradient(self):
    w = tf.Variable(self.teacher[0])
    with tf.GradientTape() as tape:
      loss = losses.stochastic_sobolev(
          self._policy(self.student),
          lambda x: tf.matmul(x, w, transpose_b=True),
          tf.constant(self.x), tf.constant(self.v), 1.0,
      )
    self.assertIsNone(tape.gradient(loss.total, w))

  def test_equal_policies_have_no_loss_and_no_gradient(self):
    w = tf.Variable(self.teacher[0])

    def policy(x):
      return tf.matmul(x, w, transpose_b=True)

    with tf.GradientTape() as tape:
      loss = losses.stochastic_sobolev(
          policy, policy, tf.constant(self.x), tf.constant(self.v), 1.0
      ).total
    self.assertAllClose(loss, np.zeros(B), atol=1e-12)
    self.assertAllClose(tape.gradient(loss, w), np.zeros([A, D]), atol=1e-12)

  def test_certain_policies_have_finite_gradients(self):
    w = tf.Variable(1e3 * self.student[0])
    with tf.GradientTape() as tape:
      loss = losses.stochastic_sobolev(
          lambda x: tf.matmul(x, w, transpose_b=True),
          self._policy((1e3 * self.teacher[0], self.teacher[1])),
          tf.constant(self.x), tf.constant(self.v), 1.0,
      ).total
    self.assertAllInRange(loss, 0, np.inf, open_upper_bound=True)
    self.assertTrue(np.isfinite(tape.gradient(loss, w)).all())


if __name__ == '__main__':
  tf.test.main()
