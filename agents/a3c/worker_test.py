# SPDX-License-Identifier: Apache-2.0
from unittest import mock

import numpy as np
import sonnet as snt
import tensorflow as tf

from agents.a3c import chain
from agents.a3c import losses
from agents.a3c import networks
from agents.a3c import references
from agents.a3c import settings as settings_lib
from agents.a3c import worker as worker_lib
from agents.atari import preprocessing
from agents.atari import vector_env
from experiment import errors

T, N, A = 4, 2, 3


class _Script:
  """Two games that follow a script: step t shows, pays and ends as it says."""

  count = N
  rewards = np.array([[3, 0], [-0.5, 0], [0, -7], [1, 0]], np.float32)
  ends = np.array([[0, 0], [0, 1], [0, 0], [0, 0]], bool)
  truncated = np.zeros([T, N], bool)
  lives = np.array([[3, 3], [3, 3], [2, 3], [2, 3]])

  def __init__(self):
    self._t = 0
    rng = np.random.default_rng(3)
    self.observations = rng.normal(size=(T + 1, N, 5)).astype(np.float32)
    self.last = rng.normal(size=(T, N, 5)).astype(np.float32)
    self.actions = []

  def reset(self):
    return self.observations[0]

  def step(self, actions):
    self.actions.append(np.array(actions))
    t, self._t = self._t, self._t + 1
    return vector_env.Step(
        self.observations[t + 1], self.rewards[t], self.ends[t], self.lives[t],
        self.truncated[t], self.last[t] if self.truncated[t].any() else None,
    )


class _Network(networks.Network):

  def __init__(self):
    super().__init__('network')
    self.features = chain.Chain([])
    self.policy = snt.Linear(A, with_bias=False)
    self.value = snt.Linear(1, with_bias=False)
    self(tf.zeros([1, 5]))
    rng = np.random.default_rng(4)
    for variable in self.variables:
      variable.assign(0.5 * rng.normal(size=variable.shape))


def _settings(**changes):
  return settings_lib.Config(**{
      'steps_per_update': T,
      'discount': 0.9,
      'trace_decay': 0.8,
      'value_weight': 0.5,
      'entropy_weight': 0.1,
      'gradient_norm': 1e9,
      'reward_limit': 1.0,
      **changes,
  })


class _Frames(_Script):
  """The same, but what is shown are frames."""

  def __init__(self):
    super().__init__()
    shape = T + 1, N, *preprocessing.SHAPE
    self.observations = np.random.default_rng(6).integers(
        0, 256, shape, np.uint8
    )


def _flat(gradients):
  """All gradients as one float32 vector."""
  return np.concatenate([
      tf.cast(gradient, tf.float32).numpy().ravel() for gradient in gradients
  ])


class WorkerTest(tf.test.TestCase):

  def _work(self, **changes):
    self.script, self.shared = _Script(), _Network()
    self.scores = []
    worker = worker_lib.Worker(
        self.script, self.shared, _Network(), _settings(**changes),
        np.array([1, 2], np.int32), self.scores.append,
    )
    return worker.work(0)

  def _loss(self, policy, value):
    """What is minimised, by loops, as a function of the two matrices."""
    seen = self.script.observations.astype(np.float64)
    rewards = np.clip(self.script.rewards, -1, 1)
    discounts = np.where(self.script.ends, 0, 0.9)
    discounts[2, 0] = 0  # A life was lost.
    # What an episode that was broken off would still have got.
    rewards = rewards + 0.9 * np.where(
        self.script.truncated, (self.script.last @ self.value_matrix)[..., 0], 0
    )
    fixed = seen @ self.value_matrix  # [T + 1, N, 1]
    total = 0.0
    for n in range(N):
      values = fixed[:, n, 0]
      advantage = [
          references.generalised_advantage(
              rewards[:, n], discounts[:, n], values, 0.8, t
          )
          for t in range(T)
      ]
      terms = references.loss_terms(
          seen[:-1, n] @ policy,
          (seen[:-1, n] @ value)[:, 0],
          np.array(self.script.actions)[:, n],
          advantage,
          advantage + values[:-1],
      )
      total += (terms[0] + 0.5 * terms[1] - 0.1 * terms[2]).sum()
    return total / (T * N)

  def test_an_episode_that_is_broken_off_is_not_over(self):
    ended = self._work()
    _Script.truncated[1, 1] = True
    self.addCleanup(_Script.truncated.fill, False)
    self._check_gradients()
    self.assertNotAllClose(self._work().gradients, ended.gradients)
    # In games too that are broken off together, in the first step.
    _Script.truncated[0], _Script.ends[0] = True, True
    self.addCleanup(_Script.ends[0].fill, False)
    self._check_gradients()

  def test_gradients_by_central_differences(self):
    self._check_gradients()

  def _check_gradients(self):
    found = self._work()
    matrices = [v.numpy().astype(np.float64) for v in self.shared.variables]
    policy, value = matrices
    self.value_matrix = value.copy()
    step = 1e-5
    for matrix, gradient in zip(matrices, found.gradients, strict=True):
      for index in np.ndindex(matrix.shape):
        kept = matrix[index]
        matrix[index] = kept + step
        above = self._loss(policy, value)
        matrix[index] = kept - step
        below = self._loss(policy, value)
        matrix[index] = kept
        # The worker computes in float32.
        self.assertAllClose(
            gradient[index], (above - below) / (2 * step), atol=1e-5
        )

  def _played(self, dtype):
    """A teacher, what it saw and did, and the worker's gradients."""
    frames, shared = _Frames(), networks.make_teacher(A, seed=1)
    # Not uniform, so that all terms have gradients.
    shared.policy.w.assign(100 * shared.policy.w)
    local = networks.make_teacher(A, seed=2, dtype=dtype)
    worker = worker_lib.Worker(
        frames, shared, local, _settings(), np.array([1, 2], np.int32),
        lambda score: None,
    )
    return local, frames, _flat(worker.work(0).gradients)

  def _of_a_second_forward_pass(self, network, frames):
    """The same gradients with all activations computed again."""
    rewards = np.clip(frames.rewards, -1, 1)
    discounts = np.where(frames.ends, 0, 0.9).astype(np.float32)
    discounts[2, 0] = 0  # A life was lost.
    last = network(frames.observations[-1]).values
    with tf.GradientTape() as tape:
      outputs = network(
          frames.observations[:-1].reshape(-1, *preprocessing.SHAPE)
      )
      values = tf.stop_gradient(tf.reshape(outputs.values, [T, N]))
      advantage = losses.generalised_advantages(
          rewards, discounts, tf.concat([values, last[None]], 0), 0.8
      )
      policy, value, entropy = losses.terms(
          outputs.logits,
          outputs.values,
          np.ravel(frames.actions),
          tf.reshape(advantage, [-1]),
          tf.reshape(advantage + values, [-1]),
      )
      loss = tf.reduce_mean(policy + 0.5 * value - 0.1 * entropy)
    return _flat(tape.gradient(loss, network.trainable_variables))

  def test_gradients_are_those_of_a_second_forward_pass(self):
    local, frames, found = self._played(tf.float32)
    expected = self._of_a_second_forward_pass(local, frames)
    # Acting has N observations at a time, the second pass all of them: the
    # products are summed in another order.
    self.assertLess(
        np.linalg.norm(found - expected), 1e-5 * np.linalg.norm(expected)
    )

  def test_in_bfloat16_they_are_as_exact_as_those(self):
    local, frames, found = self._played(tf.bfloat16)
    second = self._of_a_second_forward_pass(local, frames)
    exact = networks.make_teacher(A, seed=2)
    for one, other in zip(exact.variables, local.variables, strict=True):
      one.assign(tf.cast(other, tf.float32))
    expected = self._of_a_second_forward_pass(exact, frames)
    self.assertLess(
        np.linalg.norm(found - expected),
        1.5 * np.linalg.norm(second - expected),
    )

  def test_gradients_are_clipped_by_their_common_norm(self):
    whole = self._work()
    norm = np.sqrt(sum(np.sum(g.numpy() ** 2) for g in whole.gradients))
    self.assertAllClose(whole.scalars['gradient_norm'], norm)
    clipped = self._work(gradient_norm=norm / 4)
    self.assertAllClose(clipped.scalars['gradient_norm'], norm)
    for one, other in zip(whole.gradients, clipped.gradients, strict=True):
      self.assertAllClose(one / 4, other)

  def test_no_action_is_chosen_from_what_is_not_finite(self):
    script, shared = _Script(), _Network()
    shared.variables[0].assign(shared.variables[0] * np.inf)
    worker = worker_lib.Worker(
        script, shared, _Network(), _settings(), np.array([1, 2], np.int32),
        lambda score: None,
    )
    with self.assertRaisesRegex(
        errors.UserError, 'diverged: the policy is not finite: lower --learn'
    ):
      worker.work(0)
    self.assertEmpty(script.actions)

  def test_a_gradient_that_is_not_finite_ends_it(self):
    with mock.patch.object(_Script, 'rewards', np.full([T, N], np.nan)):
      with self.assertRaisesRegex(
          errors.UserError, 'diverged: .* nan: lower --learning_rate'
      ):
        self._work()

  def test_scores_are_whole_games_of_unclipped_points(self):
    self._work()
    self.assertEqual(self.scores, [0.0])  # Of the second game.
    _Script.ends[2:] = True
    self.addCleanup(_Script.ends[2:].fill, False)
    self._work()
    self.assertEqual(self.scores, [0.0, 2.5, -7.0, 1.0, 0.0])

  def test_it_plays_and_learns_with_the_shared_parameters_of_the_start(self):
    script, shared, local = _Script(), _Network(), _Network()
    for variable in local.variables:
      variable.assign(variable * 0 + 9)
    worker = worker_lib.Worker(
        script, shared, local, _settings(), np.array([1, 2], np.int32),
        lambda score: None,
    )
    found = worker.work(0)
    expected = self._work()
    for one, other in zip(found.gradients, expected.gradients, strict=True):
      self.assertAllEqual(one, other)

  def test_actions_are_drawn_from_the_policy(self):
    games = 4000

    class Still(_Script):
      count = games

      def __init__(self):
        self.chosen = []

      def reset(self):
        return np.ones([games, 5], np.float32)

      def step(self, actions):
        self.chosen.append(actions)
        nothing = np.zeros(games)
        return vector_env.Step(
            self.reset(), nothing, nothing > 0, nothing, nothing > 0
        )

    still, shared = Still(), _Network()
    worker_lib.Worker(
        still, shared, _Network(), _settings(), np.array([5, 6], np.int32),
        lambda score: None,
    ).work(0)
    policy = tf.nn.softmax(shared(tf.ones([1, 5])).logits)[0].numpy()
    for actions in still.chosen:
      shares = np.bincount(actions, minlength=A) / games
      # Four standard deviations of a share are at most 0.032.
      self.assertAllClose(shares, policy, atol=0.032)
    self.assertNotAllEqual(still.chosen[0], still.chosen[1])


if __name__ == '__main__':
  tf.test.main()
