# SPDX-License-Identifier: Apache-2.0
"""Runs on this machine: each in a process of its own."""

from collections.abc import Callable
from concurrent import futures
import os
import pathlib
import runpy
import signal
import sys

from experiment import environment
from experiment import errors
from experiment import processes
from experiment import run_folder
from experiment import stop

_TAIL_BYTES = 1 << 16


class Machine:
  """As many runs at a time as there are cores.

  Threads wait for a process each. In a ProcessPoolExecutor one run that is
  killed takes all others down, and neither exit codes nor signals are its
  matter.

  Attributes:
    slots: how many runs it makes at a time.
    description: what there is to say of it before the runs.
  """

  description = ''

  def __init__(self, at_once: int | None, most: int, stopping: stop.Stop):
    """Starts nothing yet.

    Args:
      at_once: how many runs to make at a time; by default one per core.
      most: how many there will be.
      stopping: how often the runs were asked to stop.
    """
    cores = environment.usable_cores()
    self.slots = max(1, min(at_once or cores, most))
    self._threads = max(1, cores // self.slots)
    self._pool = futures.ThreadPoolExecutor(self.slots)
    self._stopping = stopping

  def __enter__(self) -> 'Machine':
    return self

  def __exit__(self, kind: type[BaseException] | None, *_) -> None:
    if kind and not self._stopping:
      self._stopping.requests = 1  # The runs save and end.
    self._pool.shutdown()

  def submit(
      self,
      folder: pathlib.Path,
      command: list[str],
      threads_setting: str | None,
  ) -> futures.Future:
    """Makes a run as soon as there is a slot.

    Args:
      folder: the folder of the run.
      command: the module, and its command line.
      threads_setting: the flag that takes the number of threads, if any.

    Returns:
      A future of what `run` returns.
    """
    if threads_setting is not None:
      command = [*command, f'--{threads_setting}={self._threads}']
    return self._pool.submit(
        run, folder, command, lambda: self._stopping.requests
    )

  def stop(self) -> None:
    """Asks the runs to stop; they look at `stopping` themselves."""


def run(
    folder: pathlib.Path, command: list[str], requests: Callable[[], int]
) -> str | None:
  """Runs a job in a process of its own.

  Args:
    folder: the folder of the run.
    command: the module, and its command line.
    requests: how often it was asked to stop by now.

  Returns:
    Why it failed; None when it has finished.
  """
  output = folder / run_folder.OUTPUT
  try:
    with errors.naming(folder):
      folder.mkdir(parents=True, exist_ok=True)
      with open(output, 'ab') as file:
        begin = file.tell()
  except errors.UserError as error:
    return str(error)
  process = processes.start(output, _run_program, *command)
  code = processes.wait(process, requests)
  if code == 0:
    finished = (folder / run_folder.FINISHED).exists()
    return None if finished else 'it ended without finishing'
  if code < 0:
    return f'killed by {signal.Signals(-code).name}'
  with open(output, 'rb') as file:
    size = file.seek(0, os.SEEK_END)
    file.seek(max(begin, size - _TAIL_BYTES))
    lines = file.read().decode(errors='replace').strip().splitlines()
  said = [line for line in lines if line.startswith('error: ')] or lines
  return said[-1].strip() if said else f'exit code {code}'


def _run_program(module: str, *arguments: str) -> None:
  """Does what `python -m <module> <arguments>` does."""
  sys.argv = [module, *arguments]
  sys.modules.pop(module, None)  # Where the sweep's own program imports it.
  runpy.run_module(module, run_name='__main__', alter_sys=True)
