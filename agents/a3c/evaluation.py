# SPDX-License-Identifier: Apache-2.0
"""How many points a policy gets in whole games.

Axes: N games, A actions.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy import special
import tensorflow as tf

from agents.atari import gym_vector
from agents.atari import preprocessing
from experiment import seeds

CONFIDENCE = 0.95

Policy = Callable[[tf.Tensor], tf.Tensor]


class Interval(NamedTuple):
  """A mean, and how far it may be off: a 95 % confidence interval."""

  mean: float
  low: float
  high: float


def interval(scores: np.ndarray) -> Interval:
  """Student's interval of the mean of at least two scores."""
  count, mean = len(scores), float(np.mean(scores))
  # Not scipy.stats, which takes a second to import in every program.
  quantile = special.stdtrit(count - 1, (1 + CONFIDENCE) / 2)
  half = float(quantile * np.std(scores, ddof=1) / np.sqrt(count))
  return Interval(mean, mean - half, mean + half)


class Player:
  """Plays games with a policy, as many at a time as there are to play.

  Each game starts with 1 to 30 frames without action, as its seed says,
  and is played to its end: short games do not crowd out long ones.
  """

  def __init__(self, game: str, logits: Policy):
    """Compiles the policy.

    Args:
      game: a name in `games.GAMES`.
      logits: from observations [N, 4, 84, 84] to logits [N, A].
    """
    self._game = game
    self._logits = tf.function(
        logits,
        autograph=False,
        input_signature=[tf.TensorSpec([None, *preprocessing.SHAPE], tf.uint8)],
    )

  def scores(
      self,
      games: int,
      greedy: bool,
      seed: int = 1,
      repeat_action_probability: float = 0.0,
      max_steps: int = preprocessing.MAX_STEPS,
      on_end: Callable[[], object] = lambda: None,
  ) -> np.ndarray:
    """Plays.

    Args:
      games: how many games.
      greedy: whether to take the most probable action, rather than to draw one.
      seed: of the starts and the actions, at least 1.
      repeat_action_probability: as in `emulator.make`.
      max_steps: after how many agent steps an episode is broken off.
      on_end: is called when a game has ended.

    Returns:
      The points of each game, float64 [games].
    """
    envs = [
        gym_vector.make(
            self._game, repeat_action_probability, max_steps=max_steps
        )
        for _ in range(games)
    ]
    chance = seeds.generator(seed, 'evaluation')
    seen = [env.reset(seed=seed + i)[0] for i, env in enumerate(envs)]
    totals = np.zeros(games)
    playing = list(range(games))
    while playing:
      logits = self._logits(np.stack([seen[i] for i in playing])).numpy()
      if not greedy:  # The largest is then one drawn from the softmax.
        logits = logits + chance.gumbel(size=logits.shape)
      still = []
      for i, action in zip(playing, logits.argmax(-1), strict=True):
        seen[i], reward, over, truncated, _ = envs[i].step(int(action))
        totals[i] += reward
        if over or truncated:
          on_end()
        else:
          still.append(i)
      playing = still
    return totals
