# SPDX-License-Identifier: Apache-2.0
"""Recorded points of a function of the user's own, from a NumPy archive.

    np.savez('points.npz', x=x, y=y, gradient=gradient)
    ./bazelw run //regression:train -- --functions=points.npz --size=100

A fifth of the points, at most 10,000, are kept for the test.
"""

from collections.abc import Iterable
import functools
import pathlib

import numpy as np

from experiment import archives
from experiment import errors

SUFFIX = '.npz'

# Of float32 that numbers have to range over.
_STEPS = 1000

_RANKS = {'x': 2, 'y': 1, 'gradient': 2}


@functools.cache
def load(path: pathlib.Path) -> dict[str, np.ndarray]:
  """Reads recorded points; nothing in the archive is unpickled.

  Args:
    path: an .npz file with x [N, D], y [N] and gradient [N, D].

  Returns:
    The three arrays, as float32.

  Raises:
    UserError: the file cannot be read, an array is missing or has another
      shape, or a number is not finite.
  """
  arrays = _load(path, _RANKS)
  for name in ('x', 'y'):
    _require_apart(path, name, arrays[name])
  return _in_float32(arrays)


def load_points(path: pathlib.Path) -> np.ndarray:
  """Reads x [N, D] alone, as float32, of an .npz file; see `load`."""
  return _in_float32(_load(path, ['x']))['x']


def _load(
    path: pathlib.Path, names: Iterable[str]
) -> dict[str, np.ndarray]:
  arguments = ', '.join(f'{name}={name}' for name in names)
  way_out = f'write it with np.savez(path, {arguments})'
  try:
    arrays = archives.read(path, names)
  except FileNotFoundError:
    raise errors.UserError(f'{path}: no such file: {way_out}') from None
  except archives.Damaged as error:
    raise errors.UserError(
        f'{path}: not an archive of such numbers ({error}): {way_out}'
    ) from None
  for name, array in arrays.items():
    _check(path, name, array, arrays['x'], way_out)
  return arrays


def _in_float32(arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
  return {name: array.astype(np.float32) for name, array in arrays.items()}


def _require_apart(path: pathlib.Path, name: str, array: np.ndarray) -> None:
  """Refuses data to learn from that float32 does not tell apart."""
  if not array.size:
    return
  span = np.ptp(array, 0)
  step = np.spacing(np.abs(array).max(0).astype(np.float32))
  if np.any((span > 0) & (span < _STEPS * step)):
    raise errors.UserError(
        f'{path}: {name}: float32 does not tell these numbers apart, which '
        'differ by little beside their size: subtract their mean'
    )


def _check(path, name, array, x, way_out):
  expected = list(x.shape[: _RANKS[name]])
  if not np.issubdtype(array.dtype, np.number) or np.iscomplexobj(array):
    raise errors.UserError(
        f'{path}: {name}: expected real numbers, got {array.dtype}: {way_out}'
    )
  if x.ndim != 2 or list(array.shape) != expected:
    shape = '[N, D]' if x.ndim != 2 else expected
    raise errors.UserError(
        f'{path}: {name}: expected the shape {shape}, got '
        f'{list(array.shape)}: {way_out}'
    )
  if name == 'x' and not x.shape[1]:
    raise errors.UserError(f'{path}: x: expected inputs, got [N, 0]: {way_out}')
  with np.errstate(over='ignore'):
    wrong = np.argwhere(~np.isfinite(array.astype(np.float32)))
  if len(wrong):
    raise errors.UserError(
        f'{path}: {name}: {len(wrong)} of {array.size} numbers are not finite, '
        f'the first at {wrong[0].tolist()}: leave these points out'
    )


def split(path: pathlib.Path) -> tuple[np.ndarray, np.ndarray]:
  """Which points are for training and which for the test."""
  count = len(load(path)['x'])
  order = np.random.default_rng(0).permutation(count)
  tests = min(10_000, max(1, count // 5))
  return order[tests:], order[:tests]
