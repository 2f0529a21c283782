"""CSV files that programs merge rows into: curves, single runs."""

from collections.abc import Iterable
from collections.abc import Mapping
import csv
import io
import os
import pathlib
from typing import Any

from sobolev_training.experiment import atomic
from sobolev_training.experiment import errors


def merge(
    path: os.PathLike[str] | str,
    rows: Iterable[Mapping[str, Any]],
    keys: int,
    whole: int | None = None,
) -> None:
  """Puts rows into a CSV file, in place of those about the same.

  The file is replaced whole, its rows sorted by their keys, numbers by their
  size, so that the same results give the same file.

  Args:
    path: the file; made when there is none.
    rows: the rows, with the file's columns in order; None is left empty.
    keys: how many columns, from the left, say what a row is about.
    whole: how many of these say what rows belong together, such as those of a
      run; rows in the file that belong to new ones go. By default each row
      stands alone.
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
    if path.exists():
      with open(path, encoding='utf-8', newline='') as file:
        for row in csv.DictReader(file):
          key = tuple(row.values())[:keys]
          if key[:whole] not in replaced:
            table[key] = row
    table |= {tuple(row.values())[:keys]: row for row in rows}
    path.parent.mkdir(parents=True, exist_ok=True)
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator='\n')
    writer.writeheader()
    writer.writerows(table[key] for key in sorted(table, key=_natural))
    with atomic.replacing(path) as temporary:
      temporary.write_text(text.getvalue(), encoding='utf-8')


def _natural(key: tuple[str, ...]) -> tuple[tuple[int, int, str], ...]:
  return tuple((0, int(k), '') if k.isdigit() else (1, 0, k) for k in key)
