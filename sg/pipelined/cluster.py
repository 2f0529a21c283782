# SPDX-License-Identifier: Apache-2.0
"""Several machines that one program places its segments on.

They are the tasks of one TensorFlow job, `worker`. Task 0 is the program that
trains; the others run `//sg:worker` and do what they are sent. A device of
theirs is /job:worker/task:1/device:CPU:0, and so on. All of them listen on all
interfaces, and serve whoever connects: see `WARNING`.
"""

from collections.abc import Iterator
from collections.abc import Sequence
import contextlib
import socket
import time

import tensorflow as tf

from experiment import errors
from experiment import progress

_JOB = 'worker'
_SECONDS = 20.0  # How long to wait for a program that is being started.

# TensorFlow's servers listen on all interfaces, whatever host is named, and
# their peers may run any operation, those on files included.
WARNING = (
    'Anyone who can reach the ports can read and write files as this user, as '
    'TensorFlow does not authenticate its peers: use an isolated network, or a '
    'tunnel (ssh -L) and a firewall'
)


def serve(addresses: Sequence[str], task: int) -> tf.distribute.Server:
  """Makes this process a worker, in threads of its own.

  Args:
    addresses: host:port of all tasks.
    task: which of them this is, from 1.

  Raises:
    UserError: no such task, or its port cannot be used.
  """
  if len(addresses) < 2:
    raise errors.UserError(
        '--cluster: expected host:port of two machines or more, this one and '
        'that of //sg:train, separated by commas'
    )
  if not 1 <= task < len(addresses):
    raise errors.UserError(
        f'--task={task}: expected a number from 1 to {len(addresses) - 1}, as '
        f'--cluster has {len(addresses)} addresses and task 0 is //sg:train'
    )
  check_port(addresses[task])
  progress.write(f'warning: {WARNING}')
  return tf.distribute.Server(
      tf.train.ClusterSpec({_JOB: list(addresses)}),
      job_name=_JOB,
      task_index=task,
      protocol='grpc',
  )


def connect(
    addresses: Sequence[str], seconds: float = _SECONDS
) -> None:
  """Makes this process task 0, and the others' devices known to it.

  Raises:
    UserError: a worker does not answer, or this task's port cannot be used.
  """
  for task, address in enumerate(addresses[1:], 1):
    wait_for(
        address,
        f'start //sg:worker there with the same --cluster and --task={task}',
        seconds,
    )
  check_port(addresses[0])
  progress.write(f'warning: {WARNING}')
  tf.config.experimental_connect_to_cluster(
      tf.train.ClusterSpec({_JOB: list(addresses)}), job_name=_JOB, task_index=0
  )


@contextlib.contextmanager
def naming_lost() -> Iterator[None]:
  """Turns the loss of a worker into a `UserError`."""
  try:
    yield
  except (tf.errors.UnavailableError, tf.errors.AbortedError) as error:
    reason = errors.one_line(error.message)
    # TensorFlow prints many lines; a task's name is in one of them.
    where = reason.partition(f'/job:{_JOB}')[2].split()
    name = f'/job:{_JOB}{where[0].rstrip(":")}' if where else 'a worker'
    raise errors.UserError(
        f'lost {name}: start it again, then continue with --resume from the '
        'last checkpoint'
    ) from error


def check_port(address: str) -> None:
  """Raises UserError if no server can listen at an address of this machine.

  TensorFlow says nothing of a port that another program has.
  """
  _, port = _split(address)
  try:
    socket.create_server(('', port)).close()
  except OSError as error:
    raise errors.UserError(
        f'{address}: cannot listen there ({errors.one_line(error)}): choose a '
        'free port of this machine in --cluster'
    ) from error


def wait_for(address: str, way_out: str, seconds: float = _SECONDS) -> None:
  """Waits until a program listens at an address; TensorFlow would for ever.

  `way_out` is what to do if none does in so many seconds.

  Raises:
    UserError: nobody answers, or it is not an address.
  """
  host, port = _split(address)
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


def _split(address: str) -> tuple[str, int]:
  host, _, port = address.rpartition(':')
  if not (host and port.isdecimal() and int(port) < 2**16):
    raise errors.UserError(f'--cluster: expected host:port, got {address!r}')
  return host, int(port)
