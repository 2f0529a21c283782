# SPDX-License-Identifier: Apache-2.0
"""Several machines that one program places its segments on.

They are the tasks of one TensorFlow job, `worker`. Task 0 is the program that
trains; the others run `//sg:worker` and do what they are sent. A device of
theirs is /job:worker/task:1/device:CPU:0, and so on. All of them listen on all
interfaces, and serve whoever connects: see `addresses.WARNING`.
"""

from collections.abc import Iterator
from collections.abc import Sequence
import contextlib

import tensorflow as tf

from experiment import errors
from experiment import progress
from sg.pipelined import addresses as addresses_lib

_JOB = 'worker'


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
        f'{addresses_lib.SETTING}: expected host:port of two machines or more, '
        'this one and that of //sg:train, separated by commas'
    )
  if not 1 <= task < len(addresses):
    raise errors.UserError(
        f'--task={task}: expected a number from 1 to {len(addresses) - 1}, as '
        f'--cluster has {len(addresses)} addresses and task 0 is //sg:train'
    )
  addresses_lib.check_port(addresses[task])
  progress.write(f'warning: {addresses_lib.WARNING}')
  return tf.distribute.Server(
      tf.train.ClusterSpec({_JOB: list(addresses)}),
      job_name=_JOB,
      task_index=task,
      protocol='grpc',
  )


def connect(
    addresses: Sequence[str], seconds: float = addresses_lib.SECONDS
) -> None:
  """Makes this process task 0, and the others' devices known to it.

  Args:
    addresses: host:port of all tasks.
    seconds: how long to wait for the workers.

  Raises:
    UserError: a worker does not answer, or this task's port cannot be used.
  """
  for task, address in enumerate(addresses[1:], 1):
    addresses_lib.wait_for(
        address,
        f'start //sg:worker there with the same {addresses_lib.SETTING} and '
        f'--task={task}',
        seconds,
    )
  addresses_lib.check_port(addresses[0])
  progress.write(f'warning: {addresses_lib.WARNING}')
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
