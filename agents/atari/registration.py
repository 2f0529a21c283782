# SPDX-License-Identifier: Apache-2.0
"""Atari games for gym: `gym.make('ALE/Pong-v5')`, `'PongNoFrameskip-v4'`.

    import gym
    from agents.atari import registration  # Registers the ids.

    env = gym.make('ALE/Pong-v5')

gym 0.26's own extra, `gym[atari]`, brings an ale-py of 2022 that holds one ROM;
today's holds all of them, but registers with gymnasium only, gym's successor,
which runs the games here. This is the bridge for those who have gym: the very
environments of gymnasium, under the same ids.
"""

import contextlib
import io
from typing import Any

import ale_py  # Registers its games with gymnasium.
import gymnasium
import numpy as np

with contextlib.redirect_stderr(io.StringIO()):  # That it is unmaintained.
  import gym


# Otherwise the first game that is made prints the emulator's name.
ale_py.ALEInterface.setLoggerMode(ale_py.LoggerMode.Error)


class Game(gym.Env):
  """A game of gymnasium for gym; has all that ale-py's environment has."""

  metadata = {'render_modes': ['human', 'rgb_array'], 'render_fps': 60}

  def __init__(self, id_: str, **settings):
    """Makes gymnasium's `id_`, with settings such as obs_type='grayscale'."""
    self._env = gymnasium.make(id_, **settings).unwrapped
    self.render_mode = self._env.render_mode
    self.action_space = _space(self._env.action_space)
    self.observation_space = _space(self._env.observation_space)

  def __getattr__(self, name: str) -> Any:
    """What wrappers ask for, such as `ale` and `get_action_meanings`."""
    if name == '_env':  # There is none before `__init__`, as in a copy.
      raise AttributeError(name)
    return getattr(self._env, name)

  def reset(
      self, *, seed: int | None = None, options: dict[str, Any] | None = None
  ) -> tuple[np.ndarray, dict[str, Any]]:
    """Starts a game; a seed makes sticky actions repeatable."""
    super().reset(seed=seed, options=options)
    return self._env.reset(seed=seed, options=options)

  def step(
      self, action: int | np.ndarray
  ) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
    """Repeats an action; see `gym.Env`. The reward is the game's score."""
    return self._env.step(action)

  def render(self) -> np.ndarray | None:
    """The screen, uint8 [210, 160, 3], in render_mode 'rgb_array'."""
    return self._env.render()

  def close(self) -> None:
    """Lets go of the game."""
    self._env.close()


def _space(space: gymnasium.Space) -> gym.Space:
  """gym's space for one of gymnasium."""
  if isinstance(space, gymnasium.spaces.Discrete):
    return gym.spaces.Discrete(int(space.n))
  if isinstance(space, gymnasium.spaces.Dict):
    return gym.spaces.Dict({name: _space(one) for name, one in space.items()})
  return gym.spaces.Box(space.low, space.high, dtype=space.dtype.type)


def register() -> None:
  """Registers the ids of ale-py's games, but for those that are there."""
  for spec in list(gymnasium.registry.values()):
    is_game = spec.entry_point == 'ale_py.env:AtariEnv'
    if is_game and spec.id not in gym.envs.registration.registry:
      gym.register(
          spec.id,
          entry_point='agents.atari.registration:Game',
          kwargs={'id_': spec.id},
          # gym 0.26's checker asks for np.bool8, which NumPy 2 has not.
          disable_env_checker=True,
          nondeterministic=spec.nondeterministic,
      )


register()
