# SPDX-License-Identifier: Apache-2.0
"""Runs on the workers of a Dask scheduler, on any number of machines.

    with scheduler.connect(settings) as cluster:
      future = cluster.submit(folder, ['regression.train', ...], 'threads')

A worker makes each run in a process of its own, as a sweep on one machine does.
The scheduler gives the run of a lost worker to another one, which continues
from its checkpoint: all see the same folders. docs/cluster.md has the commands.
"""

from collections.abc import Iterator
from concurrent import futures
import contextlib
import dataclasses
import math
import pathlib
import time
from typing import Any
import uuid

from experiment import config
from experiment import environment
from experiment import errors
from experiment import locks
from experiment import machine
from experiment import run_folder

_POLL_SECONDS = 1.0

# In a worker: the sweeps that were asked to stop.
_stopped: set[str] = set()


@dataclasses.dataclass(frozen=True)
class Settings:
  """Where the runs of a sweep are made."""

  scheduler: str = config.setting(
      '',
      'Address of a Dask scheduler, such as tls://host:8786, whose workers make'
      ' the runs; by default this machine makes them.',
      affects_result=False,
  )
  resources: tuple[str, ...] = config.setting(
      (),
      'What a run takes of its worker at --scheduler, such as GPU=1.',
      affects_result=False,
  )
  tls_ca: str = config.setting(
      '',
      'The certificates that are trusted, a PEM file; by default those of '
      "Dask's configuration, as for --tls_cert and --tls_key.",
      affects_result=False,
  )
  tls_cert: str = config.setting(
      '', 'The certificate of this program, a PEM file.', affects_result=False
  )
  tls_key: str = config.setting(
      '', 'The private key of --tls_cert, a PEM file.', affects_result=False
  )
  insecure: bool = config.setting(
      False,
      'Whether --scheduler may be tcp://. Everyone who reaches such a '
      'scheduler can run programs as its user.',
      affects_result=False,
  )


class Cluster:
  """The workers of a scheduler.

  Attributes:
    description: what there is now, for people.
    slots: how many runs it takes; it keeps those that wait.
  """

  slots = math.inf

  def __init__(self, client: Any, resources: dict[str, float]):
    self._client = client
    self._name = uuid.uuid4().hex
    self._executor = client.get_executor(pure=False, resources=resources)
    workers = client.scheduler_info(n_workers=-1)['workers'].values()
    able = [
        worker
        for worker in workers
        if all(worker['resources'].get(k, 0) >= v for k, v in resources.items())
    ]
    slots = sum(worker['nthreads'] for worker in able)
    self.description = f'{len(able)} workers for {slots} runs at a time'
    if not able:
      self.description += ' yet: the runs wait for the first one'

  def submit(
      self,
      folder: pathlib.Path,
      command: list[str],
      threads_setting: str | None,
  ) -> futures.Future:
    """Has a worker make a run; see `machine.Machine.submit`."""
    return self._executor.submit(
        _run, self._name, folder, command, threads_setting
    )

  def stop(self) -> None:
    """Asks the workers that are there to save and end runs, and begin none."""
    self._client.run(_stop, self._name, on_error='ignore')


@contextlib.contextmanager
def connect(settings: Settings) -> Iterator[Cluster]:
  """Connects to the scheduler. Runs that are left at the end save and end.

  Raises:
    UserError: the address or the resources are invalid, `distributed` is not
      installed, the scheduler cannot be reached, or lacks TLS.
  """
  address = settings.scheduler
  if not address.startswith(('tls://', 'tcp://')):
    raise errors.UserError(
        f'--scheduler={address}: expected tls://host:port'
    )
  if address.startswith('tcp://') and not settings.insecure:
    raise errors.UserError(
        f'--scheduler={address}: everyone who reaches a scheduler without TLS '
        'can run programs as its user: use tls:// (see docs/cluster.md), or, '
        'on a network that is all yours, --insecure'
    )
  try:
    words = (text.partition('=') for text in settings.resources)
    resources = {name: float(amount) for name, _, amount in words}
  except ValueError:
    raise errors.UserError(
        f'--resources={",".join(settings.resources)}: expected name=number, '
        'such as GPU=1'
    ) from None
  try:
    import distributed  # Its import takes a second, and few need it.
  except ImportError as error:
    raise errors.UserError(
        f'--scheduler={address}: {error}: pip install distributed'
    ) from None
  try:
    client = distributed.Client(
        address, security=_security(settings), set_as_default=False
    )
  except (OSError, TypeError, ValueError) as error:
    raise errors.UserError(
        f'--scheduler={address}: cannot connect ({errors.one_line(error)}): '
        'start the scheduler, or correct the address and --tls_ca, --tls_cert '
        'and --tls_key'
    ) from error
  with client:
    yield Cluster(client, resources)


def _security(settings: Settings) -> Any:
  """The certificates; Dask's configuration has those that are not given."""
  from distributed import security

  files = {
      'tls_ca_file': settings.tls_ca,
      'tls_client_cert': settings.tls_cert,
      'tls_client_key': settings.tls_key,
  }
  return security.Security(
      require_encryption=settings.scheduler.startswith('tls://'),
      **{k: str(run_folder.resolve(path)) for k, path in files.items() if path},
  )


def _stop(name: str) -> None:
  """In a worker: notes that a sweep was asked to stop."""
  _stopped.add(name)


def _run(
    name: str,
    folder: pathlib.Path,
    command: list[str],
    threads_setting: str | None,
) -> str | None:
  """In a worker: makes a run."""
  import distributed

  worker = distributed.get_worker()
  key = worker.get_current_task()

  def requests() -> int:
    # Nobody waits for the run any more when the sweep's program has died.
    task = worker.state.tasks.get(key)
    released = task is None or task.state == 'cancelled'
    return int(released or name in _stopped)

  # The run of a worker that was lost may still be saving.
  while locks.is_held(folder) and not requests():
    time.sleep(_POLL_SECONDS)
  if requests():
    return 'not tried'
  if threads_setting is not None:
    threads = environment.usable_cores() // worker.state.nthreads
    command = [*command, f'--{threads_setting}={max(1, threads)}']
  return machine.run(folder, command, requests)
