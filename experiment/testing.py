# SPDX-License-Identifier: Apache-2.0
"""Runs functions and programs in processes of their own, for tests."""

from collections.abc import Callable
import contextlib
import csv
import os
import pathlib
import re
import runpy
import socket
import subprocess
import sys
import textwrap
import time

import numpy as np
import tensorflow as tf

from experiment import loop
from experiment import processes

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
    self._process = processes.start(output, function, *arguments)
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


def run_program(path: pathlib.Path, *arguments: str) -> None:
  """Runs a Python file with a command line, as `python <path>` does."""
  sys.argv = [str(path), *arguments]
  runpy.run_path(str(path), run_name='__main__')


def example_program(folder: pathlib.Path) -> pathlib.Path:
  """Writes the example in the docstring of `loop` into `quadratic.py`."""
  _, begin, rest = loop.__doc__.partition('    from experiment.startup')
  path = folder / 'quadratic.py'
  path.write_text(textwrap.dedent(begin + rest))
  return path


def rows(run: pathlib.Path) -> list[dict[str, str]]:
  """The rows of a run's metrics.csv, without their seconds."""
  with open(run / 'metrics.csv', encoding='utf-8', newline='') as file:
    found = list(csv.DictReader(file))
  for row in found:
    row.pop('seconds', None)
  return found


def variables(run: pathlib.Path) -> dict[str, bytes]:
  """The variables of a run's newest checkpoint."""
  newest = max((run / 'checkpoints').iterdir())
  reader = tf.train.load_checkpoint(str(newest / 'state'))
  return {
      name: np.asarray(reader.get_tensor(name)).tobytes()
      for name in reader.get_variable_to_shape_map()
      if not name.startswith('_')
  }


def free_addresses(count: int) -> list[str]:
  """So many host:port of this machine, where nothing listens."""
  with contextlib.ExitStack() as stack:
    servers = [
        stack.enter_context(socket.create_server(('127.0.0.1', 0)))
        for _ in range(count)
    ]
    return [f'127.0.0.1:{server.getsockname()[1]}' for server in servers]


def make_certificate(folder: pathlib.Path) -> tuple[str, str]:
  """Makes a certificate that is its own authority; the paths of both files."""
  certificate, key = str(folder / 'cert.pem'), str(folder / 'key.pem')
  subprocess.run(
      [
          'openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes',
          '-days', '2', '-subj', '/CN=sobolev',
          '-out', certificate, '-keyout', key,
      ],
      check=True,
      capture_output=True,
  )
  return certificate, key


def wait_for(condition: Callable[[], bool], seconds: float = 120) -> None:
  """Waits until something is true; TimeoutError when it takes too long."""
  deadline = time.monotonic() + seconds
  while not condition():
    if time.monotonic() > deadline:
      raise TimeoutError(f'nothing happened in {seconds} s')
    time.sleep(0.005)
