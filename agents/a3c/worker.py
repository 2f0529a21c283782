# SPDX-License-Identifier: Apache-2.0
"""A worker of A3C: plays, and computes gradients from what it played.

Axes: T steps, N games of the worker, A actions.
"""

from collections.abc import Callable
from collections.abc import Sequence
import math
from typing import Any
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from agents.a3c import losses
from agents.a3c import networks
from agents.a3c import settings as settings_lib
from agents.atari import vector_env
from experiment import errors


class Gradients(NamedTuple):
  """What a worker has learned from a rollout.

  Attributes:
    gradients: of the parameters, in their order.
    scalars: what happened, by name.
  """

  gradients: list[tf.Tensor]
  scalars: dict[str, tf.Tensor]


class Worker:
  """Plays N games with its own copy of the parameters."""

  def __init__(
      self,
      environment: vector_env.VectorEnv,
      shared: networks.Network,
      local: networks.Network,
      settings: settings_lib.Config,
      seed: np.ndarray,
      on_score: Callable[[float], object],
  ):
    """Starts the games.

    Args:
      environment: the games; anything with the interface of `VectorEnv`.
      shared: the network that all workers improve.
      local: another one like it, for this worker alone; its variables may be
        of a lower precision.
      settings: of the training.
      seed: int32 [2], for the choice of actions.
      on_score: takes the return of each episode that has ended.
    """
    self.environment = environment
    self._settings = settings
    self._seed = tf.constant(seed)
    self._on_score = on_score
    self._observations = environment.reset()
    self._lives = np.zeros(environment.count, np.int32)
    self._scores = np.zeros(environment.count, np.float64)
    pairs = list(
        zip(local.trainable_variables, shared.trainable_variables, strict=True)
    )

    @tf.function(autograph=False)
    def synchronise():
      for one, other in pairs:
        one.assign(tf.cast(other, one.dtype))

    @tf.function(autograph=False)
    def act(observations, rollout, t):
      fold_in = tf.random.experimental.stateless_fold_in
      key = fold_in(fold_in(self._seed, rollout), t)
      activations = local.remember(observations)
      logits = local.outputs(activations[-1]).logits
      actions = tf.random.stateless_categorical(logits, 1, key)[:, 0]
      return actions, tf.reduce_all(tf.math.is_finite(logits)), activations

    @tf.function(autograph=False)
    def value(observations):
      return local(observations).values

    @tf.function(autograph=False)
    def learn(activations, *rest):
      together = [tf.concat(step, 0) for step in zip(*activations, strict=True)]
      return _gradients(local, settings, together, *rest)

    self._synchronise, self._value, self._learn = synchronise, value, learn
    # Of one signature: to find it takes 0.1 ms of a call of 1.7.
    zero = tf.constant(0)
    self._act = act.get_concrete_function(
        tf.constant(self._observations), zero, zero
    )

  def work(self, rollout: int) -> Gradients:
    """Takes the shared parameters, plays T steps, returns the gradients.

    Args:
      rollout: its number; with the seed, it determines all that is drawn.

    Raises:
      UserError: the policy or the gradients are not finite.
    """
    self._synchronise()
    found = self._learn(*self._play(rollout))
    norm = float(found.scalars['gradient_norm'])
    if not math.isfinite(norm):
      raise _diverged(f"the gradients' norm is {norm}")
    return found

  def _play(self, rollout: int) -> tuple[Any, ...]:
    """Plays T steps, and remembers what learning from them needs.

    Returns:
      The network's activations in each step, T lists of [N, ...]; the
      observations after the last one, [N, ...]; actions, rewards and
      discounts, [T, N].

    An episode that was broken off is paid what its last observation promises:
    only at the end of a game is there nothing to come.
    """
    settings = self._settings
    size = [settings.steps_per_update, self.environment.count]
    activations = []
    actions = np.empty(size, np.int64)
    rewards, discounts = np.empty(size, np.float32), np.empty(size, np.float32)
    key = tf.constant(rollout)
    for t in range(settings.steps_per_update):
      chosen, finite, kept = self._act(
          tf.constant(self._observations), key, tf.constant(t)
      )
      activations.append(kept)
      if not finite:
        raise _diverged('the policy is not finite')
      actions[t] = chosen.numpy()
      step = self.environment.step(actions[t])
      # For learning, a lost life is an end too.
      ends = step.ends | (step.lives < self._lives)
      limit = settings.reward_limit or np.inf
      rewards[t] = np.clip(step.rewards, -limit, limit)
      discounts[t] = np.where(ends, 0, settings.discount)
      if step.truncated.any():
        values = self._value(step.last_observations).numpy()
        rewards[t] += settings.discount * np.where(step.truncated, values, 0)
      self._observations, self._lives = step.observations, step.lives
      self._scores += step.rewards
      for i in np.flatnonzero(step.ends):
        self._on_score(float(self._scores[i]))
        self._scores[i] = 0
    return activations, self._observations, actions, rewards, discounts

  def state(self) -> dict[str, Any]:
    """What the next rollout depends on, but for the parameters."""
    return {
        'environment': self.environment.state(),
        'lives': self._lives.tolist(),
        'scores': self._scores.tolist(),
    }

  def restore(self, state: dict[str, Any]) -> None:
    """Goes back to what `state` gave."""
    self.environment.restore(state['environment'])
    self._observations = self.environment.observations()
    self._lives = np.array(state['lives'], np.int32)
    self._scores = np.array(state['scores'])


def _diverged(what: str) -> errors.UserError:
  return errors.UserError(f'diverged: {what}: lower --learning_rate')


def _gradients(
    network: networks.Network,
    settings: settings_lib.Config,
    activations: Sequence[tf.Tensor],
    last: tf.Tensor,
    actions: tf.Tensor,
    rewards: tf.Tensor,
    discounts: tf.Tensor,
) -> Gradients:
  """The gradients of the mean loss; see `Worker._play` for the shapes.

  `activations` are those of all steps, [T * N, ...].
  """
  steps, games = actions.shape
  # Of the last observations only the values are needed: no gradient.
  last_values = network(last).values
  scalars = {}

  def loss(outputs: networks.Outputs) -> tf.Tensor:
    values = tf.reshape(outputs.values, [steps, games])
    values = tf.stop_gradient(tf.concat([values, last_values[None]], 0))
    advantage = losses.generalised_advantages(
        rewards, discounts, values, settings.trace_decay
    )
    terms = losses.terms(
        outputs.logits,
        outputs.values,
        tf.reshape(actions, [-1]),
        tf.reshape(advantage, [-1]),
        tf.reshape(advantage + values[:-1], [-1]),
    )
    policy, value, entropy = (tf.reduce_mean(term) for term in terms)
    scalars.update(policy_loss=policy, value_loss=value, entropy=entropy)
    return (
        policy
        + settings.value_weight * value
        - settings.entropy_weight * entropy
    )

  gradients = network.gradients(activations, loss)
  gradients = [tf.cast(gradient, tf.float32) for gradient in gradients]
  gradients, norm = tf.clip_by_global_norm(gradients, settings.gradient_norm)
  return Gradients(gradients, {**scalars, 'gradient_norm': norm})
