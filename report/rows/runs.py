# SPDX-License-Identifier: Apache-2.0
"""What made the rows: every other file refers to these by `run`."""

from collections.abc import Iterable
import hashlib
from typing import NamedTuple

from report.rows import table


class Run(NamedTuple):
  """runs.csv: one program that ran once."""

  run: str  # Its identifier, made from the next three; see `of`.
  command: str  # What to run to get the rows again.
  commit: str  # What it was run at; with a + if files were changed since.
  device: str  # What it was run on.
  started: str  # When, in UTC.
  seconds: table.NotNegative | None  # The time it took.

  FILE = 'runs.csv'
  KEY = 1

  @classmethod
  def of(
      cls,
      command: str,
      commit: str,
      device: str = '',
      started: str = '',
      seconds: float | None = None,
  ) -> 'Run':
    """A run with the identifier that belongs to it."""
    content = '\n'.join([command, commit, device]).encode()
    identifier = hashlib.sha256(content).hexdigest()[:8]
    return cls(identifier, command, commit, device, started, seconds)


def distinct(found: Iterable[Run]) -> list[Run]:
  """Runs without repetitions; of the same one, that which took longest."""
  by_time = sorted(found, key=lambda run: run.seconds or 0.0)
  return list({run.run: run for run in by_time}.values())
