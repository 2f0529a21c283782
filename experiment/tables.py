# SPDX-License-Identifier: Apache-2.0
"""CSV files that programs merge rows into: curves, single runs."""

from collections.abc import Iterable
from collections.abc import Mapping
import csv
import io
import os
import pathlib
from typing import Any

from experiment import atomic
from experiment import errors


def merge(
    path: os.PathLike[str] | str,
    rows: Iterable[Mapping[str, Any]],
    keys: int,
    whole: int | None = None,
) -> None:
  """Puts rows into a CSV file, in place of those about the same.

  The file is replaced whole; other processes that merge at the same time wait
  for each other. Its rows are sorted by their keys, numbers by their size, so
  that the same results give the same file.

  Args:
    path: the file; made when there is none.
    rows: the rows, with the file's columns in order; None is left empty.
    keys: how many columns, from the left, say what a row is about.
    whole: how many of these say what rows belong together, such as those of a
      run; rows in the file that belong to new ones go. By default each row
      stands alone.

  Raises:
    UserError: the file is broken, or cannot be written.
  """
  path = pathlib.Path(path)
  rows = [
      {k: '' if v is None else str(v) for k, v in row.items()} for row in rows
  ]
  if not rows:
    return
  columns = list(rows[0])
  whole = whole or keys
  replaced = {tuple(row.values())[:whole] for row in rows}
  table = {}
  with errors.naming(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic.locked(path.parent):
      for row in _read(path, columns) if path.exists() else []:
        key = tuple(row.values())[:keys]
        if key[:whole] not in replaced:
          table[key] = row
      table |= {tuple(row.values())[:keys]: row for row in rows}
      text = io.StringIO()
      writer = csv.DictWriter(text, columns, lineterminator='\n')
      writer.writeheader()
      writer.writerows(table[key] for key in sorted(table, key=_natural))
      with atomic.replacing(path) as temporary:
        temporary.write_text(text.getvalue(), encoding='utf-8')


def _read(path: pathlib.Path, columns: list[str]) -> list[dict[str, str]]:
  way_out = 'mend it, get it from the repository again, or remove it'
  try:
    with open(path, encoding='utf-8', newline='') as file:
      reader = csv.DictReader(file)
      if reader.fieldnames != columns:
        raise errors.UserError(
            f'{path}: expected the columns {", ".join(columns)}: {way_out}'
        )
      found = []
      for row in reader:
        if None in row or None in row.values():
          raise errors.UserError(
              f'{path}: line {reader.line_num}: expected {len(columns)} '
              f'values: {way_out}'
          )
        found.append(row)
      return found
  except (UnicodeDecodeError, csv.Error) as error:
    raise errors.UserError(f'{path}: no CSV file: {way_out}') from error


def _natural(key: tuple[str, ...]) -> tuple[tuple[int, int, str], ...]:
  return tuple((0, int(k), '') if k.isdigit() else (1, 0, k) for k in key)
