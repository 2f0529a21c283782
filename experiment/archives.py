# SPDX-License-Identifier: Apache-2.0
"""Reads NumPy archives that may be damaged or hostile. Nothing is unpickled."""

from collections.abc import Iterable
import lzma
import math
import os
import struct
import tokenize
import zipfile
import zlib

import numpy as np

from experiment import errors
from experiment import reading

_SUFFIX = '.npy'
# Zeros, deflated, are a 1032nd as long.
_MOST_DEFLATED = 1032
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # As NumPy writes.

# What zipfile and NumPy raise of damaged bytes.
_DAMAGES = (
    AttributeError, EOFError, KeyError, lzma.LZMAError, MemoryError, OSError,
    OverflowError, RecursionError, RuntimeError, struct.error, SyntaxError,
    tokenize.TokenError, TypeError, ValueError, zipfile.BadZipFile, zlib.error,
)


class Damaged(Exception):
  """An archive that cannot be read; the message says why, in one line."""


def read(
    path: os.PathLike[str] | str, names: Iterable[str] | None = None
) -> dict[str, np.ndarray]:
  """Reads arrays of an .npz file.

  Args:
    path: the file.
    names: which arrays; by default all.

  Returns:
    The arrays, by name.

  Raises:
    FileNotFoundError: there is no file.
    UserError: it cannot be opened.
    Damaged: it is not an archive of arrays, lacks one, or is damaged.
  """
  with reading.open_regular(path) as file:
    try:
      with zipfile.ZipFile(file) as archive:
        if names is None:
          names = [name.removesuffix(_SUFFIX) for name in archive.namelist()]
        return {name: _read_member(archive, name) for name in names}
    except _DAMAGES as error:
      reason = errors.one_line(error) or type(error).__name__
      raise Damaged(reason) from error


def _read_member(archive: zipfile.ZipFile, name: str) -> np.ndarray:
  """Reads an array, if as many bytes are there as its header says."""
  try:
    info = archive.getinfo(name + _SUFFIX)
  except KeyError:
    raise Damaged(f'no array {name}') from None
  if info.compress_type not in _METHODS:
    raise Damaged(f'{name}: compressed as NumPy does not')
  if info.file_size > _MOST_DEFLATED * info.compress_size + 64:
    raise Damaged(f'{name}: {info.file_size} bytes in {info.compress_size}')
  with archive.open(info) as member:
    version = np.lib.format.read_magic(member)
    if version == (1, 0):
      header = np.lib.format.read_array_header_1_0(member)
    else:
      header = np.lib.format.read_array_header_2_0(member)
    shape, _, dtype = header
    size = math.prod(shape) * dtype.itemsize
    if dtype.hasobject or min(shape, default=0) < 0:
      raise Damaged(f'{name}: not an array of numbers or strings')
    if member.tell() + size != info.file_size:
      raise Damaged(
          f'{name}: {info.file_size} bytes where its header says '
          f'{member.tell() + size}'
      )
  with archive.open(info) as member:
    return np.lib.format.read_array(member, allow_pickle=False)
