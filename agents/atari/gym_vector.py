"""Many games at once by way of gym, whose state can be saved and restored.

For evaluation, recording, and training that is repeatable to the bit. Slower
than `VectorEnv`, and games of several threads wait for each other.
"""

import base64
import pickle
from typing import Any
import zlib

import gym
import numpy as np

from agents.atari import games
from agents.atari import preprocessing
from agents.atari import registration
from agents.atari import vector_env


def make(
    game: str,
    repeat_action_probability: float = 0.0,
    max_noops: int = preprocessing.MAX_NOOPS,
    max_steps: int = preprocessing.MAX_STEPS,
    render_mode: str | None = None,
) -> preprocessing.Preprocess:
  """One game as an agent sees it, with the actions of its row in `GAMES`."""
  row = games.game(game)
  games.rom_path(game)  # Clearer than the error of gym.make.
  env = gym.make(
      registration.single_frame_id(row.title),
      obs_type='grayscale',
      actions=row.actions,
      repeat_action_probability=repeat_action_probability,
      render_mode=render_mode,
      # `Preprocess` breaks games off, not this.
      max_frames=max_noops + preprocessing.ACTION_REPEAT * (max_steps + 1),
  )
  return preprocessing.Preprocess(env.unwrapped, max_noops, max_steps)


class GymVector:
  """N games of one kind; the interface is that of `VectorEnv`."""

  def __init__(self, game: str, count: int, seed: int, **settings):
    """Makes the games.

    Args:
      game: a name in `games.GAMES`.
      count: N.
      seed: of the first game, at least 1; the others' follow it.
      **settings: those of `make`.
    """
    if seed < 1:
      raise ValueError(f'seed: expected at least 1, got {seed}')
    self.count = count
    self.num_actions = len(games.game(game).actions)
    self.envs = [make(game, **settings) for _ in range(count)]
    self._seed = seed
    self._sticky = settings.get('repeat_action_probability', 0) > 0

  def reset(self) -> np.ndarray:
    """Starts all games, always the same; uint8 [N, 4, 84, 84]."""
    return np.stack([
        env.reset(seed=self._seed + i)[0] for i, env in enumerate(self.envs)
    ])

  def step(self, actions: np.ndarray) -> vector_env.Step:
    """Plays one agent step; see `VectorEnv.step`."""
    results = [
        self._step_one(env, action)
        for env, action in zip(self.envs, actions, strict=True)
    ]
    observations, rewards, ends, lives = zip(*results, strict=True)
    return vector_env.Step(
        np.stack(observations),
        np.array(rewards, np.float32),
        np.array(ends),
        np.array(lives, np.int32),
    )

  def _step_one(
      self, env: preprocessing.Preprocess, action: int
  ) -> tuple[np.ndarray, float, bool, int]:
    observation, reward, over, truncated, info = env.step(int(action))
    end = over or truncated
    if end:
      observation, info = env.reset()
    return observation, reward, end, info['lives']

  def observations(self) -> np.ndarray:
    """What the agent sees now, uint8 [N, 4, 84, 84]."""
    return np.stack([env.stack for env in self.envs])

  def lives(self) -> np.ndarray:
    """The lives left, int32 [N]."""
    return np.array([env.ale.lives() for env in self.envs], np.int32)

  def state(self) -> list[dict[str, Any]]:
    """All that the games' future depends on, as JSON values.

    Raises:
      ValueError: actions are sticky.
    """
    if self._sticky:
      raise ValueError(
          'repeat_action_probability: expected 0 where states are saved, as '
          "ALE's do not hold the action that it would repeat"
      )
    return [
        {
            'emulator': _to_text(
                pickle.dumps(env.ale.cloneState(include_rng=True))
            ),
            'stack': _to_text(env.stack.tobytes()),
            'steps': env.steps,
            'noops': env.noops_generator.bit_generator.state,
        }
        for env in self.envs
    ]

  def restore(self, state: list[dict[str, Any]]) -> None:
    """Goes back to what `state` told."""
    for env, saved in zip(self.envs, state, strict=True):
      # It is our own checkpoint's, whose SHA-256 was compared.
      env.ale.restoreState(pickle.loads(_from_text(saved['emulator'])))
      stack = np.frombuffer(_from_text(saved['stack']), np.uint8)
      env.stack = stack.reshape(preprocessing.SHAPE).copy()
      env.steps = saved['steps']
      env.noops_generator.bit_generator.state = saved['noops']


def _to_text(data: bytes) -> str:
  return base64.b64encode(zlib.compress(data)).decode()


def _from_text(text: str) -> bytes:
  return zlib.decompress(base64.b64decode(text))
