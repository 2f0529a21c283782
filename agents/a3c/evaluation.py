# SPDX-License-Identifier: Apache-2.0
"""The returns of a policy in whole episodes.

Axes: N games, A actions.
"""

from collections.abc import Callable

import numpy as np
from scipy import special
import tensorflow as tf

from agents.a3c import networks
from agents.a3c import teacher_file
from agents.atari import gym_vector
from agents.atari import preprocessing
from experiment import seeds

CONFIDENCE = 0.95

# From weights as in a file, how many episodes, whether greedily, a seed, and
# optionally what to call when an episode has ended, to the returns.
Play = Callable[..., np.ndarray]


def interval(scores: np.ndarray) -> tuple[float, float, float]:
  """The mean of at least two scores, and Student's 95 % interval: low, high."""
  count, mean = len(scores), float(np.mean(scores))
  # Not scipy.stats, which takes a second to import in every program.
  quantile = special.stdtrit(count - 1, (1 + CONFIDENCE) / 2)
  half = float(quantile * np.std(scores, ddof=1) / np.sqrt(count))
  return mean, mean - half, mean + half


class Player:
  """Plays episodes with a policy, all of them side by side.

  Each starts with 1 to 30 frames without action, as its seed says, and is
  played to its end: short episodes do not crowd out long ones.
  """

  def __init__(self, game: str, logits: Callable[[tf.Tensor], tf.Tensor]):
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
      games: how many episodes.
      greedy: whether to take the most probable action, rather than to draw one.
      seed: of the starts and the actions, at least 1.
      repeat_action_probability: as in `gym_vector.make`.
      max_steps: after how many agent steps an episode is broken off.
      on_end: is called when an episode has ended.

    Returns:
      The return of each episode, float64 [games].
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


def teacher_player(game: str, sticky: float, max_steps: int) -> Play:
  """A function that plays with any weights of a teacher; see `Player`."""
  # The weights that files hold are rounded: those are evaluated.
  network = networks.teacher_of(game)
  player = Player(game, lambda observations: network(observations).logits)

  def play(weights, count, greedy, seed, on_end=lambda: None):
    teacher_file.assign(network, weights)
    return player.scores(count, greedy, seed, sticky, max_steps, on_end)

  return play
