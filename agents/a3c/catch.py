# SPDX-License-Identifier: Apache-2.0
"""A game of frames that is learnt in minutes: catch what falls. For tests.

A ball falls from a random place in 20 steps; a point if the paddle is below it
then, and minus one if not. Which action is right depends on the frame alone.
"""

import numpy as np

from agents.atari import preprocessing
from agents.atari import vector_env

_STEP = 4  # Pixels that the ball falls, and the paddle moves.
_COLUMNS = preprocessing.SIZE // _STEP
_MOVES = np.array([0, _STEP, -_STEP])  # By action.


class Catch:
  """N games."""

  def __init__(self, count: int, background: int, seed: int = 0):
    """Makes the games on a grey; the seed says where their balls begin."""
    self.count = count
    self._background = background
    self._chance = np.random.default_rng(seed)
    self._seen = np.zeros([count, *preprocessing.SHAPE], np.uint8)
    self._ball = np.zeros([count, 2], int)  # Row and column.
    self._paddle = np.zeros(count, int)

  def reset(self) -> np.ndarray:
    """Starts all games; returns observations, uint8 [N, 4, 84, 84]."""
    for i in range(self.count):
      self._start(i)
    return self._observe()

  def _start(self, i: int) -> None:
    self._ball[i] = 0, _STEP * self._chance.integers(_COLUMNS)
    self._paddle[i] = preprocessing.SIZE // 2
    self._seen[i] = 0

  def _observe(self) -> np.ndarray:
    self._seen[:, :-1] = self._seen[:, 1:]
    self._seen[:, -1] = self._background
    for i, (row, column) in enumerate(self._ball):
      left = max(0, self._paddle[i] - _STEP)
      self._seen[i, -1, row : row + 3, column : column + 3] = 236
      self._seen[i, -1, 80:83, left : self._paddle[i] + 2 * _STEP] = 200
    return self._seen.copy()

  def step(self, actions: np.ndarray) -> vector_env.Step:
    """Plays one step: 0 stays, 1 goes right, 2 goes left."""
    self._paddle += _MOVES[actions]
    self._paddle = self._paddle.clip(_STEP, preprocessing.SIZE - 2 * _STEP)
    self._ball[:, 0] += _STEP
    ends = self._ball[:, 0] >= 80
    caught = abs(self._ball[:, 1] - self._paddle) <= 2 * _STEP
    rewards = np.where(ends, np.where(caught, 1, -1), 0).astype(np.float32)
    for i in np.flatnonzero(ends):
      self._start(i)
    return vector_env.Step(
        self._observe(),
        rewards,
        ends,
        np.zeros(self.count, np.int32),
        np.zeros(self.count, bool),
    )
