# SPDX-License-Identifier: Apache-2.0
"""The addresses of machines that work together, host:port.

TensorFlow waits for ever for one that does not answer, and says nothing of a
port that another program has: so this looks first.
"""

import socket
import time

from experiment import errors

SETTING = '--cluster'
SECONDS = 20.0  # How long to wait for a program that is being started.

# TensorFlow's servers listen on all interfaces, whatever host is named, and
# their peers may run any operation, those on files included.
WARNING = (
    'Anyone who can reach the ports can read and write files as this user, as '
    'TensorFlow does not authenticate its peers: use an isolated network, or a '
    'tunnel (ssh -L) and a firewall'
)


def check_port(address: str) -> None:
  """Raises UserError if no server can listen at an address of this machine."""
  _, port = _split(address)
  try:
    # TensorFlow's servers listen on all interfaces too.
    socket.create_server(('', port)).close()
  except OSError as error:
    raise errors.UserError(
        f'{address}: cannot listen there ({errors.one_line(error)}): choose a '
        f'free port of this machine in {SETTING}'
    ) from error


def wait_for(address: str, way_out: str, seconds: float = SECONDS) -> None:
  """Waits until a program listens at an address.

  Args:
    address: host:port.
    way_out: what to do if nobody answers.
    seconds: how long to wait.

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
    raise errors.UserError(f'{SETTING}: expected host:port, got {address!r}')
  return host, int(port)
