"""Runs functions and programs in processes of their own, for tests.

The processes are forks of a fresh one that has imported TensorFlow but not used
it, so that each starts in a moment, whatever the test itself has done.
"""

from collections.abc import Callable
import contextlib
import multiprocessing
from multiprocessing import forkserver
import os
import pathlib
import re
import runpy
import signal
import socket
import sys
import textwrap
import time
import traceback
from unittest import mock

from experiment import config
from experiment import errors
from experiment import loop
from experiment import run_folder
from experiment import seeds

_FORKS = multiprocessing.get_context('forkserver')
# What the example program imports; TensorFlow comes with it.
_FORKS.set_forkserver_preload(
    [module.__name__ for module in (config, errors, loop, run_folder, seeds)]
)

# What TensorFlow's C++ prints, which depends on the machine.
_NOTE = re.compile(r'[IWEF]0000 00:00:|WARNING: All log messages before absl')


class Process:
  """A process that runs a function, with its output in a file.

  Attributes:
    pid: its number.
  """

  def __init__(
      self, output: pathlib.Path, function: Callable[..., object], *arguments
  ):
    """Starts it.

    Args:
      output: the file, which may hold the output of others before.
      function: a function of a module, as it is found by its name.
      *arguments: for the function; anything that pickles.
    """
    output.touch()
    self._output = output
    self._output_begins = output.stat().st_size
    self._process = _FORKS.Process(
        target=_run, args=(output, function, *arguments)
    )
    # It imports our modules before it learns of this process's sys.path.
    with mock.patch.dict(os.environ, PYTHONPATH=os.pathsep.join(sys.path)):
      forkserver.ensure_running()
    self._process.start()
    self.pid = self._process.pid

  def send(self, signum: int) -> None:
    os.kill(self.pid, signum)

  def kill(self) -> None:
    """Ends it at once, if it still runs."""
    self._process.kill()

  def wait(self, seconds: float = 120) -> int:
    """The exit code; negative for a signal, as in `subprocess`."""
    self._process.join(seconds)
    if self._process.exitcode is None:
      self._process.kill()
      raise TimeoutError(f'process {self.pid}: {self.output()}')
    return self._process.exitcode

  def output(self) -> str:
    """What it printed, without the notes of TensorFlow's C++."""
    printed = self._output.read_bytes()[self._output_begins :].decode()
    lines = printed.splitlines(keepends=True)
    return ''.join(line for line in lines if not _NOTE.match(line))


def _run(
    output: pathlib.Path, function: Callable[..., object], *arguments
) -> None:
  """What the process does: as a Python interpreter, and no more."""
  # Shells start background processes with Ctrl-C ignored.
  signal.signal(signal.SIGINT, signal.default_int_handler)
  with open(output, 'a') as file:
    os.dup2(file.fileno(), 1)
    os.dup2(file.fileno(), 2)
  sys.stdout, sys.stderr = sys.__stdout__, sys.__stderr__
  code = 0
  try:
    function(*arguments)
  except SystemExit as end:
    code = end.code or 0
  except BaseException:
    traceback.print_exc()
    code = 1
  sys.stdout.flush()
  sys.stderr.flush()
  os._exit(code)


def run_program(path: pathlib.Path, *arguments: str) -> None:
  """Runs a Python file with a command line, as `python <path>` does."""
  sys.argv = [str(path), *arguments]
  runpy.run_path(str(path), run_name='__main__')


def example_program(folder: pathlib.Path) -> pathlib.Path:
  """Writes the example in the docstring of `loop` into `quadratic.py`."""
  _, begin, rest = loop.__doc__.partition('    import dataclasses\n')
  path = folder / 'quadratic.py'
  path.write_text(textwrap.dedent(begin + rest))
  return path


def free_address() -> str:
  """host:port of this machine, where nothing listens."""
  return free_addresses(1)[0]


def free_addresses(count: int) -> list[str]:
  """So many different ones."""
  with contextlib.ExitStack() as stack:
    servers = [
        stack.enter_context(socket.create_server(('127.0.0.1', 0)))
        for _ in range(count)
    ]
    return [f'127.0.0.1:{server.getsockname()[1]}' for server in servers]


def wait_for(condition: Callable[[], bool], seconds: float = 120) -> None:
  """Waits until something is true; TimeoutError when it takes too long."""
  deadline = time.monotonic() + seconds
  while not condition():
    if time.monotonic() > deadline:
      raise TimeoutError(f'nothing happened in {seconds} s')
    time.sleep(0.005)
