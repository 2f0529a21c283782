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
  """A claim of the paper.

  Attributes:
    sentence: what the paper says, in our words.
    rule: what decides it, with the thresholds.
    judge: takes what `Section.evidence` makes, and returns the readings.
    because: why a contradiction is found, as far as it is known.
  """

  sentence: str
  rule: str
  judge: Callable[[Any], Readings]
  because: str = ''


@dataclasses.dataclass
class Section:
  """A section of the paper with its claims.

  Attributes:
    number: such as `4.1`.
    title: what it is about.
    says: what the paper says, in a sentence.
    why: why we find what we find, in a sentence or two.
    kind: the class of the rows that it is judged on.
    evidence: makes of all rows, and the name of a scale, what claims look at.
    registered: the commit of its rules in docs/protocol.md.
    unit: of its effects.
    claims: its claims, in the order of the paper.
  """

  number: str
  title: str
  says: str
  why: str
  kind: type[tuple]
  evidence: Callable[[results_lib.Results, str | None], Any]
  registered: str
  unit: str
  claims: list[Claim] = dataclasses.field(default_factory=list)

  def claim(
      self, sentence: str, rule: str, because: str = ''
  ) -> Callable[[Callable[[Any], Readings]], Callable[[Any], Readings]]:
    """Registers a function as the judge of a claim."""

    def register(judge):
      self.claims.append(Claim(sentence, rule, judge, because))
      return judge

    return register
