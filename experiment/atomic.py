# SPDX-License-Identifier: Apache-2.0
"""Crash-safe atomic file writes, also when the power fails."""

from collections.abc import Iterator
import contextlib
import fcntl
import json
import os
import pathlib
from typing import Any


def sync(path: os.PathLike[str] | str) -> None:
  """Waits until a file's content, or a folder's list of names, is on disk."""
  descriptor = os.open(path, os.O_RDONLY)
  try:
    os.fsync(descriptor)
  finally:
    os.close(descriptor)


@contextlib.contextmanager
def replacing(
    path: pathlib.Path, durable: bool = True
) -> Iterator[pathlib.Path]:
  """Gives a temporary path whose file takes the place of `path` at the end.

  Args:
    path: the file to create or to replace.
    durable: whether to wait for the disk. Without, a power failure may cost the
      new content; readers still see the old file or the new one.

  Yields:
    A path in the same folder, starting with a dot. When the block raises, its
    file is removed and `path` stays as it was.
  """
  temporary = path.with_name(f'.{path.name}.{os.getpid()}.tmp')
  try:
    yield temporary
    if durable:
      sync(temporary)
    temporary.replace(path)
    if durable:
      sync(path.parent)
  finally:
    temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def locked(folder: pathlib.Path) -> Iterator[None]:
  """Lets one process after the other change a folder's files.

  Removes what a process left that was killed while it did.
  """
  descriptor = os.open(folder, os.O_RDONLY)
  try:
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    remove_leftovers(folder)
    yield
  finally:
    os.close(descriptor)


def remove_leftovers(folder: pathlib.Path) -> None:
  """Removes what `replacing` leaves in a folder when the process is killed.

  For the one process that writes into the folder.
  """
  for temporary in folder.glob('.*.[0-9]*.tmp'):
    temporary.unlink()


def write_json(path: pathlib.Path, value: Any, durable: bool = True) -> None:
  """Replaces a file by the JSON of `value`, indented, its keys in order."""
  text = json.dumps(value, indent=2, allow_nan=False) + '\n'
  with replacing(path, durable) as temporary:
    temporary.write_text(text, encoding='utf-8')
