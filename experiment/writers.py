# SPDX-License-Identifier: Apache-2.0
"""One dict of scalars: a row of metrics.csv and TensorBoard scalars.

    step,seconds,method,loss
    100,2.113,sobolev,0.25

A program that was killed has written more than its newest checkpoint knows of.
`state` is kept in the checkpoint, and `restore` cuts what came after it: a run
that was resumed leaves the same rows and events as one that was not.
"""

from collections.abc import Mapping
from collections.abc import Sequence
import csv
import hashlib
import io
import os
import pathlib
import time
from typing import Any
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from experiment import atomic
from experiment import errors
from experiment import tensorflow_errors

METRICS = 'metrics.csv'
EVENTS = 'events'
_BROKEN = 'broken: choose another --output'
_WAY_OUT = 'put it back, or start the run again in another folder'

Scalars = Mapping[str, Any]


class Row(NamedTuple):
  """What was measured in one place, such as for one method and one seed.

  Attributes:
    scalars: the measured values; Python or NumPy numbers or scalar tensors.
    labels: what the values belong to; columns before the scalars, and the path
      of their TensorBoard tags; see `tag`.
  """

  scalars: Scalars
  labels: Mapping[str, str | int] = {}

  def name(self) -> str:
    """The labels in words, for people."""
    return ', '.join(f'{key}={value}' for key, value in self.labels.items())


class Writers:
  """Writes scalars into `metrics.csv` and `events/` of a folder."""

  def __init__(self, folder: pathlib.Path):
    """Goes on with what an existing folder holds; call `restore` to cut it."""
    self._metrics = folder / METRICS
    self._events = folder / EVENTS
    self._columns: list[str] | None = None
    self._digests: dict[pathlib.Path, tuple[Any, int]] = {}
    self._resumed = False  # Whether the columns are those of a file.
    self._summaries = None
    self._started = time.monotonic()
    if self._metrics.is_fifo():  # To open it would wait for a reader.
      raise errors.UserError(f'{self._metrics}: not a file: remove it')
    with errors.naming(self._metrics):
      self._file = open(self._metrics, 'a', encoding='utf-8', newline='')

  def write(self, step: int, *rows: Row) -> list[str]:
    """Writes the rows of one step.

    Args:
      step: how many updates were made before the measurement.
      *rows: what was measured.

    Returns:
      A line per row, for people.

    Raises:
      ValueError: the columns are not those of the first row; names them.
      UserError: the disk is full, or its like.
    """
    seconds = self.seconds()
    text = io.StringIO()
    table = csv.writer(text, lineterminator='\n')
    rows = [
        Row({k: _number(k, v) for k, v in row.scalars.items()}, row.labels)
        for row in rows
    ]
    for row in rows:
      columns = ['step', 'seconds', *row.labels, *row.scalars]
      if self._columns is None:
        self._columns = self._first_line()
      if self._columns is None:
        self._columns = columns
        table.writerow(columns)
      self._check_columns(step, columns)
      values = {**row.labels, **row.scalars}
      table.writerow(
          [step, f'{seconds:.3f}', *(values[c] for c in self._columns[2:])]
      )
    with errors.naming(self._metrics):
      self._file.write(text.getvalue())
      self._file.flush()
    self._write_events(step, rows)
    return [_line(step, seconds, row) for row in rows]

  def seconds(self) -> float:
    """How long the run has been going, without the pauses between sessions."""
    return time.monotonic() - self._started

  def state(self) -> dict[str, Any]:
    """JSON values that `restore` takes; all before it is on the disk then."""
    with errors.naming(self._metrics):
      os.fsync(self._file.fileno())
    with tensorflow_errors.naming(self._events):
      if self._summaries is not None:
        self._summaries.flush()
      for path in self._event_files():
        atomic.sync(path)
    paths = [self._metrics, *self._event_files()]
    sizes = {path.name: path.stat().st_size for path in paths}
    return {
        'seconds': self.seconds(),
        'metrics': sizes[METRICS],
        'events': {p.name: sizes[p.name] for p in paths[1:]},
        'digests': {p.name: self._digest(p, sizes[p.name]) for p in paths},
    }

  def restore(self, state: Mapping[str, Any] | None) -> None:
    """Cuts all that was written after `state`; after None, everything.

    Raises:
      UserError: something that was written before `state` is missing, or has
        changed; nothing is cut then.
    """
    state = state or {'seconds': 0.0, 'metrics': 0, 'events': {}}
    self.close()
    sizes = {self._events / name: n for name, n in state['events'].items()}
    sizes[self._metrics] = state['metrics']
    for path, size in sizes.items():
      # Checkpoints of earlier versions have no digests.
      self._check(path, size, state.get('digests', {}).get(path.name))
    for path in self._event_files():
      if path not in sizes:
        path.unlink()
    for path, size in sizes.items():
      with errors.naming(path):
        os.truncate(path, size)
    self.__init__(self._metrics.parent)
    self._started -= state['seconds']
    self._columns = self._first_line()
    self._resumed = self._columns is not None

  def close(self) -> None:
    """Closes the files; raises UserError when the disk is full."""
    summaries, self._summaries = self._summaries, None
    with errors.naming(self._metrics):
      self._file.close()
    with tensorflow_errors.naming(self._events):
      if summaries is not None:
        summaries.close()

  def _event_files(self) -> list[pathlib.Path]:
    return sorted(self._events.glob('*tfevents*'))

  def _digest(self, path: pathlib.Path, size: int) -> str:
    """The SHA-256 of the first bytes of a file, each of which is read once."""
    digest, done = self._digests.get(path, (hashlib.sha256(), 0))
    with errors.naming(path), open(path, 'rb') as file:
      file.seek(done)
      while done < size and (block := file.read(min(size - done, 1 << 20))):
        digest.update(block)
        done += len(block)
    self._digests[path] = digest, done
    return digest.hexdigest()

  def _check(self, path: pathlib.Path, size: int, digest: str | None) -> None:
    """Refuses a file that is not what a checkpoint has seen of it."""
    found = path.stat().st_size if path.exists() else 0
    if found < size:
      raise errors.UserError(
          f'{path}: has {found} bytes where the checkpoint has seen {size}: '
          f'{_WAY_OUT}'
      )
    if digest is not None and self._digest(path, size) != digest:
      raise errors.UserError(
          f'{path}: its first {size} bytes are not those that the checkpoint '
          f'has seen: {_WAY_OUT}'
      )

  def _first_line(self) -> list[str] | None:
    if not self._metrics.stat().st_size:
      return None
    try:
      with open(self._metrics, encoding='utf-8', newline='') as file:
        return next(csv.reader(file))
    except (UnicodeDecodeError, csv.Error):
      raise errors.UserError(f'{self._metrics}: {_BROKEN}') from None

  def _check_columns(self, step: int, columns: list[str]) -> None:
    lacking = [c for c in self._columns if c not in columns]
    added = [c for c in columns if c not in self._columns]
    if lacking or added or len(columns) != len(set(columns)):
      if self._resumed:
        raise errors.UserError(
            f'{self._metrics}: its first row lacks {added} and has {lacking}: '
            f'{_BROKEN}'
        )
      raise ValueError(
          f'{self._metrics}: the row of step {step} lacks the columns '
          f'{lacking} of the first row and adds {added}: each row must have '
          'the same scalars and labels, each name once'
      )

  def _write_events(self, step: int, rows: list[Row]) -> None:
    summary = tf.compat.v1.Summary()
    for row in rows:
      path = [str(label) for label in row.labels.values()]
      for name, value in row.scalars.items():
        entry = summary.value.add(tag=tag(name, path))
        entry.metadata.plugin_data.plugin_name = 'scalars'
        entry.tensor.dtype = tf.float32.as_datatype_enum
        entry.tensor.float_val.append(float(value))
    with tensorflow_errors.naming(self._events):
      if self._summaries is None:
        self._summaries = tf.summary.create_file_writer(str(self._events))
      with self._summaries.as_default():
        # A summary of all: tf.summary.scalar takes 0.2 ms for each.
        tf.summary.experimental.write_raw_pb(summary.SerializeToString(), step)


def tag(name: str, labels: Sequence[str] = ()) -> str:
  """A scalar's name in TensorBoard, which groups by what is before a slash.

  With labels a group is theirs, as in `booth/3/test_mse`; without, a quantity,
  which a name ends with unless a number does: `loss/train` of `train_loss`, and
  `cosine/2` of `cosine_2`.
  """
  if labels:
    return '/'.join([*labels, name])
  before, _, last = name.rpartition('_')
  parts = [before, last] if last.isdigit() else [last, before]
  return '/'.join(filter(None, parts))


def _number(name: str, value: Any) -> np.number:
  """A scalar whose text is the shortest that gives its type's value again."""
  array = np.asarray(value)
  if array.shape or array.dtype.kind not in 'biuf':
    raise ValueError(
        f'{name}: expected a number, got {array.dtype} of shape {array.shape}'
    )
  return array[()]


def _line(step: int, seconds: float, row: Row) -> str:
  scalars = [f'{name} {value:.5g}' for name, value in row.scalars.items()]
  parts = [f'step {step}', f'{seconds:.1f} s', row.name(), *scalars]
  return '  '.join(filter(None, parts))
