# SPDX-License-Identifier: Apache-2.0
"""What a claim is, and how a section's file lists its claims."""

from collections.abc import Callable
from collections.abc import Mapping
import dataclasses
from typing import Any

from report import results as results_lib
from report import verdicts

# What is found in each reading of a claim; the first one decides.
Readings = Mapping[str, verdicts.Finding]


@dataclasses.dataclass(frozen=True)
class Claim:
  """A claim of the paper."""

  sentence: str  # What the paper says, in our words.
  rule: str  # What decides it, with the thresholds.
  judge: Callable[[Any], Readings]  # Takes what `Section.evidence` makes.
  because: str = ''  # Why a contradiction is found, as far as it is known.
  unit: str = ''  # Of its effects, where it is not the section's.


@dataclasses.dataclass
class Section:
  """A section of the paper with its claims."""

  number: str  # Such as `4.1`.
  title: str  # What it is about.
  says: str  # What the paper says, in a sentence.
  why: str  # Why we find what we find, in a sentence or two.
  kind: type[tuple]  # The class of the rows that it is judged on.
  # Makes of all rows, and the name of a scale, what claims look at.
  evidence: Callable[[results_lib.Results, str | None], Any]
  registered: str  # The commit of its rules in docs/protocol.md.
  unit: str  # Of its effects.
  amended: str = ''  # What of them was changed later, and the commit.
  # In the order of the paper.
  claims: list[Claim] = dataclasses.field(default_factory=list)

  def claim(
      self, sentence: str, rule: str, because: str = '', unit: str = ''
  ) -> Callable[[Callable[[Any], Readings]], Callable[[Any], Readings]]:
    """Registers a function as the judge of a claim."""

    def register(judge):
      self.claims.append(Claim(sentence, rule, judge, because, unit))
      return judge

    return register
