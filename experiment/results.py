# SPDX-License-Identifier: Apache-2.0
"""The rows of results/*.csv: what was measured, and what made it.

The paper's numbers and ours have the same columns; the first five say what a
row is about, and no two rows of a file agree in all five. A cell may be empty
where a column's meaning below allows it.
"""

from collections.abc import Iterable
import csv
import dataclasses
import math
import os
import pathlib
import re
import typing

from experiment import atomic
from experiment import errors


@dataclasses.dataclass(frozen=True)
class Row:
  """One result.

  Attributes:
    artifact: the figure or table, such as `figure2`.
    case: which of its cases, such as `ackley/20`.
    method: what was trained how, such as `sobolev`.
    metric: what was measured, such as `log_test_mse`.
    scale: how much was run: `paper`, `laptop` or `smoke`.
    mean: the mean over the seeds.
    std: the standard deviation over the seeds (n - 1 in the denominator);
      empty where there is none, or the paper tells none.
    n: the number of seeds; empty where the paper tells none.
    unit: the unit of mean and std; empty for a plain number.
    command: what to run to get the row again, of runs apart the first one;
      empty for the paper's.
    commit: the commit that it was run at, likewise; empty for the paper's.
    seconds: the wall time of the run; empty for the paper's.
    device: what it was run on, likewise; empty for the paper's.
  """

  artifact: str
  case: str
  method: str
  metric: str
  scale: str
  mean: float
  std: float | None
  n: int | None
  unit: str
  command: str
  commit: str
  seconds: float | None
  device: str

  @property
  def key(self) -> tuple[str, ...]:
    """What the row is about."""
    return tuple(getattr(self, name) for name in KEY)


COLUMNS = tuple(field.name for field in dataclasses.fields(Row))
KEY = COLUMNS[:5]
_TYPES = typing.get_type_hints(Row)
_EXPECTED = {
    str: 'a text',
    float: 'a finite number',
    float | None: 'a finite number or nothing',
    int | None: 'a whole number or nothing',
}


def _value(column: str, text: str) -> str | float | int | None:
  """The value of a cell; ValueError when it cannot be one."""
  kind = _TYPES[column]
  if kind is str:
    if column in KEY and not text:
      raise ValueError
    return text
  if kind is not float and not text:
    return None
  value = int(text) if kind == int | None else float(text)
  if not math.isfinite(value):
    raise ValueError
  return value


def read(path: os.PathLike[str] | str) -> list[Row]:
  """Reads a file of results.

  Args:
    path: a CSV file with the columns of `Row`, in that order.

  Returns:
    Its rows, in its order.

  Raises:
    UserError: the file is missing or broken; names the file, the line and the
      column.
  """
  path = pathlib.Path(path)
  try:
    with errors.naming(path), open(path, encoding='utf-8', newline='') as file:
      return _rows(path, csv.reader(file, strict=True))
  except FileNotFoundError:
    raise errors.UserError(f'{path}: no such file') from None
  except UnicodeDecodeError as error:
    raise errors.UserError(f'{path}: not UTF-8 text: {error}') from None


def _rows(path: pathlib.Path, reader: typing.Any) -> list[Row]:
  """Reads the rows, and checks them."""
  lines: dict[tuple[str, ...], int] = {}
  rows = []
  header = None

  def wrong(message: str) -> errors.UserError:
    return errors.UserError(f'{path}, line {max(1, reader.line_num)}{message}')

  try:
    for cells in reader:
      if header is None:
        header = tuple(cells)
        if header != COLUMNS:
          break
        continue
      if len(cells) != len(COLUMNS):
        raise wrong(f': expected {len(COLUMNS)} cells, got {len(cells)}')
      row = _row(cells, wrong)
      if row.key in lines:
        raise wrong(
            f': {", ".join(row.key)} is in line {lines[row.key]} already'
        )
      lines[row.key] = reader.line_num
      rows.append(row)
  except csv.Error as error:
    raise wrong(f': {error}') from None
  if header != COLUMNS:
    raise wrong(f': expected the columns {",".join(COLUMNS)}')
  return rows


def _row(
    cells: list[str], wrong: typing.Callable[[str], errors.UserError]
) -> Row:
  values = {}
  for column, text in zip(COLUMNS, cells, strict=True):
    try:
      values[column] = _value(column, text)
    except ValueError:
      expected = _EXPECTED[_TYPES[column]]
      raise wrong(
          f', column {column}: expected {expected}, got {text!r}'
      ) from None
  return Row(**values)


def merge(path: os.PathLike[str] | str, rows: Iterable[Row]) -> None:
  """Puts rows into a file, in place of those with the same key.

  The file is replaced whole; other processes that merge at the same time wait
  for each other. Its rows are sorted by their keys, numbers by their size, so
  that the same results give the same file.

  Args:
    path: the file; made when there is none.
    rows: the new rows.

  Raises:
    UserError: the file is broken, or cannot be written.
    ValueError: a new row cannot be read again, as with a mean that is infinite.
  """
  path = pathlib.Path(path)
  with errors.naming(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic.locked(path.parent):
      merged = {row.key: row for row in read(path)} if path.exists() else {}
      for row in rows:
        merged[row.key] = _checked(row)
      with atomic.replacing(path) as temporary:
        with open(temporary, 'w', encoding='utf-8', newline='') as file:
          writer = csv.writer(file, lineterminator='\n')
          writer.writerow(COLUMNS)
          for key in sorted(merged, key=_natural):
            writer.writerow(dataclasses.astuple(merged[key]))


def _checked(row: Row) -> Row:
  """The row as it will be read again; NumPy's numbers become Python's."""
  values = {}
  for column, value in vars(row).items():
    value = getattr(value, 'item', lambda value=value: value)()
    try:
      values[column] = _value(column, '' if value is None else str(value))
      if values[column] != value:
        raise ValueError
    except ValueError:
      raise ValueError(
          f'{", ".join(map(str, row.key))}: {column}: expected '
          f'{_EXPECTED[_TYPES[column]]}, got {value!r}'
      ) from None
  return Row(**values)


def _natural(key: tuple[str, ...]) -> list[list[tuple[int, int | str]]]:
  """Sorts `ackley/20` before `ackley/100`."""
  return [
      [
          (0, int(part)) if part.isdigit() else (1, part)
          for part in re.split(r'(\d+)', text)
      ]
      for text in key
  ]
