# SPDX-License-Identifier: Apache-2.0
"""What an agent sees of a game: four small grey frames (supplement 2 [M]).

An agent step is four frames of one action. It shows the brighter one of
the last two frames, pixel by pixel, as the console draws some things in every
other frame only; grey, 84 x 84; an observation is of the last four steps. All
is as in Mnih et al. (2015), and bit for bit what `vector_env` computes in C++.
"""

from typing import Any

import gymnasium
import numpy as np

ACTION_REPEAT = 4
HISTORY = 4
SIZE = 84
MAX_NOOPS = 30
MAX_STEPS = 27_000  # Half an hour of play, 108,000 frames.
SHAPE = (HISTORY, SIZE, SIZE)


def _area_table(source: int, target: int) -> tuple[np.ndarray, np.ndarray]:
  """Which pixels of a line go into each target pixel, and with what weight.

  Args:
    source: how many pixels there are.
    target: how many there shall be, fewer.

  Returns:
    int [K, target] indices and float32 [K, target] weights, in the order in
    which to add: a pixel's weight is its share of the target's extent.
  """
  scale = source / target
  edges = np.arange(target + 1) * scale
  first = np.floor(edges[:-1] + 1e-9).astype(int)
  index = first + np.arange(int(np.ceil(scale)) + 1)[:, None]
  covered = np.minimum(index + 1, edges[1:]) - np.maximum(index, edges[:-1])
  weight = np.where(covered > 1e-9, covered, 0) / scale
  return np.minimum(index, source - 1), weight.astype(np.float32)


_ROWS = _area_table(210, SIZE)
_COLUMNS = _area_table(160, SIZE)


def area_resize(screen: np.ndarray) -> np.ndarray:
  """Shrinks a screen by averaging over areas.

  Single precision, columns first and then rows, halves to even: the order in
  which OpenCV's INTER_AREA, which ALE uses, adds and rounds.

  Args:
    screen: uint8 [210, 160].

  Returns:
    uint8 [84, 84].
  """
  columns = _add(screen.astype(np.float32).T, *_COLUMNS).T  # [210, 84]
  return np.rint(_add(columns, *_ROWS)).astype(np.uint8)


def _add(
    lines: np.ndarray, index: np.ndarray, weight: np.ndarray
) -> np.ndarray:
  """Weighted sums of lines [source, ...], one after the other."""
  total = weight[0][:, None] * lines[index[0]]
  for one, factor in zip(index[1:], weight[1:], strict=True):
    total += factor[:, None] * lines[one]
  return total


class Preprocess(gymnasium.Wrapper):
  """Turns grey single frames into what an agent sees.

  The first observation after a reset has zeros in place of what was before,
  as ALE's vector environment has. Rewards are not clipped. `info['noops']`
  after a reset is the number of frames played before.
  """

  def __init__(
      self,
      env: gymnasium.Env,
      max_noops: int = MAX_NOOPS,
      max_steps: int = MAX_STEPS,
  ):
    """Wraps.

    Args:
      env: the game, such as an `Emulator`.
      max_noops: a game starts with 1 to that many frames without an action, so
        that no two games are alike; 0 for none.
      max_steps: when to truncate an episode, in agent steps.
    """
    super().__init__(env)
    self.observation_space = gymnasium.spaces.Box(0, 255, SHAPE, np.uint8)
    self.stack = np.zeros(SHAPE, np.uint8)
    self.steps = 0
    self.noops_generator = np.random.default_rng(0)
    self._max_noops = max_noops
    self._max_steps = max_steps

  def reset(
      self, *, seed: int | None = None, options: dict[str, Any] | None = None
  ) -> tuple[np.ndarray, dict[str, Any]]:
    """Starts a game; `options={'noops': 3}` sets the frames before it."""
    if seed is not None:
      self.noops_generator = np.random.default_rng(seed)
    screen, info = self.env.reset(seed=seed, options=options)
    noops = (options or {}).get('noops')
    if noops is None:
      noops = 0
      if self._max_noops:
        noops = int(self.noops_generator.integers(1, self._max_noops + 1))
    for _ in range(noops):
      screen, _, over, _, info = self.env.step(0)
      if over:
        screen, info = self.env.reset()
    self.stack = np.zeros(SHAPE, np.uint8)
    self.steps = 0
    self._push(screen)
    return self.stack.copy(), {**info, 'noops': noops}

  def step(
      self, action: int
  ) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
    """Plays four frames, or fewer when the game ends."""
    total, screens = 0.0, []
    for _ in range(ACTION_REPEAT):
      screen, reward, over, truncated, info = self.env.step(action)
      total += reward
      screens = [*screens[-1:], screen]
      if over:
        break
    self.steps += 1
    self._push(np.maximum(screens[0], screens[-1]))
    truncated = truncated or self.steps >= self._max_steps
    return self.stack.copy(), total, over, truncated, info

  def _push(self, screen: np.ndarray) -> None:
    self.stack[:-1] = self.stack[1:]
    self.stack[-1] = area_resize(screen)
