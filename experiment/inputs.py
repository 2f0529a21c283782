# SPDX-License-Identifier: Apache-2.0
"""What a run reads from elsewhere: data that must be the same to the end.

Its settings say where they lie, which is free to change; what lies there is
not. The checksums are kept in the run's `config.json`.
"""

from collections.abc import Iterable
import hashlib
import os

from experiment import atomic
from experiment import errors
from experiment import reading
from experiment import run_folder

_KEY = 'inputs'


def digest(paths: Iterable[os.PathLike[str] | str]) -> str:
  """A checksum of files' contents, in their order; UserError if unreadable."""
  total = hashlib.sha256()
  for path in paths:
    with reading.open_regular(path) as file:
      total.update(hashlib.file_digest(file, 'sha256').digest())
  return total.hexdigest()


def keep(run: run_folder.Run, **digests: str) -> None:
  """Notes what a run reads, or checks that it reads the same as before.

  Args:
    run: the run, open.
    **digests: checksums, by the setting that says where the data lie. One may
      have become longer since, to cover more: only what it began with then
      must be the same.

  Raises:
    UserError: the run began with other data.
  """
  found = run_folder.read_config(run.path)
  if _KEY not in found:
    path = run.path / run_folder.CONFIG
    with errors.naming(path):
      atomic.write_json(path, {**found, _KEY: digests})
    return
  for name, value in digests.items():
    before = found[_KEY].get(name)
    if not before or not value.startswith(before):
      raise errors.UserError(
          f'{run.path}: cannot resume with other data: --{name} was something '
          'else when this run began: use the same, or choose another --output'
      )
