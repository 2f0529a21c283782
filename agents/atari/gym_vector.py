# SPDX-License-Identifier: Apache-2.0
"""Many games at once through gymnasium, whose state can be saved and restored.

For evaluation, recording, and training that is repeatable to the bit. Slower
than `VectorEnv`, and games of several threads wait for each other.
"""

import base64
import pickle
from typing import Any
import zlib

import ale_py  # Registers its games with gymnasium.
import gymnasium
import numpy as np

from agents.atari import games
from agents.atari import preprocessing
from agents.atari import vector_env

# Otherwise the first game that is made prints the emulator's name.
ale_py.ALEInterface.setLoggerMode(ale_py.LoggerMode.Error)


class Emulator(gymnasium.Wrapper):
  """ale-py's environment with fewer actions, and its seeds as they are given.

  The environment would draw the emulator's seed from the given one; here, as in
  `VectorEnv`, both are the same.
  """

  def __init__(self, env: gymnasium.Env, actions: tuple[str, ...]):
    """Wraps; `actions` are names of the emulator's, to choose from."""
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
    max_noops: int = preprocessing.MAX_NOOPS,
    max_steps: int = preprocessing.MAX_STEPS,
    render_mode: str | None = None,
) -> preprocessing.Preprocess:
  """One game as an agent sees it, with the actions of its row in `GAMES`.

  Args:
    game: a name in `games.GAMES`.
    repeat_action_probability: of the last action being repeated instead of the
      given one, at each frame (sticky actions; Machado et al., 2018).
    max_noops: as in `Preprocess`.
    max_steps: as in `Preprocess`; nothing else but its end ends an episode.
    render_mode: None or 'rgb_array'.

  Raises:
    UserError: an unknown game, or no ROM.
  """
  row = games.game(game)
  games.rom_path(game)  # Clearer than the error of gymnasium.make.
  env = gymnasium.make(
      f'{row.title}NoFrameskip-v4',  # Of single frames, not sticky.
      obs_type='grayscale',
      repeat_action_probability=repeat_action_probability,
      max_num_frames_per_episode=0,
      render_mode=render_mode,
  )
  env = Emulator(env.unwrapped, row.actions)
  return preprocessing.Preprocess(env, max_noops, max_steps)


class GymVector:
  """N games of one kind; the interface is that of `VectorEnv`."""

  def __init__(self, game: str, count: int, seed: int, **settings):
    """Makes the games, as `VectorEnv` does; `settings` are those of `make`."""
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
        env.step(int(action))
        for env, action in zip(self.envs, actions, strict=True)
    ]
    last, rewards, over, truncated, infos = zip(*results, strict=True)
    truncated = np.logical_and(truncated, np.logical_not(over))
    ends = np.logical_or(over, truncated)
    observations, lives = np.stack(last), [info['lives'] for info in infos]
    for i in np.flatnonzero(ends):
      observations[i], info = self.envs[i].reset()
      lives[i] = info['lives']
    return vector_env.Step(
        observations,
        np.array(rewards, np.float32),
        ends,
        np.array(lives, np.int32),
        truncated,
        np.stack(last) if truncated.any() else None,
    )

  def observations(self) -> np.ndarray:
    """What the agent sees now, uint8 [N, 4, 84, 84]."""
    return np.stack([env.stack for env in self.envs])

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
                pickle.dumps(env.unwrapped.ale.cloneState(include_rng=True))
            ),
            'stack': _to_text(env.stack.tobytes()),
            'steps': env.steps,
            'noops': env.noops_generator.bit_generator.state,
        }
        for env in self.envs
    ]

  def restore(self, state: list[dict[str, Any]]) -> None:
    """Goes back to what `state` gave."""
    for env, saved in zip(self.envs, state, strict=True):
      # It is our own checkpoint's, whose SHA-256 was compared.
      emulated = pickle.loads(_from_text(saved['emulator']))
      env.unwrapped.ale.restoreState(emulated)
      stack = np.frombuffer(_from_text(saved['stack']), np.uint8)
      env.stack = stack.reshape(preprocessing.SHAPE).copy()
      env.steps = saved['steps']
      env.noops_generator.bit_generator.state = saved['noops']


def _to_text(data: bytes) -> str:
  return base64.b64encode(zlib.compress(data)).decode()


def _from_text(text: str) -> bytes:
  return zlib.decompress(base64.b64decode(text))
