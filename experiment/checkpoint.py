# SPDX-License-Identifier: Apache-2.0
"""Checkpoints that survive kill -9, a full disk and damaged files.

A checkpoint is a folder `step_000000100` with

    state.index, state.data-*   the tensors, by tf.train.Checkpoint
    host_state.json             what Python knows: positions, counts, writers
    manifest.json               the size and the SHA-256 of each file

It is written under a temporary name, flushed to the disk and renamed: what has
the right name is complete, and the manifest shows whether it has changed since.
Two are kept, so that a damaged one costs only a little time.
"""

from collections.abc import Callable
from collections.abc import Mapping
import hashlib
import json
import pathlib
import shutil
from typing import Any
from typing import NamedTuple

import tensorflow as tf

from experiment import atomic
from experiment import errors
from experiment import progress
from experiment import reading
from experiment import tensorflow_errors

_STATE = 'state'
_HOST_STATE = 'host_state.json'
_MANIFEST = 'manifest.json'
_STEP = 'step_'
_DAMAGED = 'damaged_'
_TEMPORARY = '.tmp_'
_KEPT = 2


class Restored(NamedTuple):
  """A checkpoint that was read.

  Attributes:
    step: the step that it was saved at.
    host_state: what was given to `save`.
    check_complete: raises UserError when a saved value has found no variable.
      Optimisers make some at their first use, so call it after that.
  """

  step: int
  host_state: dict[str, Any]
  check_complete: Callable[[], None]


class Checkpointer:
  """Saves states into a folder and reads the newest good one.

  For one process at a time: `run_folder.open_run` sees to it.
  """

  def __init__(
      self,
      folder: pathlib.Path,
      report: Callable[[str], object] = progress.write,
  ):
    """Makes the folder, and clears what a killed save left.

    Args:
      folder: the folder of the checkpoints.
      report: takes a line when a broken checkpoint is passed over.
    """
    self._folder = folder
    self._report = report
    with errors.naming(self._folder):
      self._folder.mkdir(parents=True, exist_ok=True)
      for leftover in self._folder.glob(f'{_TEMPORARY}*'):
        shutil.rmtree(leftover)

  def save(
      self,
      step: int,
      trackables: Mapping[str, Any],
      host_state: Mapping[str, Any],
  ) -> None:
    """Writes a checkpoint, and removes the ones too old to keep.

    Args:
      step: the number of updates made so far.
      trackables: what holds the variables, by name: Sonnet and Keras modules
        and optimisers, tf.Module, tf.Variable, and lists and dicts of them.
      host_state: JSON values.

    Raises:
      UserError: the disk is full, or its like. The checkpoints of before are
        untouched then.
    """
    temporary = self._folder / f'{_TEMPORARY}{step}'
    final = self._folder / _name(step)
    with tensorflow_errors.naming(self._folder):
      temporary.mkdir()
      try:
        _write(temporary, step, trackables, host_state)
      except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
      if final.exists():  # A broken one, which this one takes the place of.
        self._remove(final)
      temporary.replace(final)
      atomic.sync(self._folder)
      for old in self._saved()[_KEPT:]:
        self._remove(old)
      for damaged in self._folder.glob(f'{_DAMAGED}*'):
        self._remove(damaged)

  def restore(self, trackables: Mapping[str, Any]) -> Restored | None:
    """Sets the variables to the newest good checkpoint.

    A broken one is named in a line, renamed to `damaged_...`, and removed after
    the next save.

    Args:
      trackables: as for `save`, with the same names and structure.

    Returns:
      What was read; None when nothing was saved yet.

    Raises:
      UserError: all are broken, or the variables are not those that were saved.
    """
    faults = []
    for path in self._saved():
      fault = _fault(path)
      if fault is None:
        for damaged, reason in faults:
          self._report(f'{damaged}: {reason}: using {path.name} instead')
          damaged.replace(self._folder / f'{_DAMAGED}{damaged.name}')
        return _read(path, trackables)
      faults.append((path, fault))
    if faults:
      reasons = '; '.join(f'{path.name}: {fault}' for path, fault in faults)
      raise errors.UserError(
          f'{self._folder}: no usable checkpoint ({reasons}): put a good one '
          'back, or start the run again in another folder'
      )
    return None

  def _saved(self) -> list[pathlib.Path]:
    """The checkpoints, the newest first."""
    return sorted(
        self._folder.glob(f'{_STEP}*'), key=lambda p: (len(p.name), p.name)
    )[::-1]

  def _remove(self, path: pathlib.Path) -> None:
    """Removes a checkpoint so that no half of it is ever taken for one."""
    leftover = self._folder / f'{_TEMPORARY}{path.name}'
    path.replace(leftover)
    shutil.rmtree(leftover)


def _name(step: int) -> str:
  return f'{_STEP}{step:09d}'


def _write(
    folder: pathlib.Path,
    step: int,
    trackables: Mapping[str, Any],
    host_state: Mapping[str, Any],
) -> None:
  """Fills a checkpoint's folder; all is on the disk when it returns."""
  tf.train.Checkpoint(state=dict(trackables)).write(str(folder / _STATE))
  (folder / _HOST_STATE).write_text(json.dumps(host_state), encoding='utf-8')
  files = {path.name: _digest(path) for path in sorted(folder.iterdir())}
  (folder / _MANIFEST).write_text(
      json.dumps({'step': step, 'files': files}, indent=2), encoding='utf-8'
  )
  for path in [*folder.iterdir(), folder]:
    atomic.sync(path)


def _digest(path: pathlib.Path) -> dict[str, Any]:
  with reading.open_regular(path) as file:
    digest = hashlib.file_digest(file, 'sha256').hexdigest()
  return {'size': path.stat().st_size, 'sha256': digest}


def _fault(path: pathlib.Path) -> str | None:
  """Says what is wrong with a checkpoint; None for a good one."""
  try:
    manifest = reading.read_json(path / _MANIFEST)
    files = dict(manifest['files'])
    if path.name != _name(manifest['step']) or _HOST_STATE not in files:
      return f'{_MANIFEST} is of another checkpoint'
    for name, expected in files.items():
      found = _digest(path / name)
      if found['size'] != expected['size']:
        return f'{name} has {found["size"]} bytes of {expected["size"]}'
      if found['sha256'] != expected['sha256']:
        return f'{name} has changed (its SHA-256 differs)'
    reading.read_json(path / _HOST_STATE)
  except OSError as error:
    return f'{pathlib.Path(error.filename or path).name} cannot be read'
  except errors.UserError as error:
    return str(error)
  except (ValueError, KeyError, TypeError):
    return f'{_MANIFEST} is broken'
  return None


def _read(path: pathlib.Path, trackables: Mapping[str, Any]) -> Restored:
  host_state = reading.read_json(path / _HOST_STATE)
  checkpoint = tf.train.Checkpoint(state=dict(trackables))

  def check(assertion: str) -> None:
    try:
      getattr(status, assertion)()
    except AssertionError as error:
      raise mismatch(error) from error

  def mismatch(error: Exception) -> errors.UserError:
    reason = errors.one_line(error)[:200]
    return errors.UserError(
        f'{path}: its variables are not those of this program ({reason}): '
        'resume at the commit that saved it, or choose another folder'
    )

  try:
    status = checkpoint.read(str(path / _STATE))
  except (ValueError, tf.errors.OpError) as error:  # Another shape or type.
    raise mismatch(error) from error
  status.expect_partial()  # What is missing is reported here.
  check('assert_existing_objects_matched')
  step = int(path.name.removeprefix(_STEP))
  return Restored(step, host_state, lambda: check('assert_consumed'))
