"""A request to stop, by Ctrl-C or SIGTERM, that a loop can look at."""

import contextlib
import ctypes
import os
import signal
import sys
import types

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_PARENT = 'SOBOLEV_END_WITH_PARENT'
_PR_SET_PDEATHSIG = 1  # From <sys/prctl.h>.


class Stop:
  """Turns SIGINT and SIGTERM into a flag for the length of a block.

      with stop.Stop() as stopping:
        while not stopping:
          work()

  A second signal raises KeyboardInterrupt at once. For the main thread only,
  as Python runs signal handlers there.

  Attributes:
    signum: the signal that came; None so far.
  """

  def __init__(self):
    self.signum: int | None = None
    self._before = {}

  def __bool__(self) -> bool:
    return self.signum is not None

  def __enter__(self) -> 'Stop':
    for signum in _SIGNALS:
      self._before[signum] = signal.signal(signum, self._handle)
    return self

  def __exit__(self, *_) -> None:
    for signum, handler in self._before.items():
      signal.signal(signum, handler)

  def _handle(self, signum: int, _: types.FrameType | None) -> None:
    if self:
      raise KeyboardInterrupt
    self.signum = signum
    # Not print(), which raises when the signal comes inside another print().
    # Ctrl-C ends who reads the output too, as in `2>&1 | tee log`.
    with contextlib.suppress(BrokenPipeError):
      os.write(
          sys.__stderr__.fileno(),
          b'\nstopping; once more to stop at once, without saving\n',
      )


def environment_of_child() -> dict[str, str]:
  """What a child's environment needs for `end_with_parent`."""
  return {_PARENT: str(os.getpid())}


def end_with_parent() -> None:
  """Asks for SIGTERM when the parent dies, if the parent wants it so.

  A sweep that is killed with SIGKILL cannot stop its runs; without this they
  would go on, unseen. Linux only; elsewhere it does nothing.
  """
  parent = os.environ.pop(_PARENT, None)
  if parent is None or not sys.platform.startswith('linux'):
    return
  ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGTERM))
  if os.getppid() != int(parent):  # It died before prctl was called.
    os.kill(os.getpid(), signal.SIGTERM)
