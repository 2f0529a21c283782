# SPDX-License-Identifier: Apache-2.0
"""Reads NumPy archives that may be damaged or hostile. Nothing is unpickled."""

from collections.abc import Iterable
import os
import zipfile

import numpy as np

from experiment import errors
from experiment import reading

_SUFFIX = '.npy'


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
    except Exception as error:  # zipfile and NumPy raise a dozen kinds.
      reason = errors.one_line(error) or type(error).__name__
      raise Damaged(reason) from error


def _read_member(archive: zipfile.ZipFile, name: str) -> np.ndarray:
  if name + _SUFFIX not in archive.namelist():
    raise Damaged(f'no array {name}')
  with archive.open(name + _SUFFIX) as member:
    try:
      array = np.lib.format.read_array(member, allow_pickle=False)
    except ValueError as error:
      message = f'{name}: not an array of numbers or strings ({error})'
      raise Damaged(message) from error
    if member.read(1):  # Only at the end zipfile compares the CRC-32.
      raise Damaged(f'{name}: longer than its header says')
  return array
