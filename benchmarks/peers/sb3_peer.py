# SPDX-License-Identifier: Apache-2.0
"""A2C of stable-baselines3 on Atari games, as its users run it."""

import ale_py  # Registers its games with gymnasium.
import stable_baselines3
from stable_baselines3.common import atari_wrappers
from stable_baselines3.common import env_util
from stable_baselines3.common import vec_env
import torch


class Learner:
  """Its `CnnPolicy`, which has our network, in one thread."""

  def __init__(self, title: str, games: int, steps: int):
    """Starts the games.

    Args:
      title: the game's name in ALE.
      games: how many at once.
      steps: of each game between updates.

    Raises:
      ImportError: OpenCV is not there.
    """
    if atari_wrappers.cv2 is None:
      raise ImportError("No module named 'cv2'")
    torch.set_num_threads(1)
    ale_py.ALEInterface.setLoggerMode(ale_py.LoggerMode.Error)
    self._steps = games * steps
    self._games = vec_env.VecFrameStack(
        env_util.make_atari_env(
            f'{title}NoFrameskip-v4', n_envs=games, seed=0
        ),
        n_stack=4,
    )
    self._a2c = stable_baselines3.A2C(
        'CnnPolicy', self._games, n_steps=steps, device='cpu', seed=0
    )

  def run(self, updates: int) -> None:
    """Makes so many updates."""
    self._a2c.learn(
        updates * self._steps, log_interval=None, reset_num_timesteps=False
    )

  def close(self) -> None:
    """Ends the games."""
    self._games.close()
