# SPDX-License-Identifier: Apache-2.0
"""One process at a time per folder, on all machines that see it."""

from collections.abc import Iterator
import contextlib
import fcntl
import os
import pathlib
import socket

from experiment import errors

# Not named like a result, and not removed: removing it would let two processes
# lock two files of the same name.
_LOCK = '.lock'
_HOLDER_BYTES = 200


@contextlib.contextmanager
def hold(folder: pathlib.Path) -> Iterator[None]:
  """Keeps other processes out; the system unlocks when this process ends.

  Raises:
    UserError: another process holds the lock, or the folder has no locks.
  """
  with errors.naming(folder):
    lock = _open(folder)
  try:
    with errors.naming(folder):
      if not _try(lock):
        holder = os.read(lock, _HOLDER_BYTES).decode(errors='replace')
        raise errors.UserError(
            f'{folder}: process {holder or "unknown"} is using this run: wait '
            'for it, or stop it'
        )
      os.truncate(lock, 0)
      os.write(lock, f'{os.getpid()} on {socket.gethostname()}'.encode())
    yield
  finally:
    os.close(lock)


def is_held(folder: pathlib.Path) -> bool:
  """Whether a process holds the lock of a folder, which may not exist."""
  try:
    lock = _open(folder)
  except OSError:
    return False
  try:
    return not _try(lock)
  finally:
    os.close(lock)


def _open(folder: pathlib.Path) -> int:
  # A link would let whoever made it choose which file is written.
  return os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o666)


def _try(lock: int) -> bool:
  try:
    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
  except BlockingIOError:
    return False
  return True
