# SPDX-License-Identifier: Apache-2.0
"""Against Adam by the formula and derivatives by nested tapes."""

import dataclasses

from absl.testing import parameterized
import numpy as np
import tensorflow as tf

from agents.distillation import dataset
from agents.distillation import networks
from agents.distillation import settings as settings_lib
from agents.distillation import testing
from agents.distillation import training
from experiment import seeds
from sobolev_training import projections

SETTINGS = settings_lib.Config(batch_size=5, learning_rate=1e-3, seed=3)


class TrainingTest(tf.test.TestCase, parameterized.TestCase):

  def setUp(self):
    super().setUp()
    self.teacher = testing.make_teacher()
    recording = testing.make_recording(self.teacher, (20, 10))
    self.states = dataset.States(recording, np.arange(recording.size))
    # The batch is the whole set, so that its order plays no part.
    self.chosen = np.array([1, 4, 9, 16, 25])

  def _trainer(self, **changes):
    settings = dataclasses.replace(SETTINGS, **changes)
    return training.Trainer(settings, self.teacher, self.states, self.chosen)

  def _gradients(self, student, alpha, order):
    """Those of 4.2's formula by nested tapes, in the order of the batch."""
    points = self.states.points(tf.constant(order))
    log_teacher = tf.nn.log_softmax(self.teacher.of_points(points).logits)
    seed = seeds.stateless(SETTINGS.seed, 'projections')
    v = projections.sample(
        [3],
        seed=tf.random.experimental.stateless_fold_in(
            seed, tf.constant(0, tf.int64)
        ),
        batch_size=5,
    )[0]

    def projected(logits):
      with tf.GradientTape() as tape:
        tape.watch(points)
        log_policy = tf.nn.log_softmax(logits(points))
        along = tf.reduce_sum(log_policy * v)
      return log_policy, tf.reshape(tape.gradient(along, points), [5, -1])

    _, target = projected(lambda x: self.teacher.of_points(x).logits)
    with tf.GradientTape() as tape:
      log_student, gradient = projected(student)
      pi = tf.exp(log_student)
      kl = tf.reduce_sum(pi * (log_student - log_teacher), -1)
      loss = kl + alpha * tf.norm(gradient - target, axis=-1)
      mean = tf.reduce_mean(loss)
    return tape.gradient(mean, student.trainable_variables)

  @parameterized.parameters((0.0, 1.0), (0.5, 1.0), (0.5, 0.0))
  def test_an_update_is_adams_of_the_formula(self, alpha, jacobian_gib):
    trainer = self._trainer(alpha=alpha, jacobian_gib=jacobian_gib)
    start = networks.make_student(
        3, int(seeds.stateless(SETTINGS.seed, 'student')[0]), background=87
    )
    # Which state a projection meets depends on the order of the batch.
    order = self.chosen[trainer.batch(tf.constant(0, tf.int64))]
    self.assertSameElements(order, self.chosen)
    gradients = self._gradients(start, alpha, order)
    trainer.advance(tf.constant(0, tf.int64), tf.constant(1, tf.int64))
    for before, after, gradient in zip(
        start.trainable_variables,
        trainer.student.trainable_variables,
        gradients,
        strict=True,
    ):
      # Adam's first step, whatever its decays.
      step = 1e-3 * gradient / (tf.abs(gradient) + 1e-8)
      # Where a gradient is next to nothing, its sign is rounding.
      clear = tf.abs(gradient) > 1e-6
      self.assertAllClose(
          tf.where(clear, after - before, 0.0),
          tf.where(clear, -step, 0.0),
          rtol=0.01,
          atol=2e-6,
      )

  def test_regular_distillation_asks_the_teacher_nothing(self):
    for variable in self.teacher.variables:
      variable.assign(float('nan') * variable)
    trainer = self._trainer(alpha=0.0)
    scalars = trainer.advance(
        tf.constant(0, tf.int64), tf.constant(3, tf.int64)
    )
    self.assertEqual(set(scalars), {'kl'})
    self.assertTrue(np.isfinite(scalars['kl']))

  @parameterized.parameters(1.0, 0.0)
  def test_a_jacobian_that_fits_saves_asking_the_teacher(self, jacobian_gib):
    trainer = self._trainer(jacobian_gib=jacobian_gib)
    for variable in self.teacher.variables:
      variable.assign(float('nan') * variable)
    scalars = trainer.advance(
        tf.constant(0, tf.int64), tf.constant(1, tf.int64)
    )
    self.assertEqual(np.isfinite(scalars['gradient_distance']), jacobian_gib)

  @parameterized.parameters(0.0, 1.0)
  def test_steps_can_be_cut_anywhere(self, alpha):
    whole, cut = self._trainer(alpha=alpha), self._trainer(alpha=alpha)
    for trainer, steps in ((whole, (0, 4)), (cut, (0, 1, 4))):
      for start, end in zip(steps, steps[1:], strict=False):
        trainer.advance(
            tf.constant(start, tf.int64), tf.constant(end, tf.int64)
        )
    for one, other in zip(whole.variables, cut.variables, strict=True):
      self.assertAllEqual(one, other)

  def test_it_learns_to_imitate(self):
    trainer = self._trainer(alpha=0.1)
    some = tf.constant(self.chosen)
    before = trainer.test(some)
    trainer.advance(tf.constant(0, tf.int64), tf.constant(60, tf.int64))
    after = trainer.test(some)
    self.assertLess(after['kl'], 0.2 * before['kl'])
    self.assertEqual(after['action_error'], 0)

  def test_tests_are_the_definitions(self):
    trainer = self._trainer()
    some = tf.range(30, dtype=tf.int64)
    found = trainer.test(some)
    p, q = (
        tf.nn.softmax(logits).numpy().astype(np.float64)
        for logits in (
            trainer.student(self.states.points(some)), self.states.log_policy
        )
    )
    self.assertAllClose(
        found['kl'], (p * np.log(p / q)).sum(-1).mean(), rtol=1e-4
    )
    self.assertAllClose(
        found['action_error'], (p.argmax(-1) != q.argmax(-1)).mean()
    )


if __name__ == '__main__':
  tf.test.main()
