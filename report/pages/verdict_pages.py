# SPDX-License-Identifier: Apache-2.0
"""The verdicts: in the README by section, in results.md claim by claim."""

from collections.abc import Iterator
from collections.abc import Sequence

from report import verdicts
from report.pages import judged as judged_lib
from report.pages import markdown
from report.pages import words

PAPER = (
    'Wojciech Marian Czarnecki, Simon Osindero, Max Jaderberg, Grzegorz '
    'Swirszcz, Razvan Pascanu: *Sobolev Training for Neural Networks*, NIPS '
    '2017, [arXiv:1706.04859](https://arxiv.org/abs/1706.04859)'
)

# Section 3 has no rows: its statements are tests.
_THEORY = (
    '3, Theory',
    'With derivatives, fewer points identify a hypothesis, and networks '
    'approximate a function with its derivatives.',
    'every statement holds as a test, one after a correction',
    'A polynomial of degree n needs (n + 1)/2 points rounded up, not n/2.',
)


def by_section(judged: Sequence[judged_lib.Judged]) -> str:
  """The README's table: what the paper says, what we find, and why."""
  rows = [_THEORY]
  for one in judged:
    found = 'not tested'
    if one.scale:
      each = ', '.join(
          f'{count} {verdict}'
          for verdict, count in verdicts.counts(one.verdicts()).items()
      )
      found = f'of {len(one.found)} claims {each} (scale `{one.scale}`)'
    rows.append((
        f'{one.section.number}, {one.section.title}',
        one.section.says,
        found,
        one.why,
    ))
  header = ('Section', 'The paper says', 'We find', 'Why')
  return markdown.table(header, rows)


def counted(judged: Sequence[judged_lib.Judged]) -> str:
  """All verdicts in a sentence."""
  found = [verdict for one in judged for verdict in one.verdicts()]
  each = [
      f'{count} {"is" if count == 1 else "are"} {verdict}'
      for verdict, count in verdicts.counts(found).items()
  ]
  return f'Of {len(found)} claims of the paper, {", ".join(each)}.'


def claims(judged: judged_lib.Judged, first: int) -> Iterator[str]:
  """Yields a section's claims, whose numbers begin with `first`.

  Verdicts come first, then other readings, then all comparisons.
  """
  scale = markdown.code(judged.scale) if judged.scale else 'no scale yet'
  units = [
      f', in claim {number} {claim.unit}'
      for number, (claim, _) in enumerate(judged.found, first)
      if claim.unit
  ]
  yield (
      f'Judged at {scale}. Effects are {judged.section.unit}{"".join(units)}, '
      'with 95 % intervals; *visible* is the smallest effect that this '
      'comparison alone, without a correction for the number of them, would '
      'have found with 80 % power, from its threshold on.'
  )
  rows = []
  for number, (claim, readings) in enumerate(judged.found, first):
    finding = next(iter(readings.values()))
    row = [
        str(number),
        markdown.plain(claim.sentence),
        f'**{finding.verdict}**',
        markdown.plain(words.finding(finding)),
        claim.because if finding.verdict == verdicts.CONTRADICTED else '',
    ]
    row += [other.verdicts()[number - first] for other in judged.others]
    rows.append(row)
  header = ['', 'The paper says', 'Verdict', 'Found', 'Why']
  header += [f'At {markdown.code(other.scale)}' for other in judged.others]
  yield markdown.table(header, rows)
  if judged.scale:
    yield from _readings(judged, first)
    yield from _comparisons(judged, first)


def _readings(judged: judged_lib.Judged, first: int) -> Iterator[str]:
  """Yields the verdicts of readings that do not decide."""
  rows = [
      [
          str(number),
          markdown.plain(reading),
          finding.verdict,
          markdown.plain(finding.counted or words.finding(finding)),
      ]
      for number, (_, readings) in enumerate(judged.found, first)
      for reading, finding in list(readings.items())[1:]
  ]
  if rows:
    yield 'Other readings of these claims, which decide nothing:'
    yield markdown.table(('', 'Reading', 'Verdict', 'Found'), rows)


def _comparisons(judged: judged_lib.Judged, first: int) -> Iterator[str]:
  """Yields every comparison that the verdicts rest on."""
  rows = []
  for number, (_, readings) in enumerate(judged.found, first):
    finding = next(iter(readings.values()))
    for comparison in finding.comparisons:
      effect = comparison.effect
      rows.append([
          str(number),
          markdown.plain(comparison.name),
          words.effect(effect),
          words.signed(comparison.threshold) if comparison.threshold else '',
          '' if comparison.printed is None
          else words.signed(comparison.printed),
          words.p_value(comparison.p),
          words.visible(comparison) if effect else '',
          f'{comparison.verdict}: {comparison.reason}'.removesuffix(': '),
      ])
  yield 'Every comparison:'
  header = (
      '', 'Comparison', 'Effect (95 %)', 'Threshold', "The paper's", 'p (Holm)',
      'Visible', 'Verdict',
  )
  yield markdown.table(header, rows)


def rules(judged: Sequence[judged_lib.Judged]) -> str:
  """The rule of each claim with its thresholds."""
  claims_ = [claim for one in judged for claim, _ in one.found]
  rows = [
      [str(n), markdown.plain(claim.sentence), markdown.plain(claim.rule)]
      for n, claim in enumerate(claims_, 1)
  ]
  return markdown.table(('', 'The paper says', 'Rule'), rows)
