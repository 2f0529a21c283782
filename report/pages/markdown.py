# SPDX-License-Identifier: Apache-2.0
"""Pieces of Markdown, safe whatever the rows say.

What comes from rows goes through `plain` or `code`: no cell can make a link, an
attribute or a tag, nor end a table's cell.
"""

from collections.abc import Sequence
import re


def plain(text: str) -> str:
  """Text that is shown as it is."""
  text = ' '.join(text.split())
  text = text.replace('&', '&amp;').replace('<', '&lt;').replace('>', '&gt;')
  return re.sub(r'([\\`*_\[\]|~])', r'\\\1', text)


def code(text: str) -> str:
  """Text in the type of a program; backticks, which would end it, go."""
  text = ' '.join(text.replace('`', "'").split())
  return f'`{text}`'.replace('|', r'\|') if text else ''


def table(
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    numbers_from: int | None = None,
) -> str:
  """A table without the columns that would be empty.

  Args:
    header: the columns' names, Markdown.
    rows: the cells of each row, Markdown.
    numbers_from: the first of the columns aligned to the right, if any.
  """
  if not rows:
    return 'Not run.'
  count = len(header)
  right = count if numbers_from is None else numbers_from
  kept = [k for k in range(count) if any(row[k] for row in rows)]
  lines = [
      [header[k] for k in kept],
      ['--:' if k >= right else '---' for k in kept],
      *([row[k] for k in kept] for row in rows),
  ]
  return '\n'.join(f'| {" | ".join(line)} |' for line in lines)


def figure(name: str, alt: str, folder: str = 'figures') -> str:
  """A figure by the name of its file."""
  return f'![{alt}]({folder}/{name}.png)'


def page(blocks: Sequence[str]) -> str:
  """Blocks one below the other."""
  return '\n\n'.join(blocks) + '\n'
