"""A document that is written once and rendered as Markdown and as HTML.

Text is Markdown, of which the HTML knows `code`, **bold** and [links](to). A
table's cell that is a verdict becomes a badge on the HTML page.
"""

from collections.abc import Iterable
from collections.abc import Sequence
import html
import re
from typing import NamedTuple

from report import evidence


class Heading(NamedTuple):
  """A heading; level 1 is the title."""

  level: int
  text: str


class Paragraph(NamedTuple):
  """A paragraph."""

  text: str


class Table(NamedTuple):
  """A table.

  Attributes:
    header: the columns' names.
    rows: the cells of each row.
    numbers_from: the first of the columns aligned to the right, if any.
    cards: whether each row becomes a card on a narrow screen.
  """

  header: Sequence[str]
  rows: Sequence[Sequence[str]]
  numbers_from: int | None = None
  cards: bool = False


class Figure(NamedTuple):
  """A figure.

  Attributes:
    name: of its file, without the suffix.
    alt: what it shows, for those who do not see it.
    markup: its HTML.
  """

  name: str
  alt: str
  markup: str


Block = Heading | Paragraph | Table | Figure


def slug(text: str) -> str:
  """The anchor of a heading, as GitHub makes it."""
  return re.sub(r'[^\w\- ]', '', text.lower()).replace(' ', '-')


def to_markdown(blocks: Iterable[Block], figures: str = 'figures') -> str:
  """Renders blocks as GitHub's Markdown.

  Args:
    blocks: the document.
    figures: the folder of the figures' files, as links shall say it.
  """
  return '\n\n'.join(_markdown(block, figures) for block in blocks) + '\n'


def _markdown(block: Block, figures: str) -> str:
  match block:
    case Heading(level, text):
      return f'{"#" * level} {text}'
    case Paragraph(text):
      return text
    case Figure(name, alt, _):
      return f'![{alt}]({figures}/{name}.png)'
  rule = ['--:' if right else '---' for right in _right(block)]
  lines = [block.header, rule, *map(_bold_verdicts, block.rows)]
  return '\n'.join(f'| {" | ".join(line)} |' for line in lines)


def _right(table: Table) -> list[bool]:
  """Which columns are aligned to the right."""
  count = len(table.header)
  start = count if table.numbers_from is None else table.numbers_from
  return [column >= start for column in range(count)]


def _bold_verdicts(cells: Sequence[str]) -> list[str]:
  decided = evidence.VERDICTS[:3]
  return [f'**{cell}**' if cell in decided else cell for cell in cells]


def to_html(blocks: Iterable[Block]) -> str:
  """Renders blocks as the content of an HTML body."""
  return '\n'.join(map(_html, blocks))


def inline(text: str) -> str:
  """Renders a piece of text as HTML."""
  text = html.escape(text, quote=False)
  text = re.sub(r'`(.+?)`', r'<code>\1</code>', text)
  text = re.sub(r'\*\*(.+?)\*\*', r'<strong>\1</strong>', text)
  return re.sub(r'\[(.+?)\]\((.+?)\)', r'<a href="\2">\1</a>', text)


def _html(block: Block) -> str:
  match block:
    case Heading(level, text):
      return f'<h{level} id="{slug(text)}">{inline(text)}</h{level}>'
    case Paragraph(text):
      return f'<p>{inline(text)}</p>'
    case Figure(_, alt, markup):
      label = html.escape(alt)
      return f'<figure role="img" aria-label="{label}">{markup}</figure>'
  head = ''.join(
      f'<th scope="col"{_CLASS[right]}>{inline(name)}</th>'
      for name, right in zip(block.header, _right(block), strict=True)
  )
  body = '\n'.join(_html_row(block, cells) for cells in block.rows)
  return (
      f'<div class="scroll"><table{" class=cards" * block.cards}>\n'
      f'<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n'
      '</table></div>'
  )


_CLASS = {False: '', True: ' class="number"'}


def _html_row(table: Table, cells: Sequence[str]) -> str:
  found = []
  columns = zip(table.header, cells, _right(table), strict=True)
  for name, cell, right in columns:
    text = inline(cell)
    if cell in evidence.VERDICTS:
      text = f'<span class="badge {slug(cell)}">{text}</span>'
    label = html.escape(name.replace('`', ''))
    found.append(f'<td data-label="{label}"{_CLASS[right]}>{text}</td>')
  return f'<tr>{"".join(found)}</tr>'
