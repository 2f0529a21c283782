# SPDX-License-Identifier: Apache-2.0
"""What a teacher has seen and done, in a file.

A NumPy archive without pickle. Each frame is in it once: a state is the newest
one and the three before it, as far as its episode has them, and black
ones else. States of an episode follow each other; episodes are in the order in
which they began. `record` is a JSON string: the game, the teacher and how the
states came to be.

Axes: N states, A actions.
"""

import dataclasses
import json
import os
import pathlib
from typing import Any

import numpy as np

from agents.atari import games
from agents.atari import preprocessing
from experiment import archives
from experiment import atomic
from experiment import errors
from experiment import reading

_WAY_OUT = 'take another file, or make one with //agents:record'
_RECORD = 'record'


@dataclasses.dataclass(frozen=True)
class Recording:
  """The states of a teacher, and what it did in them.

  Attributes:
    pictures: uint8 [N, 84, 84], the newest of each state.
    logits: float32 [N, A], the teacher's.
    actions: int64 [N], drawn from its policy.
    episodes: int32 [N], the number of the episode, not decreasing.
    record: how it came to be, JSON values; `game` among them.
  """

  pictures: np.ndarray
  logits: np.ndarray
  actions: np.ndarray
  episodes: np.ndarray
  record: dict[str, Any]

  @property
  def size(self) -> int:
    """N."""
    return len(self.episodes)


def histories(episodes: np.ndarray) -> np.ndarray:
  """Which frames make the states of episodes [N]: int32 [N, 4], newest last.

  Frame i + 1 is the newest of state i, and 0 a black one.
  """
  here = np.arange(len(episodes))
  columns = []
  for back in reversed(range(preprocessing.HISTORY)):
    before = np.maximum(here - back, 0)
    same = (here >= back) & (episodes[before] == episodes)
    columns.append(np.where(same, before + 1, 0))
  return np.stack(columns, 1).astype(np.int32)


ARRAYS = tuple(
    field.name
    for field in dataclasses.fields(Recording)
    if field.name != _RECORD
)


def save(path: os.PathLike[str] | str, recording: Recording) -> None:
  """Writes a file, all of it or nothing; UserError when it cannot be."""
  path = pathlib.Path(path)
  arrays = {name: getattr(recording, name) for name in ARRAYS}
  with errors.naming(path), atomic.replacing(path) as temporary:
    with open(temporary, 'wb') as file:
      np.savez_compressed(
          file, **arrays, **{_RECORD: np.array(json.dumps(recording.record))}
      )


def read_arrays(
    path: os.PathLike[str] | str, names: tuple[str, ...]
) -> dict[str, np.ndarray]:
  """Reads arrays of a NumPy archive; UserError when they cannot be read."""
  try:
    return archives.read(path, names)
  except FileNotFoundError:
    raise errors.UserError(f'{path}: no such file: {_WAY_OUT}') from None
  except archives.Damaged as error:
    raise _damaged(path, error) from error


def _damaged(path, error: Exception) -> errors.UserError:
  return errors.UserError(
      f'{path}: not a recording, or a damaged one '
      f'({errors.one_line(error) or type(error).__name__}): {_WAY_OUT}'
  )


def load(path: os.PathLike[str] | str, game: str) -> Recording:
  """Reads a recording of a game.

  Raises:
    UserError: there is no file, it is broken, or it is of another game.
  """
  num_actions = len(games.game(game).actions)
  found = read_arrays(path, (*ARRAYS, _RECORD))
  try:
    record = reading.parse_json(found.pop(_RECORD).item())
    of = record['game']
  except (KeyError, TypeError, ValueError) as error:
    raise _damaged(path, error) from error
  recording = Recording(**found, record=record)
  if of != game:
    raise errors.UserError(
        f'{path}: a recording of {of}, where one of {game} is needed: '
        f'{_WAY_OUT}'
    )
  wrong = _wrong(recording, num_actions)
  if wrong:
    raise errors.UserError(f'{path}: {wrong}: {_WAY_OUT}')
  return recording


def _wrong(recording: Recording, num_actions: int) -> str:
  """What does not fit together; nothing if all does."""
  size = recording.actions.size
  expected = {
      'pictures': ((size, *preprocessing.SHAPE[1:]), np.uint8),
      'logits': ((size, num_actions), np.float32),
      'actions': ((size,), np.int64),
      'episodes': ((size,), np.int32),
  }
  for name, (shape, dtype) in expected.items():
    array = getattr(recording, name)
    if array.shape != shape or array.dtype != dtype:
      return (
          f'{name}: expected {np.dtype(dtype)} {list(shape)}, '
          f'got {array.dtype} {list(array.shape)}'
      )
  if not size:
    return 'no states'
  if not np.isfinite(recording.logits).all():
    return 'logits: some are not finite'
  if (np.diff(recording.episodes) < 0).any():
    return 'episodes: expected numbers that do not decrease'
  return ''
