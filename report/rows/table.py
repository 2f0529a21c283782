# SPDX-License-Identifier: Apache-2.0
"""CSV files of typed rows: the one reader and the one merger of `results/`.

A row class is a NamedTuple; its fields are the columns of its file. Its class
attributes say the rest:

    FILE    the file's name
    KEY     how many columns, from the left, say what a row is about: no two
            rows of a file agree in all of them
    WHOLE   how many of these say what belongs together: new rows replace all
            that agree with one of them in these columns (default: KEY)

A column may be empty where its type allows None, and absent from a file where
its field has a default. `Positive` and the like say what numbers are allowed.
"""

from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Mapping
import csv
import functools
import io
import math
import pathlib
import types
import typing
from typing import Annotated
from typing import Any
from typing import NamedTuple
from typing import TypeVar

from experiment import atomic
from experiment import errors
from experiment import reading

T = TypeVar('T', bound=tuple)

_WAY_OUT = 'correct it, restore the file, or remove it'
_WORDS = {str: 'a string', int: 'an integer', float: 'a finite number'}


class Interval(NamedTuple):
  """The values a number may have; `open` excludes the lower end."""

  low: float
  high: float = math.inf
  open: bool = False

  def __contains__(self, value: float) -> bool:
    return self.low <= value <= self.high and not (
        self.open and value == self.low
    )

  def __str__(self) -> str:
    if math.isinf(self.high):
      return f'{"above" if self.open else "of at least"} {self.low:g}'
    return f'from {self.low:g} to {self.high:g}'


Positive = Annotated[float, Interval(0, open=True)]
NotNegative = Annotated[float, Interval(0)]
Fraction = Annotated[float, Interval(0, 1)]
Percentage = Annotated[float, Interval(0, 100)]
Count = Annotated[int, Interval(0)]


class _Column(NamedTuple):
  """How the cells of a column are read."""

  kind: type
  interval: Interval | None
  may_be_empty: bool

  def read(self, text: str) -> Any:
    """The value of a cell; ValueError when it cannot be one."""
    if not text:
      if self.may_be_empty:
        return '' if self.kind is str else None
      raise ValueError
    value = self.kind(text)
    if self.kind is not str and not math.isfinite(value):
      raise ValueError
    if self.interval and value not in self.interval:
      raise ValueError
    return value

  def __str__(self) -> str:
    words = _WORDS[self.kind]
    if self.interval:
      words = f'{words} {self.interval}'
    return words + ' or nothing' * self.may_be_empty


@functools.cache
def _columns(kind: type[tuple]) -> dict[str, _Column]:
  """The columns of a row class, by name."""
  hints = typing.get_type_hints(kind, include_extras=True)
  found = {}
  for index, (name, hint) in enumerate(hints.items()):
    may_be_empty = types.NoneType in typing.get_args(hint)
    if may_be_empty:
      hint, _ = typing.get_args(hint)
    of, interval = typing.get_args(hint) or (hint, None)
    if of is str:
      may_be_empty = index >= kind.KEY
    found[name] = _Column(of, interval, may_be_empty)
  return found


def text(value: Any) -> str:
  """A value as it stands in a file: numbers have six significant digits."""
  value = value.item() if hasattr(value, 'item') else value
  if value is None:
    return ''
  return f'{value:.6g}' if isinstance(value, float) else str(value)


def read(folder: pathlib.Path, kind: type[T]) -> list[T]:
  """Reads the rows of a class.

  Args:
    folder: where its file is.
    kind: the class.

  Returns:
    The rows in the order of the file; none when there is no file.

  Raises:
    UserError: names the file, the line and the column that is wrong.
  """
  path = folder / kind.FILE
  required = [n for n in kind._fields if n not in kind._field_defaults]
  rows, lines = [], {}
  try:
    for number, cells in reading.read_csv(path, required):
      try:
        row = _row(kind, cells)
        line = lines.setdefault(row[: kind.KEY], number)
        if line != number:
          raise ValueError(f'{_about(row)} is in line {line} already')
      except ValueError as error:
        raise errors.UserError(
            f'{path}, line {number}: {error}: {_WAY_OUT}'
        ) from None
      rows.append(row)
  except FileNotFoundError:
    pass
  return rows


def _row(kind: type[T], cells: Mapping[str, str]) -> T:
  """A row of some cells; ValueError when it cannot be one."""
  columns = _columns(kind)
  unknown = cells.keys() - columns.keys()
  if unknown:
    raise ValueError(f'no column {min(unknown)} is known')
  values = {}
  for name, cell in cells.items():
    try:
      values[name] = columns[name].read(cell)
    except (ValueError, OverflowError):
      raise ValueError(
          f'{name}: expected {columns[name]}, got {cell!r}'
      ) from None
  return kind(**values)


def _about(row: tuple) -> str:
  return ', '.join(map(text, row[: row.KEY]))


def merge(
    folder: pathlib.Path,
    rows: Iterable[tuple] | Callable[[], Iterable[tuple]],
) -> None:
  """Puts rows into the files of their classes, in place of older ones.

  All rows are checked before any file changes. A file is replaced whole, and
  processes that merge at the same time wait for each other. Rows are sorted by
  their keys, so that the same rows give the same file.

  Args:
    folder: where the files are; made when there is none.
    rows: of any classes, those that others refer to first; or what makes them
      of the files as they are, which nobody changes meanwhile.

  Raises:
    UserError: a row could not be read again, as with a NaN; two are about the
      same; rows would go whose seeds the new ones lack; a file is damaged or
      cannot be written.
  """
  tables = None if callable(rows) else _tables(folder, rows)
  with errors.naming(folder):
    folder.mkdir(parents=True, exist_ok=True)
    with atomic.locked(folder):
      if tables is None:
        tables = _tables(folder, rows())
      for kind, table in tables.items():
        whole = getattr(kind, 'WHOLE', kind.KEY)
        replaced = {key[:whole] for key in table}
        gone = []
        for row in read(folder, kind):
          if row[:whole] in replaced:
            gone.append(row)
          else:
            table[row[: kind.KEY]] = row
        _require_seeds(folder, kind, gone, table.values())
      for kind, table in tables.items():
        _write(folder / kind.FILE, kind, table)


def _require_seeds(
    folder: pathlib.Path,
    kind: type[tuple],
    old: Iterable[tuple],
    new: Iterable[tuple],
) -> None:
  """Refuses fewer seeds of what is otherwise the same in the place of more."""
  whole = getattr(kind, 'WHOLE', kind.KEY)
  if kind._fields[whole: whole + 1] != ('seed',):
    return
  seeds: dict[tuple, tuple[set[int], set[int]]] = {}
  for which, rows in enumerate((old, new)):
    for row in rows:
      seeds.setdefault(row[:whole], (set(), set()))[which].add(row.seed)
  for about, (before, now) in seeds.items():
    if now < before:
      raise errors.UserError(
          f'{folder / kind.FILE}: {", ".join(map(text, about))} has seeds that '
          f'the new rows lack, such as {min(before - now)}: nothing was '
          'merged: run these seeds too, or merge into another folder'
      )


def _tables(
    folder: pathlib.Path, rows: Iterable[tuple]
) -> dict[type[tuple], dict[tuple, tuple]]:
  """The rows by class and key, all of them checked."""
  tables: dict[type[tuple], dict[tuple, tuple]] = {}
  for row in rows:
    kind = type(row)
    row = _checked(folder / kind.FILE, row)
    table = tables.setdefault(kind, {})
    if table.setdefault(row[: kind.KEY], row) is not row:
      raise errors.UserError(
          f'{folder / kind.FILE}: {_about(row)} was measured twice: nothing '
          'was merged'
      )
  return tables


def _checked(path: pathlib.Path, row: T) -> T:
  """The row as it will be read again."""
  try:
    return _row(type(row), {k: text(v) for k, v in row._asdict().items()})
  except ValueError as error:
    raise errors.UserError(
        f'{path}: {_about(row)}: {error}: nothing was merged'
    ) from None


def _write(
    path: pathlib.Path, kind: type[tuple], table: dict[tuple, tuple]
) -> None:
  content = io.StringIO()
  writer = csv.writer(content, lineterminator='\n')
  writer.writerow(kind._fields)
  writer.writerows(map(text, table[key]) for key in sorted(table))
  with atomic.replacing(path) as temporary:
    temporary.write_text(content.getvalue(), encoding='utf-8')
