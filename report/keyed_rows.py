"""Reading files in which no two rows are about the same."""

from collections.abc import Collection
from collections.abc import Mapping
import pathlib
from typing import TypeVar

from experiment import errors
from report import rows

T = TypeVar('T', bound=tuple)


def read(
    path: pathlib.Path,
    kind: type[T],
    key: tuple[str, ...],
    choices: Mapping[str, Collection[str]],
) -> list[T]:
  """Reads a file of results; a row twice would count as two in a mean.

  Args:
    path: the file.
    kind: the class of its rows; see `rows.read`.
    key: the columns that tell what a row is about.
    choices: of some columns, the values that they may have.

  Returns:
    The rows; none when there is no such file.

  Raises:
    UserError: names the file, the line and the column that is wrong.
  """
  found = rows.read(path, kind)
  lines = {}
  for line, row in enumerate(found, start=2):
    about = tuple(getattr(row, name) for name in key)
    first = lines.setdefault(about, line)
    if first != line:
      what = ', '.join(map(str, about))
      raise errors.UserError(
          f'{path}: line {line}: {", ".join(key)}: {what} is in line {first} '
          'already: delete one of the two'
      )
    for name, expected in choices.items():
      if getattr(row, name) not in expected:
        raise errors.UserError(
            f'{path}: line {line}: {name} is {getattr(row, name)!r}, expected '
            f'one of {", ".join(expected)}'
        )
  return found
