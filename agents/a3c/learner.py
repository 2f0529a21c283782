# SPDX-License-Identifier: Apache-2.0
"""A3C: workers that improve one policy together (Mnih et al., 2016).

With threads, each worker plays, computes and applies its gradients on its own,
to parameters and statistics that all share. Without, one worker does so in the
caller's thread, and all is repeatable to the bit.
"""

import collections
from collections.abc import Sequence
import threading
from typing import Any

import numpy as np
import tensorflow as tf

from agents.a3c import shared_rmsprop
from agents.a3c import worker as worker_lib

SCORES = 100  # How many of the last games the training score is the mean of.


class Scores:
  """The points of the last games that workers have ended."""

  def __init__(self):
    self._last = collections.deque(maxlen=SCORES)

  def add(self, score: float) -> None:
    self._last.append(score)

  def mean(self) -> float:
    """Not a number before the first game has ended."""
    return float(np.mean(list(self._last))) if self._last else float('nan')

  def state(self) -> list[float]:
    """What `restore` takes."""
    return list(self._last)

  def restore(self, state: list[float]) -> None:
    """Goes back to what `state` gave."""
    self._last.clear()
    self._last.extend(state)


class _Optimisation:
  """Applies gradients, with a rate that falls to 0 along a line."""

  def __init__(
      self,
      parameters: Sequence[tf.Variable],
      optimiser: shared_rmsprop.SharedRMSProp,
      learning_rate: float,
      updates: int,
  ):
    self._learning_rate, self._updates = learning_rate, updates

    @tf.function(autograph=False)
    def apply(gradients, rate):
      optimiser.apply(parameters, gradients, rate)

    self._apply = apply

  def __call__(self, gradients: list[tf.Tensor], update: int) -> None:
    rate = self._learning_rate * (1 - update / self._updates)
    self._apply(gradients, tf.constant(rate, tf.float32))


class Learner:
  """One worker, in the caller's thread; `host_state` of `loop.run`.

  Attributes:
    worker: the worker.
  """

  def __init__(
      self,
      worker: worker_lib.Worker,
      parameters: Sequence[tf.Variable],
      optimiser: shared_rmsprop.SharedRMSProp,
      learning_rate: float,
      updates: int,
      scores: Scores,
  ):
    """Puts the parts together.

    Args:
      worker: the worker.
      parameters: those of the shared network.
      optimiser: of these parameters.
      learning_rate: at the start.
      updates: after how many it is 0.
      scores: where the worker's go.
    """
    self.worker = worker
    self._optimise = _Optimisation(
        parameters, optimiser, learning_rate, updates
    )
    self._scores = scores

  def advance(self, step: int, until: int) -> dict[str, tf.Tensor]:
    """Makes the updates from `step` to `until`; returns the last scalars."""
    scalars = {}
    for update in range(step, until):
      gradients, scalars = self.worker.work(update)
      self._optimise(gradients, update)
    return scalars

  def close(self) -> None:
    """Nothing to end here."""

  def state(self) -> dict[str, Any]:
    """What the next update depends on, but for the variables."""
    return {'worker': self.worker.state(), 'scores': self._scores.state()}

  def restore(self, state: dict[str, Any]) -> None:
    """Goes back to what `state` gave."""
    self.worker.restore(state['worker'])
    self._scores.restore(state['scores'])


class AsynchronousLearner:
  """Workers in a thread each.

  The updates are counted one by one. When `advance` returns, exactly `until`
  of them have been made and none is being made: what is saved then is whole.
  Meanwhile the workers go on playing, and wait with their next gradients.

  Attributes:
    workers: the workers.
  """

  def __init__(
      self,
      workers: Sequence[worker_lib.Worker],
      parameters: Sequence[tf.Variable],
      optimiser: shared_rmsprop.SharedRMSProp,
      learning_rate: float,
      updates: int,
      scores: Scores,
  ):
    """Puts the parts together; `workers` as in `Learner`, but several."""
    self.workers = workers
    self._optimise = _Optimisation(
        parameters, optimiser, learning_rate, updates
    )
    self._scores = scores
    self._changed = threading.Condition()
    self._taken = self._made = self._until = 0
    self._scalars = {}
    self._error: BaseException | None = None
    self._closing = False
    self._threads: list[threading.Thread] = []

  def advance(self, step: int, until: int) -> dict[str, tf.Tensor]:
    """Has the updates from `step` to `until` made; returns the last scalars."""
    with self._changed:
      if not self._threads:
        self._taken = self._made = step
        self._start(step)
      self._until = until
      self._changed.notify_all()
      self._changed.wait_for(lambda: self._made >= until or self._error)
      if self._error:
        raise self._error
      return self._scalars

  def _start(self, step: int) -> None:
    for worker in self.workers:
      thread = threading.Thread(
          target=self._run, args=(worker, step), daemon=True
      )
      self._threads.append(thread)
      thread.start()

  def _run(self, worker: worker_lib.Worker, rollout: int) -> None:
    """What a worker's thread does."""
    try:
      while not self._closing:
        gradients, scalars = worker.work(rollout)
        rollout += 1
        update = self._take()
        if update is None:
          return
        self._optimise(gradients, update)
        with self._changed:
          self._made += 1
          self._scalars = scalars
          self._changed.notify_all()
    except BaseException as error:  # pylint: disable=broad-except
      with self._changed:  # `advance` raises it.
        self._error = error
        self._changed.notify_all()

  def _take(self) -> int | None:
    """Waits for a number of an update to make; None at the end."""
    with self._changed:
      self._changed.wait_for(
          lambda: self._taken < self._until or self._closing
      )
      if self._closing:
        return None
      self._taken += 1
      return self._taken - 1

  def close(self) -> None:
    """Ends the threads."""
    with self._changed:
      self._closing = True
      self._changed.notify_all()
    for thread in self._threads:
      thread.join()

  def state(self) -> dict[str, Any]:
    """The scores; the games start again after a restore."""
    return {'scores': self._scores.state()}

  def restore(self, state: dict[str, Any]) -> None:
    """Goes back to what `state` gave."""
    self._scores.restore(state['scores'])
