# SPDX-License-Identifier: Apache-2.0
"""The updates of a student, and its tests.

Axes: B batch, A actions, M projections.
"""

from collections.abc import Mapping

import sonnet as snt
import tensorflow as tf

from agents.a3c import networks as teacher_networks
from agents.distillation import dataset
from agents.distillation import jacobian
from agents.distillation import losses
from agents.distillation import networks
from agents.distillation import settings as settings_lib
from experiment import ordering
from experiment import seeds
from sobolev_training import projections

_TEST_BATCH = 500


class Trainer(tf.Module):
  """A student with its optimiser.

  Attributes:
    student: what is trained.
  """

  def __init__(
      self,
      settings: settings_lib.Config,
      teacher: teacher_networks.Teacher,
      states: dataset.States,
      train: tf.Tensor,
  ):
    """Makes the variables.

    Args:
      settings: the settings.
      teacher: the policy to imitate.
      states: what was recorded of it.
      train: int64 indices of the states to train on.
    """
    super().__init__('trainer')
    seed = int(seeds.stateless(settings.seed, 'student')[0])
    self.student = networks.make_student(
        teacher.num_actions, seed, teacher.background
    )
    self._teacher = lambda points: teacher.of_points(points).logits
    self._settings, self._states = settings, states
    self._chosen = tf.constant(train, tf.int64)
    self._jacobian = None
    memory = settings.jacobian_gib * 2**30
    if settings.alpha and jacobian.size(states, train) <= memory:
      self._jacobian = jacobian.Jacobian(self._teacher, states, train)
    self._order = int(abs(seeds.stateless(settings.seed, 'order')[0]))
    self._seed = tf.constant(seeds.stateless(settings.seed, 'projections'))
    self._optimiser = snt.optimizers.Adam(settings.learning_rate)
    # Makes Adam's variables, which a checkpoint restores.
    self._optimiser.apply(
        [tf.zeros_like(v) for v in self.student.trainable_variables],
        self.student.trainable_variables,
    )
    self._optimiser.step.assign(0)

  @tf.function(autograph=False)
  def advance(
      self, step: tf.Tensor, until: tf.Tensor
  ) -> dict[str, tf.Tensor]:
    """Makes the updates from `step` to `until`, int64; the last one's scalars.
    """
    scalars = {name: tf.constant(0.0) for name in self._names()}
    _, scalars = tf.while_loop(
        lambda index, _: index < until,
        lambda index, _: (index + 1, self._update(index)),
        (step, scalars),
    )
    return scalars

  def _names(self) -> tuple[str, ...]:
    return ('kl', 'gradient_distance')[: 1 + (self._settings.alpha > 0)]

  def batch(self, index: tf.Tensor) -> tf.Tensor:
    """Which of the states to train on an update sees: their places, int64 [B].
    """
    size = self._settings.batch_size
    positions = index * size + tf.range(size, dtype=tf.int64)
    return ordering.indices(positions, len(self._chosen), self._order)

  def _update(self, index: tf.Tensor) -> dict[str, tf.Tensor]:
    variables = self.student.trainable_variables
    with tf.GradientTape() as tape:
      loss = self._loss(index)
      mean = tf.reduce_mean(loss.total)
    self._optimiser.apply(tape.gradient(mean, variables), variables)
    terms = [tf.reduce_mean(loss.terms[k]) for k in sorted(loss.terms)]
    return dict(zip(self._names(), terms, strict=True))

  def _loss(self, index):
    """Of the states of a batch."""
    settings = self._settings
    places = self.batch(index)
    chosen = tf.gather(self._chosen, places)
    points = self._states.points(chosen)
    recorded = tf.gather(self._states.log_policy, chosen)
    if not settings.alpha:
      return losses.regular(
          self.student, points, recorded, settings.divergence
      )
    vectors = projections.sample(
        self._states.log_policy.shape[1:],
        seed=tf.random.experimental.stateless_fold_in(self._seed, index),
        count=settings.projections,
        batch_size=settings.batch_size,
        kind=settings.projection,
    )
    teacher = self._teacher
    if self._jacobian:
      teacher = recorded, self._jacobian.projected(places, vectors)
    return losses.stochastic_sobolev(
        self.student, teacher, points, vectors, settings.alpha,
        settings.divergence, settings.norm,
    )

  def test(self, indices: tf.Tensor) -> Mapping[str, float]:
    """How far the student is from the teacher on some states.

    Args:
      indices: int64 [N].

    Returns:
      `kl`, in nats, in the direction of training, and `action_error`, the
      share of states whose most probable action is another.
    """
    sums = tf.zeros([2])
    for start in range(0, len(indices), _TEST_BATCH):
      sums += self._test_batch(indices[start : start + _TEST_BATCH])
    kl, error = (sums / len(indices)).numpy()
    return {'kl': float(kl), 'action_error': float(error)}

  @tf.function(
      autograph=False, input_signature=[tf.TensorSpec([None], tf.int64)]
  )
  def _test_batch(self, chosen):
    student = losses.log_policy(self.student)(self._states.points(chosen))
    teacher = tf.gather(self._states.log_policy, chosen)
    divergence = losses.DIVERGENCES[self._settings.divergence]
    differs = tf.argmax(student, -1) != tf.argmax(teacher, -1)
    return tf.stack([
        tf.reduce_sum(divergence(student, teacher)),
        tf.reduce_sum(tf.cast(differs, tf.float32)),
    ])
