# SPDX-License-Identifier: Apache-2.0
"""Unpacks downloaded archives into folders, whole or not at all."""

from collections.abc import Callable
from collections.abc import Iterator
import contextlib
import gzip
import lzma
import os
import pathlib
import tarfile
from typing import IO
import zlib

from experiment import atomic
from experiment import errors
from experiment import progress

MEGABYTE = 1e6


def files(
    path: pathlib.Path, wanted: Callable[[str], object], quiet: bool = False
) -> Iterator[tuple[str, bytes]]:
  """Reads files in a tar archive, compressed or not.

  A hard link is a file: tar keeps the second of two equal ones as a link to the
  first. Other links and devices are left out. Names are what the archive says:
  to be compared with those expected, never to be used as paths.

  Args:
    path: the archive.
    wanted: says of a name whether to read the file.
    quiet: whether to show no progress.

  Yields:
    The name and the content of each file that is wanted.

  Raises:
    UserError: the archive is missing, broken or truncated.
  """
  try:
    with errors.naming(path), open(path, 'rb') as file, progress.Progress(
        total=os.path.getsize(path) / MEGABYTE,
        description=path.name,
        unit='MB',
        quiet=quiet,
    ) as shown:
      for item in members(path, file, wanted):
        yield item
        shown.update(round(file.tell() / MEGABYTE, 1))
  except FileNotFoundError:
    raise errors.UserError(
        f'{path}: no such file: name the archive that you have'
    ) from None


def members(
    path: pathlib.Path, file: IO[bytes], wanted: Callable[[str], object]
) -> Iterator[tuple[str, bytes]]:
  """As `files`, of an archive that is open, such as one inside another.

  Args:
    path: what to call it in errors.
    file: the archive.
    wanted: as in `files`.
  """
  try:
    with tarfile.open(fileobj=file) as archive:
      for member in archive:
        if (member.isfile() or member.islnk()) and wanted(member.name):
          yield member.name, _content(archive, member)
      archive.fileobj.seek(archive.offset)
      # A block of zeros marks the end, which tarfile does not insist on.
      if archive.fileobj.read(tarfile.BLOCKSIZE) != bytes(tarfile.BLOCKSIZE):
        raise tarfile.ReadError('unexpected end of data')
      while archive.fileobj.read(int(MEGABYTE)):
        pass  # To the checksum, which gzip has at the end.
  except (
      tarfile.TarError,
      EOFError,
      gzip.BadGzipFile,
      lzma.LZMAError,
      zlib.error,
  ) as error:
    raise _broken(path, error) from None
  except OSError as error:  # bzip2's, which has no number.
    if error.errno is not None:
      raise
    raise _broken(path, error) from None


def _broken(path: pathlib.Path, error: Exception) -> errors.UserError:
  return errors.UserError(
      f'{path}: not a whole tar archive ({errors.one_line(error)}): get it '
      'again'
  )


def _content(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
  """A file's content, or that of the one before it that it is a link to."""
  try:
    file = archive.extractfile(member)
  except KeyError:
    file = None
  if file is None:
    raise tarfile.ReadError(
        f'{member.name} is a link to {member.linkname}, which is no file so far'
    )
  return file.read()


@contextlib.contextmanager
def filling(folder: pathlib.Path) -> Iterator[pathlib.Path]:
  """Gives a temporary folder whose content is in `folder` at the end.

  Args:
    folder: the folder to create, or to replace files in.

  Yields:
    A hidden folder beside it. It stays when the block raises or the process is
    killed, with what is in it, and is there again the next time.
  """
  partial = folder.with_name(f'.{folder.name}.partial')
  with errors.naming(folder):
    partial.mkdir(parents=True, exist_ok=True)
    try:
      yield partial
    except BaseException:
      with contextlib.suppress(OSError):
        partial.rmdir()  # When nothing is in it.
      raise
    os.sync()
    if folder.exists():
      for item in partial.iterdir():
        item.replace(folder / item.name)
      partial.rmdir()
    else:
      partial.rename(folder)
    atomic.sync(folder.parent)
