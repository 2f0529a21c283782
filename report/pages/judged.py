# SPDX-License-Identifier: Apache-2.0
"""All claims judged, and how many have which verdict."""

from collections.abc import Sequence
from typing import NamedTuple

from report import names
from report import results as results_lib
from report import verdicts
from report.claims import section as section_lib
from report.claims import section_4_1
from report.claims import section_4_2
from report.claims import section_4_3

SECTIONS = (section_4_1.SECTION, section_4_2.SECTION, section_4_3.SECTION)


class Judged(NamedTuple):
  """A section's claims at one scale."""

  section: section_lib.Section
  scale: str | None  # Of the rows; None where there are none that decide.
  # The claims with their readings, the deciding one first.
  found: Sequence[tuple[section_lib.Claim, section_lib.Readings]]
  others: Sequence['Judged'] = ()  # At the other scales that decide.

  @property
  def why(self) -> str:
    """Why it is found; nothing where nothing was tested."""
    tested = set(self.verdicts()) - {verdicts.NOT_TESTED}
    return self.section.why if tested else ''

  def verdicts(self) -> list[str]:
    """The verdict of each claim."""
    return [next(iter(readings.values())).verdict for _, readings in self.found]


def judge(results: results_lib.Results) -> list[Judged]:
  """Judges each section at the fullest scale of those that test most claims."""
  judged = []
  for section in SECTIONS:
    fullest, *others = _scales(results, section)
    judged.append(fullest._replace(others=others))
  return judged


def _scales(
    results: results_lib.Results, section: section_lib.Section
) -> list[Judged]:
  """A section at all scales that decide: first those that test most claims."""
  scales = [s for s in results.scales(section.kind) if s in names.SCALES]
  found = []
  for scale in scales or [None]:
    evidence = section.evidence(results, scale)
    judged = [(claim, claim.judge(evidence)) for claim in section.claims]
    found.append(Judged(section, scale, judged))
  # A scale that is not run to its end must not hide one that is.
  return sorted(
      found, key=lambda judged: judged.verdicts().count(verdicts.NOT_TESTED)
  )
