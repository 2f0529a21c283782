# SPDX-License-Identifier: Apache-2.0
"""Writes docs/licences.md: the licences of what requirements_lock.txt installs.

    python -m tools.licences

They are those that the installed packages state in their metadata.
"""

import importlib.metadata
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[1]
DOCUMENT = ROOT / 'docs' / 'licences.md'

_TEXT = """\
# Licences of what is used

This project is Apache-2.0, and contains no code of others. The library needs
dm-sonnet, keras, numpy and tensorflow; all else is for the experiments and for
development. `ale-py`, the Atari emulator that only `//agents` uses, is GPL-2.0:
who distributes it with other software has to keep to its terms.

Written by `python -m tools.licences`, from the metadata of the packages in
`requirements_lock.txt`.

| Package | Licence |
|---|---|
"""


def licence(name: str) -> str | None:
  """Returns what an installed package states, or None if it is not there."""
  try:
    metadata = importlib.metadata.metadata(name)
  except importlib.metadata.PackageNotFoundError:
    return None
  stated = metadata.get('License-Expression')
  if stated:
    return stated
  for classifier in metadata.get_all('Classifier') or ():
    kind, *_, last = classifier.split(' :: ')
    if kind == 'License' and last != 'OSI Approved':
      return last
  # Some state the whole text.
  first = (metadata.get('License') or '').strip().partition('\n')[0]
  return first or 'not stated'


def table() -> dict[str, str]:
  """Returns the licence of each locked package that is installed."""
  lock = (ROOT / 'requirements_lock.txt').read_text(encoding='utf-8')
  names = re.findall(r'^([\w.-]+)==', lock, re.MULTILINE)
  found = {name: licence(name) for name in names}
  return {name: text for name, text in found.items() if text}


if __name__ == '__main__':
  rows = ''.join(f'| {name} | {text} |\n' for name, text in table().items())
  DOCUMENT.write_text(_TEXT + rows, encoding='utf-8')
