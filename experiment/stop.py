# SPDX-License-Identifier: Apache-2.0
"""A request to stop, by Ctrl-C or a signal, that a loop can look at."""

import contextlib
import os
import signal
import sys
import types

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stop:
  """Turns SIGINT, SIGTERM and SIGHUP into a flag for the length of a block.

      with stop.Stop() as stopping:
        while not stopping:
          work()

  A second SIGINT or SIGTERM raises KeyboardInterrupt at once, with its number.
  A second SIGHUP does nothing: sweeps send it to runs which a batch system may
  have signalled already. `nohup` keeps SIGHUP away as usual. For the main
  thread only, as Python runs signal handlers there.

  Attributes:
    signum: the signal that came first; None so far.
    requests: how many came.
  """

  def __init__(self):
    self.signum: int | None = None
    self.requests = 0
    self._before = {}

  def __bool__(self) -> bool:
    return self.requests > 0

  def __enter__(self) -> 'Stop':
    for signum in SIGNALS:
      if signum == signal.SIGHUP and signal.getsignal(signum) == signal.SIG_IGN:
        continue
      self._before[signum] = signal.signal(signum, self._handle)
    return self

  def __exit__(self, *_) -> None:
    for signum, handler in self._before.items():
      signal.signal(signum, handler)

  def _handle(self, signum: int, _: types.FrameType | None) -> None:
    if self and signum == signal.SIGHUP:
      return
    self.requests += 1
    if self.requests > 1:
      raise KeyboardInterrupt(signum)
    self.signum = signum
    # Not print(), which raises when the signal comes inside another print().
    # Ctrl-C also ends the reader of the output, as in `2>&1 | tee log`, and
    # after SIGHUP the terminal is gone.
    with contextlib.suppress(AttributeError, OSError, ValueError):
      os.write(
          sys.__stderr__.fileno(),
          b'\nstopping; once more to stop at once, without saving\n',
      )
