"""Starts programs in a moment: forks of a process that has done their imports.

    with starter.Starter(['tensorflow']) as programs:
      program = programs.start('regression.train', ['--seed=1'], output)
      while program.code is None:
        programs.update()

To import TensorFlow takes seconds, and it may be forked as long as nothing has
used it: its import starts no threads of its own and does not initialise CUDA.
Elsewhere than on Linux, libraries need not survive a fork, and the programs do
their imports themselves.
"""

from collections.abc import Sequence
import contextlib
import importlib
import json
import os
import pathlib
import runpy
import signal
import subprocess
import sys
import time
from typing import NoReturn

from experiment import stop

_PATIENCE_SECONDS = 10.0  # With an exit code that should be there at once.


class Program:
  """A program that was started.

  Attributes:
    pid: its process; None before the start.
    code: its exit code, negative for a signal as in `subprocess`; None before
      the end. 1 when it is lost.
  """

  def __init__(self):
    self.pid: int | None = None
    self.code: int | None = None
    self._signal: int | None = None
    self._gone_since: float | None = None

  def send(self, signum: int) -> None:
    """Sends a signal, as soon as there is a process to get it."""
    self._signal = signum
    if self.pid is not None and self.code is None:
      with contextlib.suppress(ProcessLookupError):  # Its end is not heard yet.
        os.kill(self.pid, signum)

  def _hear(self, number: int) -> None:
    if self.pid is not None:
      self.code = number
      return
    self.pid = number
    if self._signal is not None:
      self.send(self._signal)

  def _look(self) -> None:
    """Gives up a process that is gone when nobody tells its exit code."""
    if self.pid is None or self.code is not None:
      return
    try:
      os.kill(self.pid, 0)
    except ProcessLookupError:
      self._gone_since = self._gone_since or time.monotonic()
      if time.monotonic() - self._gone_since > _PATIENCE_SECONDS:
        self.code = 1


class Starter:
  """Starts programs; at its end they get SIGTERM.

  On systems other than Linux they do not.
  """

  def __init__(self, modules: Sequence[str] = ()):
    """Nothing is started before the first program.

    Args:
      modules: what the programs import, such as 'tensorflow'.
    """
    self._modules = modules
    self._process: subprocess.Popen | None = None
    self._programs: list[Program] = []
    self._heard = b''

  def __enter__(self) -> 'Starter':
    return self

  def __exit__(self, *_) -> None:
    if self._process:
      self._process.kill()
      self._process.communicate()
      self._process = None

  def start(
      self, module: str, arguments: Sequence[str], output: pathlib.Path
  ) -> Program:
    """Starts `python -m <module> <arguments>`.

    Args:
      module: the program's.
      arguments: its command line.
      output: the file that its output is added to.
    """
    with open(output, 'ab') as file:
      if self._process is None:
        # -P as under Bazel: modules come from PYTHONPATH, not from where we
        # are. Ctrl-C in a terminal goes to this process only.
        self._process = subprocess.Popen(
            [sys.executable, '-P', '-m', __name__, *self._modules],
            env={**os.environ, **_environment()},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=file,
            start_new_session=True,
        )
        os.set_blocking(self._process.stdout.fileno(), False)
    request = [len(self._programs), str(output.absolute()), module, *arguments]
    self._programs.append(Program())
    with contextlib.suppress(BrokenPipeError):  # `update` finds out.
      self._process.stdin.write(json.dumps(request).encode() + b'\n')
      self._process.stdin.flush()
    return self._programs[-1]

  def update(self) -> None:
    """Sets the programs' attributes to what is known now; does not wait."""
    if self._process is None:
      return
    ended = False
    while not ended and (heard := self._process.stdout.read()) is not None:
      self._heard += heard
      ended = not heard
    *lines, self._heard = self._heard.split(b'\n')
    for line in lines:
      index, number = map(int, line.split())
      self._programs[index]._hear(number)
    for program in self._programs:
      program._look()
    if ended:
      # It was killed, and what it had started is told to end.
      self._process.communicate()
      for program in self._programs:
        if program.code is None:
          program.code = self._process.returncode
      self._process = None


def _environment() -> dict[str, str]:
  """Lets a child import what this process can, also from Bazel's runfiles."""
  folders = [os.path.abspath(entry) for entry in sys.path]
  return {
      # TensorFlow's default is to use oneDNN on processors with VNNI only; its
      # convolutions are up to twice as fast on others.
      'TF_ENABLE_ONEDNN_OPTS': os.environ.get('TF_ENABLE_ONEDNN_OPTS', '1'),
      'PYTHONPATH': os.pathsep.join(folders),
      **stop.environment_of_child(),
  }


def _serve(modules: Sequence[str]) -> None:
  """What the process does that programs are forks of."""
  stop.end_with_parent()
  answers = os.dup(sys.stdout.fileno())
  os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # For what imports print.
  if sys.platform.startswith('linux'):
    for module in modules:
      with contextlib.suppress(ImportError):  # The programs will say so.
        importlib.import_module(module)
  sys.stdout.flush()  # Or each fork would print it again.
  signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # No fork is waited for.
  for line in sys.stdin:
    os.environ.update(stop.environment_of_child())
    if not os.fork():
      _run(answers, *json.loads(line))


def _run(
    answers: int, index: int, output: str, module: str, *arguments: str
) -> NoReturn:
  """Runs a program in a fork of this process, and tells of it."""
  stop.end_with_parent()
  signal.signal(signal.SIGCHLD, signal.SIG_DFL)
  os.environ.update(stop.environment_of_child())
  pid = os.fork()
  if pid:
    os.write(answers, f'{index} {pid}\n'.encode())
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    os.write(answers, f'{index} {code}\n'.encode())
    os._exit(0)
  os.close(answers)
  with open(os.devnull, 'rb') as nothing, open(output, 'ab') as file:
    os.dup2(nothing.fileno(), sys.stdin.fileno())
    os.dup2(file.fileno(), sys.stdout.fileno())
    os.dup2(file.fileno(), sys.stderr.fileno())
  sys.stdin = open(sys.stdin.fileno())  # Without the requests it has read.
  sys.argv = [module, *arguments]
  runpy.run_module(module, run_name='__main__', alter_sys=True)
  sys.exit()


if __name__ == '__main__':
  _serve(sys.argv[1:])
