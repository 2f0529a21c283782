# SPDX-License-Identifier: Apache-2.0
"""How far a program is: a bar on a terminal, few plain lines elsewhere."""

from collections.abc import Iterator
from collections.abc import Mapping
import contextlib
import errno
import pathlib
import sys
import threading
import time
from typing import Any
from typing import TextIO

import tqdm

from experiment import atomic
from experiment import errors
from experiment import reading

# tqdm's own lock is for bars in several processes; it takes a semaphore of the
# system, which a killed process leaves behind.
tqdm.tqdm.set_lock(threading.RLock())

PROGRESS = 'progress.json'
TICK_SECONDS = 0.5  # Between moves of a bar whose step takes long.
LINE_SECONDS = 30.0  # Between plain lines.
FILE_SECONDS = 1.0  # Between writes of progress.json.
COLUMNS = 80  # Of a plain line, at most.

# How much of a session's work must be done before it shows the time left: at
# first programs start and compile.
_KNOWN_SHARE = 0.02
_UNKNOWN_LEFT = (
    '{l_bar}{bar}| {n_fmt}/{total_fmt} [{elapsed}, {rate_fmt}{postfix}]'
)


def write(line: str) -> None:
  """Prints a line to standard error, if there is one, around a bar."""
  if sys.stderr is None:
    return
  try:
    tqdm.tqdm.write(line, file=sys.stderr)
    sys.stderr.flush()
  except OSError as error:  # A terminal was closed, as after SIGHUP.
    if error.errno != errno.EIO:
      raise


class Progress:
  """Shows the share done, the rate and the time left.

      with Progress(total=1000, description='train') as progress:
        for step in range(1, 1001):
          ...
          progress.update(step, {'loss': loss})

  On a terminal a bar; elsewhere, as in a log, a line every 30 seconds.
  """

  def __init__(
      self,
      total: float,
      done: float = 0,
      description: str = '',
      unit: str = 'step',
      quiet: bool = False,
      stream: TextIO | None = None,
  ):
    """Starts the clock.

    Args:
      total: how much there is to do, in `unit`s.
      done: how much of it was done before, in an earlier session.
      description: the first word of the bar.
      unit: what is counted.
      quiet: whether to show nothing.
      stream: where to show it; standard error by default.
    """
    self._total = total
    self._done = self._initial = done
    self._description = description
    self._unit = unit
    self._stream = stream or sys.stderr
    # Of a program whose standard error is closed, there is none.
    self._quiet = quiet or self._stream is None
    self._started = self._last_line = time.monotonic()
    self._bar = tqdm.tqdm(
        total=total,
        initial=done,
        desc=description or None,
        unit=unit,
        file=self._stream,
        disable=self._quiet or not self._stream.isatty(),
        dynamic_ncols=True,
        miniters=1,  # The caller's updates are seldom enough.
    )

  def __enter__(self) -> 'Progress':
    return self

  def __exit__(self, *_) -> None:
    self._bar.close()

  def update(
      self,
      done: float,
      scalars: Mapping[str, float] = {},
      description: str | None = None,
  ) -> None:
    """Takes note that `done` is done, of the total.

    Args:
      done: how much is done by now, in all.
      scalars: values to show behind it.
      description: replaces the first words of the bar.
    """
    self._done = done
    if description is not None:
      self._description = description
      self._bar.set_description(description, refresh=False)
    shown = {name: f'{value:.4g}' for name, value in scalars.items()}
    if not self._bar.disable:
      known = not self._total or self.seconds_left() is not None
      self._bar.bar_format = None if known else _UNKNOWN_LEFT
      self._bar.set_postfix(shown, refresh=False)
      self._bar.update(done - self._bar.n)
    elif not self._quiet:
      now = time.monotonic()
      if now - self._last_line >= LINE_SECONDS:
        self._last_line = now
        print(self._line(shown), file=self._stream, flush=True)

  @contextlib.contextmanager
  def doing(self, what: str) -> Iterator[None]:
    """Says on the bar what is done during a block; its clock goes on."""
    if self._bar.disable:
      yield
      return
    ended = threading.Event()

    def tick():
      # Not even a closed pipe may keep the block from its end, and a run from
      # saving after it.
      with contextlib.suppress(OSError):
        while True:
          with self._bar.get_lock():  # refresh() would not release it then.
            self._bar.refresh(nolock=True)
          if ended.wait(TICK_SECONDS):
            break

    self._bar.set_description(f'{self._description}, {what}', refresh=False)
    thread = threading.Thread(target=tick, daemon=True)
    thread.start()
    try:
      yield
    finally:
      ended.set()
      thread.join()
      self._bar.set_description(self._description, refresh=False)

  def seconds_left(self) -> float | None:
    """By this session's rate; None before that says enough."""
    done = self._done - self._initial
    least = _KNOWN_SHARE * (self._total - self._initial)
    if not self._total or done <= 0 or done < least:
      return None
    elapsed = time.monotonic() - self._started
    return elapsed / done * (self._total - self._done)

  def _line(self, shown: Mapping[str, str]) -> str:
    left = self.seconds_left()
    rate = (self._done - self._initial) / (time.monotonic() - self._started)
    amount = f'{self._unit} {self._done:.10g}'
    if self._total:  # Otherwise it is not known.
      amount += f' of {self._total:.10g}  {self._done / self._total:.0%}'
    parts = [
        self._description,
        amount,
        f'{rate:.3g} {self._unit}s/s',
        '' if left is None else f'{tqdm.tqdm.format_interval(left)} left',
        *(f'{name} {value}' for name, value in shown.items()),
    ]
    line = ''
    for part in filter(None, parts):  # Those that have room, from the first.
      longer = f'{line}  {part}' if line else part
      if len(longer) <= COLUMNS:
        line = longer
    return line


class ProgressFile:
  """Reports to other processes how far this one is, once a second."""

  def __init__(self, folder: pathlib.Path, total: int):
    self._path = folder / PROGRESS
    self._total = total
    self._last = -float('inf')
    self._saved: int | None = None

  def update(self, step: int, saved: int | None = None) -> None:
    """Writes the step, when the last time was a while ago or all is done.

    Args:
      step: how many updates were made.
      saved: the step of the newest checkpoint; None before the first.
    """
    now = time.monotonic()
    first = saved is not None and self._saved is None
    if now - self._last >= FILE_SECONDS or step >= self._total or first:
      self._last, self._saved = now, saved
      state = {'step': step, 'total_steps': self._total, 'saved': saved}
      atomic.write_json(self._path, state, durable=False)


def read_share(folder: pathlib.Path) -> float:
  """The share that the run in a folder has done, from 0 to 1."""
  try:
    state: Any = reading.read_json(folder / PROGRESS)
    share = state['step'] / max(1, state['total_steps'])
    return share if 0 <= share <= 1 else 0.0
  except (OSError, ValueError, KeyError, TypeError, errors.UserError):
    return 0.0


def read_saved(folder: pathlib.Path) -> int | None:
  """The step of a checkpoint that the run in a folder has saved, if any."""
  try:
    saved = reading.read_json(folder / PROGRESS)['saved']
  except (OSError, ValueError, KeyError, TypeError, errors.UserError):
    return None
  return saved if isinstance(saved, int) else None
