# SPDX-License-Identifier: Apache-2.0
"""Writes docs/benchmarks.md, one section per program.

A program replaces its own section, between two markers, and leaves the others.
"""

from collections.abc import Mapping
from collections.abc import Sequence
import pathlib
import re

from benchmarks import timing
from experiment import atomic
from experiment import errors

# The programs, in the order of their sections.
PROGRAMS = (
    'sobolev_step',
    'jax_peer',
    'torch_peer',
    'jenn_peer',
    'surrogate_peer',
    'second_order',
    'decoupling',
    'a3c',
    'distillation',
)

_HEAD = """\
# Benchmarks

Written by the programs of `benchmarks/`; do not edit. Each measures ratios in
one run: the sides take turns and the median over the rounds counts, with the
quartiles in brackets. Times are of the CPU, of all threads together, unless
they are said to be of the wall clock. They change from machine to machine, and
so do the ratios, if less.
"""


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
  """A Markdown table; numbers are to be formatted before."""
  lines = [head, ['---'] * len(head), *rows]
  return '\n'.join(f'| {" | ".join(map(str, line))} |' for line in lines)


def goal(
    text: str,
    ratios: Mapping[str, timing.Ratio],
    bound: float,
    *,
    at_least: bool = False,
) -> str:
  """Says whether a goal was reached, by the worst of the cases.

  Args:
    text: the goal in words.
    ratios: what was measured in each case.
    bound: what no median may exceed.
    at_least: whether it is what no median may fall below.

  Returns:
    A line of a Markdown list.
  """
  pick = min if at_least else max
  case = pick(ratios, key=lambda name: ratios[name].median)
  worst = ratios[case]
  reached = worst.median >= bound if at_least else worst.median <= bound
  verdict = 'reached' if reached else 'not reached'
  return f'- {text}: **{verdict}**; the worst is {worst} at {case}.'


def merge(path: pathlib.Path, program: str, section: str) -> None:
  """Replaces a program's section; makes the file if there is none.

  Args:
    path: the document.
    program: one of `PROGRAMS`.
    section: Markdown, from its heading on.

  Raises:
    UserError: the file cannot be written.
  """
  with errors.naming(path):
    old = path.read_text(encoding='utf-8') if path.exists() else ''
    pattern = r'^<!-- (\w+): begin -->\n(.*?)\n<!-- \1: end -->$'
    sections = dict(re.findall(pattern, old, re.DOTALL | re.MULTILINE))
    sections[program] = section
    parts = [_HEAD]
    for name in PROGRAMS:
      package = 'benchmarks/peers' if name.endswith('_peer') else 'benchmarks'
      not_run = f'## `{name}`\n\nNot run: `./bazelw run //{package}:{name}`'
      body = sections.get(name, not_run).strip()
      parts.append(f'<!-- {name}: begin -->\n{body}\n<!-- {name}: end -->\n')
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic.replacing(path) as temporary:
      temporary.write_text('\n'.join(parts), encoding='utf-8')
