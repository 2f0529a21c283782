# SPDX-License-Identifier: Apache-2.0
"""What was run, and which came first: the rules or the rows."""

from collections.abc import Sequence

from report import names
from report import results as results_lib
from report.pages import judged as judged_lib
from report.pages import markdown
from report.pages import words
from report.rows import distillation
from report.rows import regression
from report.rows import runs
from report.rows import synthetic_gradients

# What a class of rows is called, and its columns that tell runs apart.
_ABOUT = {
    regression.Evaluation: (
        'Figure 2', ('function', 'size'),
        ('method', 'gradient_weight', 'distance'),
    ),
    regression.SurfacePoint: ('Figure 3', ('function', 'size'), ('panel',)),
    distillation.Student: ('Figure 4', ('game', 'percent'), ('method',)),
    distillation.Candidate: (
        'Figure 4, choice', ('game', 'percent'), ('method',)
    ),
    distillation.Teacher: ('Teachers', ('game',), ()),
    synthetic_gradients.Accuracy: ('Table 1', ('case',), ('method',)),
    synthetic_gradients.Candidate: (
        'Table 1, choice', ('case',), ('method', 'targets')
    ),
}


def registration(judged: Sequence[judged_lib.Judged], results) -> str:
  """Which commit has a section's rules, and which its first row."""
  rows = []
  for section, scale, *_ in judged:
    made_by = {row.run for row in results.of_scale(section.kind, scale)}
    found = [run for run in results.rows(runs.Run) if run.run in made_by]
    exploratory = [
        markdown.code(s)
        for s in results.scales(section.kind)
        if s not in names.SCALES
    ]
    rows.append([
        section.number,
        ', '.join(
            filter(None, (markdown.code(section.registered), section.amended))
        ),
        markdown.code(scale or ''),
        *_first(found),
        ', '.join(exploratory),
    ])
  header = (
      'Section', 'Commit of its rules', 'Scale judged',
      'Commit of the first row', 'Started', 'Exploratory, decides nothing',
  )
  return markdown.table(header, rows)


def _first(found: Sequence[runs.Run]) -> tuple[str, str]:
  """The commit of the first run, and when it started."""
  if not found:
    return 'not run', ''
  first = min(found, key=lambda run: run.started)
  # Runs of the first programs do not say when they started.
  if not first.started and len({run.commit for run in found}) > 1:
    return 'not recorded', ''
  return markdown.code(first.commit), markdown.plain(first.started)


def table(results: results_lib.Results) -> str:
  """What was run: one row per result, scale, method, commit and device."""
  made_by = {run.run: run for run in results.rows(runs.Run)}
  groups: dict[tuple, tuple[dict, dict]] = {}  # Runs and cases.
  for kind, (what, case, method) in _ABOUT.items():
    for row in results.rows(kind):
      run = made_by.get(row.run)
      if run is None:
        continue
      key = (
          what,
          getattr(row, 'scale', ''),
          ', '.join(filter(None, (_word(row, c) for c in method))),
          run.commit,
          run.device,
      )
      found, cases = groups.setdefault(key, ({}, {}))
      found[run.run] = run
      cases[' '.join(_word(row, column) for column in case)] = None
  rows = []
  for (what, scale, method, commit, device), (found, cases) in groups.items():
    seconds = sum(run.seconds or 0.0 for run in found.values())
    rows.append([
        what,
        markdown.code(scale),
        markdown.plain(_listed(list(cases))),
        markdown.plain(method),
        str(len(found)),
        markdown.code(next(iter(found.values())).command),
        markdown.code(commit),
        markdown.plain(device),
        words.duration(seconds) if seconds else '',
    ])
  header = (
      'Result', 'Scale', 'Cases', 'Method', 'Runs', 'Command of the first',
      'Commit', 'Device', 'Time of all',
  )
  return markdown.table(header, rows)


def _word(row: tuple, column: str) -> str:
  """A cell in words; nothing where it says nothing."""
  value = getattr(row, column)
  if column == 'gradient_weight':
    return f'weight {value:g}' if value else ''
  if column == 'distance':
    return '' if value == 'none' else value
  if column == 'percent':
    return f'{value:g} %'
  if column == 'size':
    return f'{value:,} points' if value else ''
  return names.title(value)


def _listed(cases: Sequence[str]) -> str:
  """Cases in words: all of a few, else the first and the last."""
  if len(cases) <= 4:
    return ', '.join(cases)
  return f'{cases[0]} to {cases[-1]} ({len(cases)} cases)'
