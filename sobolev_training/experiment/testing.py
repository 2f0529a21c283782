"""Runs programs in processes of their own, for tests.

The processes are forked: importing TensorFlow once serves all of them. For that
the test itself must not compute with TensorFlow before it forks, as its threads
do not come along.
"""

from collections.abc import Callable
import os
import pathlib
import re
import runpy
import signal
import sys
import textwrap
import time
import traceback

from sobolev_training.experiment import loop

_NOTE = re.compile(r'[IWEF]\d{4} [\d:.]+ +\d+ \S+\] ')


def example_program(folder: pathlib.Path) -> pathlib.Path:
  """Writes the example in the docstring of `loop` into a file.

  It minimises a quadratic with momentum and noise.
  """
  text = loop.__doc__.partition('import dataclasses')
  path = folder / 'quadratic.py'
  path.write_text(textwrap.dedent('    ' + text[1] + text[2]))
  return path


class Process:
  """A process that runs a function, with its output in a file.

  Attributes:
    pid: its number.
  """

  def __init__(self, function: Callable[[], object], output: pathlib.Path):
    self._output = output
    self.pid = os.fork()
    if not self.pid:
      os._exit(self._run(function))

  def _run(self, function: Callable[[], object]) -> int:
    """What the new process does; returns the exit code."""
    # Shells start background processes with Ctrl-C ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with open(self._output, 'a', encoding='utf-8') as file:
      os.dup2(file.fileno(), 1)
      os.dup2(file.fileno(), 2)
    sys.stdout, sys.stderr = sys.__stdout__, sys.__stderr__
    code = 0
    try:
      function()
    except SystemExit as end:
      code = end.code or 0
    except BaseException:  # What an interpreter does at its end.
      traceback.print_exc()
      code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    return code

  def send(self, signum: int) -> None:
    os.kill(self.pid, signum)

  def wait(self, seconds: float = 60) -> int:
    """The exit code, negative for a signal as in `subprocess`."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
      pid, status = os.waitpid(self.pid, os.WNOHANG)
      if pid:
        return os.waitstatus_to_exitcode(status)
      time.sleep(0.01)
    self.send(signal.SIGKILL)
    os.waitpid(self.pid, 0)
    raise TimeoutError(f'process {self.pid}: {self.output()}')

  def output(self) -> str:
    """What it printed, without the notes of TensorFlow's C++."""
    lines = self._output.read_text().splitlines(keepends=True)
    return ''.join(line for line in lines if not _NOTE.match(line))


def start_program(
    path: pathlib.Path,
    *arguments: str,
    before: Callable[[], object] = lambda: None,
) -> Process:
  """Starts a Python file with arguments.

  Args:
    path: the file; `<path>.txt` gets its output.
    *arguments: the command line.
    before: is called in the new process, before the program.
  """

  def main() -> None:
    sys.argv = [str(path), *arguments]
    before()
    runpy.run_path(str(path), run_name='__main__')

  return Process(main, path.with_suffix('.txt'))


def wait_for(condition: Callable[[], bool], seconds: float = 60) -> None:
  """Waits until something is true; TimeoutError when it takes too long."""
  deadline = time.monotonic() + seconds
  while not condition():
    if time.monotonic() > deadline:
      raise TimeoutError(f'nothing happened in {seconds} s')
    time.sleep(0.005)
