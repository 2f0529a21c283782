# SPDX-License-Identifier: Apache-2.0
"""Reads files that may be damaged, hostile, or no files at all."""

from collections.abc import Iterator
from collections.abc import Sequence
import csv
import io
import json
import os
import pathlib
import stat
from typing import Any
from typing import BinaryIO
from typing import NamedTuple

from experiment import errors


class Line(NamedTuple):
  """A row of a CSV file.

  Attributes:
    number: of the line that it ends in, from 1.
    cells: by column.
  """

  number: int
  cells: dict[str, str]


def open_regular(path: os.PathLike[str] | str) -> BinaryIO:
  """Opens a file for reading; what is no file, such as a FIFO, is refused.

  Raises:
    FileNotFoundError: there is none.
    UserError: it is no file, or cannot be read.
  """
  with errors.naming(path):
    # O_NONBLOCK: to open a FIFO would wait for one who writes.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
      os.close(descriptor)
      raise errors.UserError(
          f'{os.fspath(path)}: not a file: choose another one, or remove it'
      )
    return open(descriptor, 'rb')


def parse_json(text: str | bytes) -> Any:
  """As `json.loads`, but ValueError also for what is nested too deeply."""
  try:
    return json.loads(text)
  except RecursionError:
    raise ValueError('nested too deeply') from None


def read_json(path: pathlib.Path) -> Any:
  """The value in a file; ValueError when it holds none."""
  with open_regular(path) as file:
    return parse_json(file.read())


def read_csv(path: pathlib.Path, columns: Sequence[str] = ()) -> Iterator[Line]:
  """Yields the rows of a CSV file with a header.

  Args:
    path: the file.
    columns: those that there must be.

  Raises:
    FileNotFoundError: there is none.
    UserError: it is no CSV file in UTF-8, lacks a column, has one twice, or a
      row has more or fewer cells; names the file and the line.
  """
  number = 1

  def wrong(message: str) -> errors.UserError:
    return errors.UserError(f'{path}, line {number}: {message}')

  with open_regular(path) as file:
    try:
      text = file.read().decode('utf-8')
    except UnicodeDecodeError as error:
      number += file.seek(0) + file.read(error.start).count(b'\n')
      raise wrong('not UTF-8 text') from None
  reader = csv.reader(io.StringIO(text, newline=''), strict=True)
  try:
    header = next(reader, [])
    missing = [name for name in columns if name not in header]
    if missing or not header:
      raise wrong(f'expected a header with {", ".join(missing) or "columns"}')
    if len({*header}) < len(header):
      raise wrong('a column is there twice')
    for cells in reader:
      number = reader.line_num
      if len(cells) != len(header):
        raise wrong(f'expected {len(header)} cells, got {len(cells)}')
      yield Line(number, dict(zip(header, cells, strict=True)))
  except csv.Error as error:
    number = max(1, reader.line_num)
    raise wrong(errors.one_line(error)) from None
