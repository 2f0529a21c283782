# SPDX-License-Identifier: Apache-2.0
"""What was measured of an agent step, and what follows from that."""

import dataclasses

import numpy as np

from benchmarks import timing


@dataclasses.dataclass(frozen=True)
class Measured:
  """An agent step of A3C, in each of R rounds.

  Attributes:
    ours: its seconds.
    peer: those of the other program.
    emulator: CPU seconds of the emulator alone, [R].
    rate: of matrix products, operations a CPU second, [R].
    operations: multiplications and additions, counted.
  """

  ours: timing.Times
  peer: timing.Times
  emulator: np.ndarray
  rate: np.ndarray
  operations: int

  @property
  def faster(self) -> timing.Ratio:
    """How many times more CPU time the peer takes."""
    return timing.ratio(self.peer.cpu, self.ours.cpu)

  @property
  def limit(self) -> np.ndarray:
    """The CPU seconds of the emulator and the operations alone, [R]."""
    return self.emulator + self.operations / self.rate

  @property
  def share(self) -> timing.Ratio:
    """The share of the speed at that limit that is reached."""
    return timing.ratio(self.limit, self.ours.cpu)
