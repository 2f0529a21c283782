"""Several machines that one program places its segments on.

They are the tasks of one TensorFlow job, `worker`. Task 0 is the program that
trains; the others run `//sg:worker` and do what they are sent. A device of
theirs is /job:worker/task:1/device:CPU:0, and so on.
"""

from collections.abc import Iterator
from collections.abc import Sequence
import contextlib
import socket
import time

import tensorflow as tf

from sobolev_training.experiment import errors

_JOB = 'worker'
_SECONDS = 20.0  # How long to wait for a worker that is being started.


def serve(addresses: Sequence[str], task: int) -> tf.distribute.Server:
  """Makes this process a worker, in threads of its own.

  Args:
    addresses: host:port of all tasks.
    task: which of them this is, from 1.

  Raises:
    UserError: no such task, or its port cannot be used.
  """
  if not 1 <= task < len(addresses):
    raise errors.UserError(
        f'--task={task}: expected a number from 1 to {len(addresses) - 1}, as '
        f'--cluster has {len(addresses)} addresses and task 0 is //sg:train'
    )
  with _naming_port(addresses[task]):
    return tf.distribute.Server(
        _spec(addresses), job_name=_JOB, task_index=task, protocol='grpc'
    )


def connect(addresses: Sequence[str], seconds: float = _SECONDS) -> None:
  """Makes this process task 0, and the others' devices known to it.

  Args:
    addresses: host:port of all tasks.
    seconds: how long to wait for the workers.

  Raises:
    UserError: a worker does not answer, or this task's port cannot be used.
  """
  for task, address in enumerate(addresses[1:], 1):
    _wait_for(address, task, time.monotonic() + seconds)
  with _naming_port(addresses[0]):
    tf.config.experimental_connect_to_cluster(
        _spec(addresses), job_name=_JOB, task_index=0
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


def _spec(addresses: Sequence[str]) -> tf.train.ClusterSpec:
  return tf.train.ClusterSpec({_JOB: list(addresses)})


def _wait_for(address: str, task: int, deadline: float) -> None:
  host, _, port = address.rpartition(':')
  if not (host and port.isdecimal()):
    raise errors.UserError(
        f'--cluster: expected host:port, got {address!r}'
    )
  while True:
    try:
      socket.create_connection((host, int(port)), timeout=2).close()
      return
    except OSError as error:
      if time.monotonic() > deadline:
        raise errors.UserError(
            f'{address}: no worker answers ({errors.one_line(error)}): start '
            f'//sg:worker there with the same --cluster and --task={task}'
        ) from error
    time.sleep(0.2)


@contextlib.contextmanager
def _naming_port(address: str) -> Iterator[None]:
  try:
    yield
  except tf.errors.OpError as error:
    raise errors.UserError(
        f'{address}: cannot listen there: choose a free port of this machine '
        'in --cluster'
    ) from error
