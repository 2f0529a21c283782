# SPDX-License-Identifier: Apache-2.0
"""Training and test sets: points, values and exact gradients.

Points are uniform in a function's box [V, section 4.1]. A seed's smaller set is
the beginning of its larger one, and both methods see the same points in the
same order. The test set is one for all seeds of a function; the validation set,
on which training may be stopped, is drawn per seed. Where a name is that of an
.npz file, the points are the recorded ones in it.
"""

import pathlib
from typing import NamedTuple
import zlib

import numpy as np

from experiment import errors
from experiment import run_folder
from regression import functions
from regression import recorded

TEST_SIZE = 10_000  # [M; S: Tikquuss/lwd]
VALIDATION_SIZE = 1000  # [O]

_TRAIN, _TEST, _ORDER, _VALIDATION = range(4)


class Dataset(NamedTuple):
  """Points of one function; N points, D input dimensions; float32.

  Attributes:
    x: points, [N, D].
    y: values, [N].
    gradient: gradients, [N, D].
  """

  x: np.ndarray
  y: np.ndarray
  gradient: np.ndarray


def _generator(purpose: int, name: str, *seed: int) -> np.random.Generator:
  if name.endswith(recorded.SUFFIX):  # Wherever the file is.
    name = recorded.SUFFIX
  entropy = (purpose, zlib.crc32(name.encode()), *seed)
  return np.random.default_rng(np.random.SeedSequence(entropy))


def _sample(name, size, generator) -> Dataset:
  function = functions.FUNCTIONS[name]
  low, high = np.array(function.low), np.array(function.high)
  x = low + (high - low) * generator.random((size, len(low)))
  arrays = (x, *function.value_and_gradient(x))
  return Dataset(*(array.astype(np.float32) for array in arrays))


def _recorded(name: str) -> pathlib.Path | None:
  """The file of recorded points that a name means, if it does."""
  return run_folder.resolve(name) if name.endswith(recorded.SUFFIX) else None


def _training_rows(path, name, seed) -> np.ndarray:
  rows, _ = recorded.split(path)
  return _generator(_TRAIN, name, seed).permutation(rows)


def _pick(path, rows) -> Dataset:
  return Dataset(**{k: v[rows] for k, v in recorded.load(path).items()})


def training_set(name: str, size: int, seed: int) -> Dataset:
  """The `size` training points of a function for a seed.

  Args:
    name: a key of `functions.FUNCTIONS`, or an .npz file; see `recorded`.
    size: how many points.
    seed: which ones.

  Raises:
    UserError: the file cannot be used, or has fewer points.
  """
  path = _recorded(name)
  if path is None:
    return _sample(name, size, _generator(_TRAIN, name, seed))
  rows = _training_rows(path, name, seed)
  if size > len(rows):
    raise errors.UserError(
        f'{path}: --size={size}, and {len(rows)} of its points are to train '
        'on, the others to test: ask for fewer'
    )
  return _pick(path, rows[:size])


def validation_set(name: str, size: int, seed: int) -> Dataset:
  """Points held out from both training and test, up to VALIDATION_SIZE.

  Args:
    name: a key of `functions.FUNCTIONS`, or an .npz file; see `recorded`.
    size: the size of the training set: of a file, what it leaves over.
    seed: which points.

  Returns:
    The points; none if a file has no more of them.
  """
  path = _recorded(name)
  if path is None:
    return _sample(name, VALIDATION_SIZE, _generator(_VALIDATION, name, seed))
  rows = _training_rows(path, name, seed)
  return _pick(path, rows[size : size + VALIDATION_SIZE])


def test_set(name: str, size: int = TEST_SIZE) -> Dataset:
  """A function's test points, the same for every seed."""
  path = _recorded(name)
  if path is None:
    return _sample(name, size, _generator(_TEST, name))
  return _pick(path, recorded.split(path)[1][:size])


def batch_indices(
    size: int, batch_size: int, name: str, seed: int, start: int, stop: int
) -> np.ndarray:
  """Which points each step sees, shuffled anew every epoch.

  Args:
    size: points in the set.
    batch_size: points a step.
    name: the function's name; with `seed` it decides the order.
    seed: the network's seed.
    start: the first step.
    stop: the step after the last.

  Returns:
    Indices, int32 [stop - start, batch_size]: any cut of the steps gives the
    same rows, so that a resumed run sees what an uninterrupted one does.
  """
  first, last = start * batch_size, stop * batch_size
  epochs = range(first // size, last // size + 1)
  stream = np.concatenate([
      _generator(_ORDER, name, seed, epoch).permutation(size)
      for epoch in epochs
  ])
  offset = epochs.start * size
  rows = stream[first - offset : last - offset]
  return rows.reshape(stop - start, batch_size).astype(np.int32)
