"""Atari games for gym: `gym.make('ALE/Pong-v5')`, `'PongNoFrameskip-v4'`.

    import gym
    from agents.atari import registration  # Registers the ids.

    env = gym.make('ALE/Pong-v5')

gym 0.26's own extra, `gym[atari]`, brings an ale-py that holds one ROM; from
0.9.1 on ale-py holds all of them, but registers with gymnasium only. This is
the missing piece: a `gym.Env` over its emulator, under the usual ids.
"""

import functools
import pathlib
from typing import Any

import ale_py
from ale_py import roms
import gym
import numpy as np

from agents.atari import games

OBSERVATIONS = ('rgb', 'grayscale', 'ram')
MAX_FRAMES = 108_000  # Half an hour of play, ALE's usual limit.


class AtariEnv(gym.Env):
  """A game as the emulator shows it.

  `info` has `lives` and `episode_frame_number`.
  """

  metadata = {'render_modes': ['rgb_array'], 'render_fps': 60}

  def __init__(
      self,
      game: str,
      obs_type: str = 'rgb',
      frameskip: int = 1,
      repeat_action_probability: float = 0.0,
      actions: tuple[str, ...] | None = None,
      max_frames: int = MAX_FRAMES,
      render_mode: str | None = None,
  ):
    """Makes a game.

    Args:
      game: the ROM's name, such as space_invaders.
      obs_type: uint8 'rgb' [210, 160, 3], 'grayscale' [210, 160] or 'ram'
        [128].
      frameskip: frames that an action is repeated for.
      repeat_action_probability: of the last action being repeated instead of
        the given one, at each frame (sticky actions; Machado et al., 2018).
      actions: names of the actions to choose from; ALE's minimal set by
        default.
      max_frames: when an episode is truncated, in frames.
      render_mode: None or 'rgb_array'.

    Raises:
      UserError: there is no ROM of that name.
      ValueError: an unknown obs_type, or an action that the game has not.
    """
    if obs_type not in OBSERVATIONS:
      raise ValueError(
          f'obs_type: expected one of {", ".join(OBSERVATIONS)}, '
          f'got {obs_type!r}'
      )
    ale_py.ALEInterface.setLoggerMode(ale_py.LoggerMode.Error)
    self._ale = ale_py.ALEInterface()
    self._ale.setFloat('repeat_action_probability', repeat_action_probability)
    self._rom = games.rom_path(game)
    self._loaded = False
    sample = _sample(self._rom)
    minimal = {a.name: a for a in sample.getMinimalActionSet()}
    if not set(actions or ()) <= set(minimal):
      raise ValueError(
          f'actions: expected some of {", ".join(minimal)}, got {actions}'
      )
    self.actions = [minimal[name] for name in actions or minimal]
    self.render_mode = render_mode
    self._obs_type = obs_type
    self._frameskip = frameskip
    self._max_frames = max_frames
    self.action_space = gym.spaces.Discrete(len(self.actions))
    self.observation_space = gym.spaces.Box(
        0, 255, self._observation(sample).shape, np.uint8
    )

  @property
  def ale(self) -> ale_py.ALEInterface:
    """The emulator."""
    if not self._loaded:
      self._ale.loadROM(self._rom)
      self._loaded = True
    return self._ale

  def reset(
      self, *, seed: int | None = None, options: dict[str, Any] | None = None
  ) -> tuple[np.ndarray, dict[str, Any]]:
    """Starts a game; a seed makes sticky actions repeatable."""
    super().reset(seed=seed, options=options)
    if seed is not None:
      self._ale.setInt('random_seed', seed)
      self._loaded = False  # To load the ROM is what reads the seed.
    self.ale.reset_game()
    return self._observation(self.ale), self._info()

  def step(
      self, action: int
  ) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
    """Repeats an action; see `gym.Env`. The reward is the game's score."""
    reward = 0
    for _ in range(self._frameskip):
      reward += self.ale.act(self.actions[action])
      if self.ale.game_over():
        break
    truncated = self.ale.getEpisodeFrameNumber() >= self._max_frames
    terminated = self.ale.game_over()
    return (
        self._observation(self.ale),
        float(reward),
        terminated,
        truncated,
        self._info(),
    )

  def render(self) -> np.ndarray | None:
    """The screen, uint8 [210, 160, 3]."""
    return self.ale.getScreenRGB() if self.render_mode else None

  def _observation(self, ale: ale_py.ALEInterface) -> np.ndarray:
    if self._obs_type == 'rgb':
      return ale.getScreenRGB()
    if self._obs_type == 'grayscale':
      return ale.getScreenGrayscale()
    return ale.getRAM()

  def _info(self) -> dict[str, Any]:
    return {
        'lives': self.ale.lives(),
        'episode_frame_number': self.ale.getEpisodeFrameNumber(),
    }


@functools.cache
def _sample(rom: pathlib.Path) -> ale_py.ALEInterface:
  """An emulator to ask; to load a ROM takes as long as a thousand frames."""
  ale = ale_py.ALEInterface()
  ale.loadROM(rom)
  return ale


def single_frame_id(title: str) -> str:
  """The id of a game of single frames without sticky actions."""
  return f'{title}NoFrameskip-v4'


def register() -> None:
  """Registers the ids of all games that ale-py has."""
  for rom in roms.get_all_rom_ids():
    title = rom.title().replace('_', '')
    for name, settings in {
        # ALE's version 5: sticky actions, four frames an action.
        f'ALE/{title}-v5': {'frameskip': 4, 'repeat_action_probability': 0.25},
        single_frame_id(title): {},
    }.items():
      gym.register(
          name,
          entry_point='agents.atari.registration:AtariEnv',
          kwargs={'game': rom, **settings},
          # gym 0.26's checker asks for np.bool8, which NumPy 2 has not.
          disable_env_checker=True,
          nondeterministic='repeat_action_probability' in settings,
      )


register()
