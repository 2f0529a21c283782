# SPDX-License-Identifier: Apache-2.0
"""A game of single grey frames, with the actions that an agent has in it."""

from typing import Any

import ale_py  # Registers its games with gymnasium.
import gymnasium
import numpy as np

from agents.atari import games

# Otherwise the first game that is made prints the emulator's name.
ale_py.ALEInterface.setLoggerMode(ale_py.LoggerMode.Error)


def single_frame_id(title: str) -> str:
  """The id of a game of single frames without sticky actions."""
  return f'{title}NoFrameskip-v4'


class Emulator(gymnasium.Wrapper):
  """ale-py's environment with fewer actions, and its seeds as they are given.

  The environment would draw the emulator's seed from the given one; here, as in
  `VectorEnv`, both are the same.
  """

  def __init__(self, env: gymnasium.Env, actions: tuple[str, ...]):
    """Wraps.

    Args:
      env: the game.
      actions: names of the emulator's actions to choose from.
    """
    super().__init__(env)
    names = env.unwrapped.get_action_meanings()
    self._indices = [names.index(action) for action in actions]
    self.action_space = gymnasium.spaces.Discrete(len(actions))

  def reset(
      self, *, seed: int | None = None, options: dict[str, Any] | None = None
  ) -> tuple[np.ndarray, dict[str, Any]]:
    """Starts a game; a seed makes sticky actions repeatable."""
    if seed is not None:
      self.unwrapped.ale.setInt('random_seed', seed)
      self.unwrapped.load_game()  # This is what reads the seed.
    return self.env.reset(options=options)

  def step(
      self, action: int
  ) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
    """Plays a frame; see `gymnasium.Env`."""
    return self.env.step(self._indices[action])


def make(
    game: str,
    repeat_action_probability: float = 0.0,
    render_mode: str | None = None,
) -> Emulator:
  """A game in `games.GAMES`, which nothing but its end ends.

  Args:
    game: its name.
    repeat_action_probability: of the last action being repeated instead of the
      given one, at each frame (sticky actions; Machado et al., 2018).
    render_mode: None or 'rgb_array'.

  Raises:
    UserError: an unknown game, or no ROM.
  """
  row = games.game(game)
  games.rom_path(game)  # Clearer than the error of gymnasium.make.
  env = gymnasium.make(
      single_frame_id(row.title),
      obs_type='grayscale',
      repeat_action_probability=repeat_action_probability,
      max_num_frames_per_episode=0,
      render_mode=render_mode,
  )
  return Emulator(env.unwrapped, row.actions)
