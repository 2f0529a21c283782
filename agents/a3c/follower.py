"""Workers whose shared parameters are on another machine, the leader."""

from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Sequence
import contextlib
import itertools
import threading
import time

import numpy as np
import sonnet as snt
import tensorflow as tf

from agents.a3c import exchange as exchange_lib
from agents.a3c import worker as worker_lib
from experiment import errors

_SECONDS = 60.0  # In which a leader that listens has long answered.
_PAUSES = 0.005, 0.5  # The shortest and the longest between questions, s.


class Connection:
  """The exchange with a leader, for all threads of this process."""

  def __init__(
      self,
      address: str,
      stopping: Callable[[], bool],
      seconds: float = _SECONDS,
  ):
    """Connects.

    Args:
      address: the leader's, after `exchange.follow`.
      stopping: whether to stop before the training has ended.
      seconds: how long to wait for what listens there.

    Raises:
      UserError: no training is there; or the connection is lost, which the
        methods raise too.
    """
    self._address, self._stopping = address, stopping
    self._lock = threading.Lock()
    self._exchange = self._connect(seconds)

  def _connect(self, seconds: float) -> exchange_lib.Exchange:
    found = []

    def connect():
      with contextlib.suppress(tf.errors.OpError):
        exchange = exchange_lib.Exchange()
        exchange.state()
        found.append(exchange)

    # TensorFlow would ask for ever what is no server of its.
    thread = threading.Thread(target=connect, daemon=True)
    thread.start()
    thread.join(seconds)
    if not found:
      raise errors.UserError(
          f'{self._address}: something listens there, but no training answers '
          f'within {seconds:.0f} s: give the --address of one'
      )
    return found[0]

  @contextlib.contextmanager
  def naming_lost(
      self, kind: type[tf.errors.OpError] = tf.errors.UnavailableError
  ) -> Iterator[None]:
    """Turns a lost connection into a `UserError`.

    Args:
      kind: what its loss is known by. Computing here can end by it too: when
        TensorFlow compiles a function, it tells all machines that it knows.
    """
    try:
      yield
    except kind as error:
      raise errors.UserError(
          f'{self._address}: the training there was stopped, or the connection '
          'to it is lost: join again when it goes on'
      ) from error

  @contextlib.contextmanager
  def _asking(self) -> Iterator[None]:
    # Operations of one connection are in one order.
    with self._lock, self.naming_lost(tf.errors.OpError):
      yield

  def wait(self) -> bool:
    """Waits while the leader takes nothing up; False when it is time to end."""
    pause, longest = _PAUSES
    while not self._stopping():
      with self._asking():
        state = self._exchange.state()
        if state == exchange_lib.State.ENDED:
          return False
        if state == exchange_lib.State.RUNNING and not self._exchange.waiting():
          return True
      time.sleep(pause)
      pause = min(2 * pause, longest)
    return False

  def settings(self) -> str:
    """What the leader has published, once `wait` was True."""
    with self._asking():
      return self._exchange.settings()

  def parameters(self) -> np.ndarray:
    """The leader's parameters, float32 [P]."""
    with self._asking():
      return self._exchange.parameters()

  def send(self, found: exchange_lib.Found) -> None:
    """Has the leader make an update."""
    with self._asking():
      self._exchange.send(found)


class Player:
  """A worker and what it takes for the shared network."""

  def __init__(
      self,
      mirror: snt.Module,
      make_worker: Callable[[Callable[[float], object]], worker_lib.Worker],
  ):
    """Makes the worker.

    Args:
      mirror: the worker's shared network.
      make_worker: makes the worker, of what takes the points of ended games.
    """
    self._parameters = mirror.trainable_variables
    self._scores: list[float] = []
    self._worker = make_worker(self._scores.append)

  def play(self, connection: Connection) -> None:
    """Plays until the training has ended.

    Raises:
      UserError: the connection is lost.
    """
    for rollout in itertools.count():
      # A game that is played now would be of old parameters later.
      if not connection.wait():
        return
      values = exchange_lib.unflatten(
          connection.parameters(), self._parameters
      )
      for parameter, value in zip(self._parameters, values, strict=True):
        parameter.assign(value)
      gradients, scalars = self._worker.work(rollout)
      connection.send(exchange_lib.Found(
          exchange_lib.flatten(gradients),
          tf.constant(list(scalars)),
          tf.stack(list(scalars.values())),
          tf.constant(self._scores, tf.float32),
      ))
      self._scores.clear()


def play(connection: Connection, players: Sequence[Player]) -> None:
  """Has all play, in a thread each, until the training has ended.

  Raises:
    UserError: the connection is lost.
  """
  failures = []

  def run(player: Player) -> None:
    try:
      player.play(connection)
    except BaseException as error:  # pylint: disable=broad-except
      failures.append(error)

  threads = [
      threading.Thread(target=run, args=(player,), daemon=True)
      for player in players
  ]
  for thread in threads:
    thread.start()
  for thread in threads:
    thread.join()
  with connection.naming_lost():
    if failures:
      raise failures[0]
