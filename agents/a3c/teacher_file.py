# SPDX-License-Identifier: Apache-2.0
"""A teacher in a file: its weights in half precision, and how it came to be.

A NumPy archive without pickle. It holds the weights by name, and `record`, a
JSON string: the game, the settings, the curve of training, the frames that the
teacher has seen, and its evaluation.
"""

import json
import os
import pathlib
from typing import Any
from typing import NamedTuple

import numpy as np

from agents.a3c import networks
from agents.atari import games
from experiment import archives
from experiment import atomic
from experiment import errors
from experiment import reading

SUFFIX = '.npz'
_RECORD = 'record'
_OTHER_WAY = 'take another file, or train one with //agents:train_teacher'


class Loaded(NamedTuple):
  """What a file holds.

  Attributes:
    network: the teacher.
    record: how it came to be.
  """

  network: networks.Teacher
  record: dict[str, Any]


def half(network: networks.Teacher) -> dict[str, np.ndarray]:
  """The weights by name, float16, as a file holds them.

  Raises:
    UserError: float16 does not hold them.
  """
  with np.errstate(over='ignore'):
    weights = {v.name: v.numpy().astype(np.float16) for v in network.variables}
  for name, array in weights.items():
    if not np.isfinite(array).all():
      raise errors.UserError(
          f'diverged: {name} is larger than float16 holds: lower '
          '--learning_rate'
      )
  return weights


def assign(
    network: networks.Teacher, weights: dict[str, np.ndarray]
) -> None:
  """Sets the weights of a network."""
  for variable in network.variables:
    variable.assign(weights[variable.name].astype(np.float32))


def save(
    path: os.PathLike[str] | str,
    weights: dict[str, np.ndarray],
    record: dict[str, Any],
) -> None:
  """Writes a file, all of it or nothing.

  Args:
    path: the file.
    weights: as `half` gives them.
    record: JSON values; `game` and `frames` among them.
  """
  path = pathlib.Path(path)
  with errors.naming(path), atomic.replacing(path) as temporary:
    with open(temporary, 'wb') as file:
      np.savez_compressed(
          file, **weights, **{_RECORD: np.array(json.dumps(record))}
      )


def load(path: os.PathLike[str] | str, game: str) -> Loaded:
  """Reads a teacher of a game.

  Raises:
    UserError: there is no file, it is broken, or it is of another game.
  """
  num_actions = len(games.game(game).actions)
  try:
    found = archives.read(path)
    record = reading.parse_json(found.pop(_RECORD).item())
    of, _ = record['game'], record['frames']
  except FileNotFoundError:
    raise errors.UserError(f'{path}: no such file: {_OTHER_WAY}') from None
  except (archives.Damaged, KeyError, TypeError, ValueError) as error:
    raise errors.UserError(
        f'{path}: not a teacher, or a damaged one '
        f'({errors.one_line(error) or type(error).__name__}): {_OTHER_WAY}'
    ) from error
  if of != game:
    raise errors.UserError(
        f'{path}: a teacher of {of}, where one of {game} is needed: '
        f'{_OTHER_WAY}'
    )
  network = networks.teacher_of(game)
  shapes = {v.name: tuple(v.shape) for v in network.variables}
  if {name: array.shape for name, array in found.items()} != shapes:
    raise errors.UserError(
        f'{path}: its weights are not those of the teacher of {game} with '
        f'{num_actions} actions: {_OTHER_WAY}'
    )
  if not all(map(_is_finite, found.values())):
    raise errors.UserError(
        f'{path}: some of its weights are not finite: {_OTHER_WAY}'
    )
  assign(network, found)
  return Loaded(network, record)


def _is_finite(array: np.ndarray) -> bool:
  """Whether all are numbers that float32 holds."""
  if array.dtype.kind != 'f':
    return False
  with np.errstate(over='ignore'):
    return bool(np.isfinite(array.astype(np.float32)).all())
