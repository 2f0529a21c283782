"""Many games at once, stepped by ALE's threads in C++: for training.

    games = VectorEnv('pong', count=16, seed=1)
    observations = games.reset()                     # uint8 [N, 4, 84, 84]
    step = games.step(actions)

Python's lock is free meanwhile, so that several threads can each have theirs.
`GymVector` does the same by way of gym; tests hold the two bit-identical.
"""

from typing import NamedTuple

from ale_py import _ale_py
import numpy as np

from agents.atari import games
from agents.atari import preprocessing


class Step(NamedTuple):
  """What N games did in one agent step; N is their number.

  A game that has ended has been started again: its observation and lives are
  those of the new game.

  Attributes:
    observations: uint8 [N, 4, 84, 84], the newest picture last.
    rewards: float32 [N], points of the game, not clipped.
    ends: bool [N], whether the game ended or was truncated.
    lives: int32 [N], 0 in games without lives.
  """

  observations: np.ndarray
  rewards: np.ndarray
  ends: np.ndarray
  lives: np.ndarray


class VectorEnv:
  """N games of one kind.

  Attributes:
    count: N.
    num_actions: how many actions there are.
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
      repeat_action_probability: as in `AtariEnv`.
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
    self.count = count
    self.num_actions = len(games.game(game).actions)
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
        # In frames, whatever its name says.
        max_episode_steps=max_steps * preprocessing.ACTION_REPEAT,
        repeat_action_probability=repeat_action_probability,
        num_threads=threads,
        autoreset_mode='SameStep',
    )
    names = [action.name for action in self._ale.get_action_set()]
    actions = games.game(game).actions
    self._indices = np.array([names.index(name) for name in actions])
    self._seeds = np.arange(seed, seed + count)
    self._strength = np.ones(count, np.float32)

  def reset(self) -> np.ndarray:
    """Starts all games, always the same; uint8 [N, 4, 84, 84]."""
    return self.reset_with_info()[0]

  def reset_with_info(self) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Starts all games, and tells ALE's numbers of each, int32 [N]."""
    return self._ale.reset(np.arange(self.count), self._seeds)

  def step(self, actions: np.ndarray) -> Step:
    """Plays one agent step.

    Args:
      actions: int [N], indices into the game's row of `games.GAMES`.
    """
    return self.step_with_info(actions)[0]

  def step_with_info(
      self, actions: np.ndarray
  ) -> tuple[Step, dict[str, np.ndarray]]:
    """Plays one agent step, and tells ALE's numbers of each game."""
    self._ale.send(self._indices[actions], self._strength)
    observations, rewards, over, truncated, info = self._ale.recv()
    step = Step(
        observations,
        rewards.astype(np.float32),
        over | truncated,
        info['lives'],
    )
    return step, info
