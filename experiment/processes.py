# SPDX-License-Identifier: Apache-2.0
"""Functions in processes of their own, which start in a moment.

    process = processes.start(folder / 'output.txt', function, *arguments)
    code = processes.wait(process)

The processes are forks of a server that has done the slow imports. TensorFlow
may be forked as long as nothing has used it: its import starts no threads of
its own and does not initialise CUDA.
"""

from collections.abc import Callable
import contextlib
import multiprocessing
from multiprocessing import connection
from multiprocessing import forkserver
from multiprocessing import resource_tracker
import os
import pathlib
import signal
import sys
import threading
import time

from experiment import stop

_CONTEXT = multiprocessing.get_context('forkserver')
if sys.platform.startswith('linux'):  # Elsewhere not every library survives.
  _CONTEXT.set_forkserver_preload([
      'experiment.startup',  # Imports TensorFlow.
      'experiment.loop',
      'matplotlib.pyplot',
      'scipy.stats',
      'sonnet',
  ])
# To start a process asks for the exit codes of all others, and a code can be
# read only once.
_LOCK = threading.Lock()
_POLL_SECONDS = 0.2
_PATIENCE_SECONDS = 10.0  # With a process that was asked to end at once.


def start(
    output: pathlib.Path, function: Callable[..., object], *arguments
) -> multiprocessing.process.BaseProcess:
  """Calls a function in a new process, which gets SIGHUP if this one dies.

  Args:
    output: the file to which all that it prints is appended.
    function: a function of a module, as it is found by its name.
    *arguments: for the function; anything that pickles.

  Returns:
    The process.
  """
  process = _CONTEXT.Process(target=_run, args=(output, function, arguments))
  try:
    _start(process)
  except (ConnectionError, EOFError):  # Someone kills the server just now.
    time.sleep(_POLL_SECONDS)
    _start(process)
  return process


def _start(process: multiprocessing.process.BaseProcess) -> None:
  with _LOCK:
    resource_tracker.ensure_running()  # It would change the mask.
    # The server inherits the mask: signals to all of us leave it to its forks.
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, stop.SIGNALS)
    try:
      forkserver.ensure_running()
    finally:
      signal.pthread_sigmask(signal.SIG_SETMASK, mask)
    process.start()


def wait(
    process: multiprocessing.process.BaseProcess,
    requests: Callable[[], int] = lambda: 0,
) -> int:
  """Waits for the end of a process.

  Args:
    process: what `start` returned.
    requests: how often the process was asked to stop by now. It gets SIGHUP
      after the first time, SIGTERM after the second, and has a few seconds left
      then.

  Returns:
    Its exit code; negative for a signal, as in `subprocess`.
  """
  passed_on, deadline = 0, float('inf')
  while not connection.wait([process.sentinel], _POLL_SECONDS):
    if requests() > passed_on:
      passed_on += 1
      if passed_on == 1:
        _send(process.pid, signal.SIGHUP)
      else:
        _send(process.pid, signal.SIGTERM)
        deadline = time.monotonic() + _PATIENCE_SECONDS
    if time.monotonic() > deadline:
      process.kill()
  with _LOCK:
    return process.exitcode


def _send(pid: int, signum: int) -> None:
  with contextlib.suppress(ProcessLookupError):  # It has just ended.
    os.kill(pid, signum)


def _run(
    output: pathlib.Path, function: Callable[..., object], arguments: tuple
) -> None:
  """What the process does."""
  os.setsid()  # Ctrl-C in a terminal is for the parent, who passes it on.
  signal.signal(signal.SIGINT, signal.default_int_handler)
  signal.signal(signal.SIGHUP, signal.SIG_DFL)  # `nohup` is for terminals.
  signal.pthread_sigmask(signal.SIG_UNBLOCK, stop.SIGNALS)
  with open(output, 'ab') as file:
    os.dup2(file.fileno(), 1)
    os.dup2(file.fileno(), 2)
  sys.stdout.reconfigure(line_buffering=True)  # In order with the errors.
  threading.Thread(target=_stop_with_parent, daemon=True).start()
  function(*arguments)


def _stop_with_parent() -> None:
  """Asks this process to stop when its parent or the server has died."""
  parent, server = multiprocessing.parent_process(), os.getppid()
  while parent.is_alive() and os.getppid() == server:
    time.sleep(_POLL_SECONDS)
  os.kill(os.getpid(), signal.SIGHUP)
