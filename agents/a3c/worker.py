"""A worker of A3C: plays, and finds out how to play better.

Axes: T steps, N games of the worker, A actions.
"""

from collections.abc import Callable
import dataclasses
import math
from typing import Any
from typing import NamedTuple
from typing import Protocol

import numpy as np
import sonnet as snt
import tensorflow as tf

from agents.a3c import advantages
from agents.a3c import losses
from agents.atari import vector_env
from experiment import errors


class Environment(Protocol):
  """N games, such as `VectorEnv`."""

  count: int

  def reset(self) -> np.ndarray:
    """Starts all games; returns observations [N, ...]."""

  def step(self, actions: np.ndarray) -> vector_env.Step:
    """Plays one step."""


@dataclasses.dataclass(frozen=True)
class Algorithm:
  """What a worker's gradient depends on; `train_teacher` has the sources."""

  steps: int
  discount: float
  lambda_: float
  value_weight: float
  entropy_weight: float
  gradient_norm: float
  reward_limit: float


class Gradients(NamedTuple):
  """What a worker found out.

  Attributes:
    gradients: of the parameters, in their order.
    scalars: what happened, by name.
  """

  gradients: list[tf.Tensor]
  scalars: dict[str, tf.Tensor]


class Worker:
  """Plays N games with its own copy of the parameters.

  Attributes:
    environment: the games.
  """

  def __init__(
      self,
      environment: Environment,
      shared: snt.Module,
      local: snt.Module,
      algorithm: Algorithm,
      seed: np.ndarray,
      on_score: Callable[[float], object],
  ):
    """Starts the games.

    Args:
      environment: the games.
      shared: the network that all workers improve; [N, ...] observations to
        `networks.Outputs`.
      local: another one like it, for this worker alone; its variables may be
        of a lower precision.
      algorithm: the settings.
      seed: int32 [2], for the choice of actions.
      on_score: takes the points of each game that has ended.
    """
    self.environment = environment
    self._algorithm = algorithm
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
      logits = local(observations).logits
      actions = tf.random.stateless_categorical(logits, 1, key)[:, 0]
      return actions, tf.reduce_all(tf.math.is_finite(logits))

    @tf.function(autograph=False)
    def value(observations):
      return local(observations).values

    @tf.function(autograph=False)
    def learn(observations, actions, rewards, discounts):
      return _gradients(
          local, algorithm, observations, actions, rewards, discounts
      )

    self._synchronise, self._act, self._value, self._learn = (
        synchronise, act, value, learn
    )

  def work(self, rollout: int) -> Gradients:
    """Takes the shared parameters, plays T steps, returns the gradients.

    Args:
      rollout: the number that decides, with the seed, about chance.

    Raises:
      UserError: the policy or the gradients are not finite.
    """
    self._synchronise()
    found = self._learn(*self._play(rollout))
    norm = float(found.scalars['gradient_norm'])
    if not math.isfinite(norm):
      raise _diverged(f"the gradients' norm is {norm}")
    return found

  def _play(self, rollout: int) -> tuple[np.ndarray, ...]:
    """Observations [T + 1, N, ...], actions, rewards and discounts [T, N].

    An episode that was broken off is paid what its last observation promises:
    only at the end of a game is there nothing to come.
    """
    algorithm = self._algorithm
    size = [algorithm.steps, self.environment.count]
    seen = np.empty(
        [size[0] + 1, *self._observations.shape], self._observations.dtype
    )
    actions = np.empty(size, np.int64)
    rewards, discounts = np.empty(size, np.float32), np.empty(size, np.float32)
    key = tf.constant(rollout)
    for t in range(algorithm.steps):
      seen[t] = self._observations
      chosen, finite = self._act(self._observations, key, tf.constant(t))
      if not finite:
        raise _diverged('the policy is not finite')
      actions[t] = chosen.numpy()
      step = self.environment.step(actions[t])
      # For learning, a lost life is an end too.
      ends = step.ends | (step.lives < self._lives)
      limit = algorithm.reward_limit or np.inf
      rewards[t] = np.clip(step.rewards, -limit, limit)
      discounts[t] = np.where(ends, 0, algorithm.discount)
      if step.truncated.any():
        values = self._value(step.last_observations).numpy()
        rewards[t] += algorithm.discount * np.where(step.truncated, values, 0)
      self._observations, self._lives = step.observations, step.lives
      self._count(step)
    seen[-1] = self._observations
    return seen, actions, rewards, discounts

  def _count(self, step: vector_env.Step) -> None:
    self._scores += step.rewards
    for i in np.flatnonzero(step.ends):
      self._on_score(float(self._scores[i]))
      self._scores[i] = 0

  def state(self) -> dict[str, Any]:
    """What the next rollout depends on, but for the parameters."""
    return {
        'environment': self.environment.state(),
        'lives': self._lives.tolist(),
        'scores': self._scores.tolist(),
    }

  def restore(self, state: dict[str, Any]) -> None:
    """Goes back to what `state` told."""
    self.environment.restore(state['environment'])
    self._observations = self.environment.observations()
    self._lives = np.array(state['lives'], np.int32)
    self._scores = np.array(state['scores'])


def _diverged(what: str) -> errors.UserError:
  return errors.UserError(f'diverged: {what}: lower --learning_rate')


def _gradients(
    network: snt.Module,
    algorithm: Algorithm,
    observations: tf.Tensor,
    actions: tf.Tensor,
    rewards: tf.Tensor,
    discounts: tf.Tensor,
) -> Gradients:
  """The gradients of the mean loss; see `Worker._play` for the shapes."""
  steps, games = actions.shape
  variables = network.trainable_variables
  # Nothing is learnt about the last observations: their values need no tape.
  last = network(observations[-1]).values
  with tf.GradientTape() as tape:
    outputs = network(
        tf.reshape(observations[:-1], [-1, *observations.shape[2:]])
    )
    values = tf.reshape(outputs.values, [steps, games])
    values = tf.concat([values, last[None]], 0)
    advantage = tf.stop_gradient(
        advantages.generalised_advantages(
            rewards, discounts, values, algorithm.lambda_
        )
    )
    target = advantage + values[:-1]
    terms = losses.terms(
        outputs.logits,
        outputs.values,
        tf.reshape(actions, [-1]),
        tf.reshape(advantage, [-1]),
        tf.reshape(target, [-1]),
    )
    policy, value, entropy = (tf.reduce_mean(term) for term in terms)
    loss = (
        policy
        + algorithm.value_weight * value
        - algorithm.entropy_weight * entropy
    )
  gradients = tape.gradient(
      loss, variables, unconnected_gradients=tf.UnconnectedGradients.ZERO
  )
  gradients = [tf.cast(gradient, tf.float32) for gradient in gradients]
  gradients, norm = tf.clip_by_global_norm(gradients, algorithm.gradient_norm)
  scalars = {
      'policy_loss': policy,
      'value_loss': value,
      'entropy': entropy,
      'gradient_norm': norm,
  }
  return Gradients(gradients, scalars)
