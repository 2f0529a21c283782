"""Machines that work together, through TensorFlow's servers.

Their addresses are host:port. TensorFlow itself waits for ever for one that
does not answer, and says nothing of a port that another program has: so this
looks first.
"""

from collections.abc import Mapping
from collections.abc import Sequence
import socket
import time

import tensorflow as tf

from experiment import errors

SECONDS = 20.0  # How long to wait for a program that is being started.


def join(
    jobs: Mapping[str, Sequence[str]], job: str, task: int, setting: str
) -> None:
  """Makes this process a task of a cluster, in threads of its own.

  The devices of the other tasks are then known here. Call it before TensorFlow
  computes anything.

  Args:
    jobs: addresses of the tasks, by job.
    job: that of this process.
    task: the number of this process in its job.
    setting: where the addresses are from, such as '--cluster'.

  Raises:
    UserError: this task's port cannot be used.
  """
  check_port(jobs[job][task], setting)
  tf.config.experimental_connect_to_cluster(
      tf.train.ClusterSpec({name: list(of) for name, of in jobs.items()}),
      job_name=job,
      task_index=task,
  )


def check_port(address: str, setting: str) -> None:
  """Raises UserError if no server can listen at an address of this machine."""
  _, port = _split(address, setting)
  try:
    # TensorFlow's servers listen on all interfaces too.
    socket.create_server(('', port)).close()
  except OSError as error:
    raise errors.UserError(
        f'{address}: cannot listen there ({errors.one_line(error)}): choose a '
        f'free port of this machine in {setting}'
    ) from error


def wait_for(
    address: str, setting: str, way_out: str, seconds: float = SECONDS
) -> None:
  """Waits until a program listens at an address.

  Args:
    address: host:port.
    setting: where it is from, such as '--cluster'.
    way_out: what to do if nobody answers.
    seconds: how long to wait.

  Raises:
    UserError: nobody answers, or it is not an address.
  """
  host, port = _split(address, setting)
  deadline = time.monotonic() + seconds
  while True:
    try:
      socket.create_connection((host, port), timeout=2).close()
      return
    except OSError as error:
      if time.monotonic() > deadline:
        raise errors.UserError(
            f'{address}: nobody answers ({errors.one_line(error)}): {way_out}'
        ) from error
    time.sleep(0.2)


def _split(address: str, setting: str) -> tuple[str, int]:
  host, _, port = address.rpartition(':')
  if not (host and port.isdecimal() and int(port) < 2**16):
    raise errors.UserError(f'{setting}: expected host:port, got {address!r}')
  return host, int(port)
