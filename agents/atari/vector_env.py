# SPDX-License-Identifier: Apache-2.0
"""Many games at once, stepped by ALE's threads in C++: for training.

    games = VectorEnv('pong', count=16, seed=1)
    observations = games.reset()                     # uint8 [N, 4, 84, 84]
    step = games.step(actions)

Python's lock is free meanwhile, so that several threads can each have theirs.
`GymVector` does the same by way of gymnasium; tests hold the two bit-identical.
"""

from typing import NamedTuple

from ale_py import _ale_py
import numpy as np

from agents.atari import games
from agents.atari import preprocessing


class Step(NamedTuple):
  """What N games did in one agent step; N is their number.

  An episode that has ended has been followed by a new one: its observation and
  lives are those of the new one.

  Attributes:
    observations: uint8 [N, 4, 84, 84], the newest frame last.
    rewards: float32 [N], of the game, not clipped.
    ends: bool [N], whether the episode ended, or was truncated.
    lives: int32 [N], 0 in games without lives.
    truncated: bool [N], which of the `ends` were no end of the game: it was
      broken off after a number of steps, and would have gone on.
    last_observations: as `observations`, but where `truncated` those of the
      episode that was broken off; None if none was.
  """

  observations: np.ndarray
  rewards: np.ndarray
  ends: np.ndarray
  lives: np.ndarray
  truncated: np.ndarray
  last_observations: np.ndarray | None = None


class VectorEnv:
  """N games of one kind.

  Attributes:
    count: N.
    num_actions: how many actions there are.
    counts: ALE's of each game, such as `frame_number`, int32 [N].
  """

  def __init__(
      self,
      game: str,
      count: int,
      seed: int,
      repeat_action_probability: float = 0.0,
      max_noops: int = preprocessing.MAX_NOOPS,
      max_steps: int = preprocessing.MAX_STEPS,
      threads: int = 1,
  ):
    """Loads the ROMs.

    Args:
      game: a name in `games.GAMES`.
      count: N.
      seed: of the first game, at least 1; the others' follow it.
      repeat_action_probability: as in `gym_vector.make`.
      max_noops: how many frames without action come before a game: ALE draws
        from 0 to max_noops - 1, `Preprocess` from 1 to max_noops.
      max_steps: as in `Preprocess`.
      threads: which step the games.

    Raises:
      UserError: an unknown game, or no ROM.
      ValueError: a seed below 1, which ALE takes for none.
    """
    if seed < 1:
      raise ValueError(f'seed: expected at least 1, got {seed}')
    actions = games.game(game).actions
    self.count, self.num_actions = count, len(actions)
    # The class is private in ale-py without gymnasium, whose public
    # AtariVectorEnv is a wrapper of it.
    self._ale = _ale_py.ALEVectorInterface(
        games.rom_path(game),
        count,
        frame_skip=preprocessing.ACTION_REPEAT,
        stack_num=preprocessing.HISTORY,
        img_height=preprocessing.SIZE,
        img_width=preprocessing.SIZE,
        noop_max=max_noops,
        use_fire_reset=False,
        # True would start the whole game again.
        episodic_life=False,
        reward_clipping=False,
        # Broken off below: its own last observation mixes frames.
        max_episode_steps=np.iinfo(np.int32).max,
        repeat_action_probability=repeat_action_probability,
        num_threads=threads,
        autoreset_mode='SameStep',
    )
    names = [action.name for action in self._ale.get_action_set()]
    self._indices = np.array([names.index(name) for name in actions])
    self._seeds = np.arange(seed, seed + count)
    self._strength = np.ones(count, np.float32)
    self._steps, self._max_steps = np.zeros(count, int), max_steps

  def reset(self) -> np.ndarray:
    """Starts all games, always the same; uint8 [N, 4, 84, 84]."""
    self._steps[:] = 0
    observations, self.counts = self._ale.reset(
        np.arange(self.count), self._seeds
    )
    return observations

  def step(self, actions: np.ndarray) -> Step:
    """Plays one agent step; `actions`, int [N], index those of `games.Game`."""
    self._ale.send(self._indices[actions], self._strength)
    observations, rewards, over, _, self.counts = self._ale.recv()
    self._steps += 1
    truncated = ~over & (self._steps >= self._max_steps)
    ends = over | truncated
    self._steps[ends] = 0
    last = None
    if truncated.any():
      last, indices = observations, np.flatnonzero(truncated)
      # Shows all games, also those that it does not start again.
      observations, self.counts = self._ale.reset(
          indices, np.full(len(indices), -1)
      )
    return Step(
        observations,
        rewards.astype(np.float32),
        ends,
        self.counts['lives'],
        truncated,
        last,
    )
