# SPDX-License-Identifier: Apache-2.0
"""A3C: workers that improve one policy together (Mnih et al., 2016).

With threads, each worker plays, computes and applies its gradients on its own,
to parameters and statistics that all share. Without, one worker does so in the
caller's thread, and all is repeatable to the bit.
"""

import collections
from collections.abc import Sequence
import queue
import threading
from typing import Any

import tensorflow as tf

from agents.a3c import shared_rmsprop
from agents.a3c import worker as worker_lib


class Optimisation:
  """Applies gradients, with a learning rate that falls linearly to 0."""

  def __init__(
      self,
      parameters: Sequence[tf.Variable],
      optimiser: shared_rmsprop.SharedRMSProp,
      learning_rate: float,
      updates: int,
  ):
    """Compiles the update; the rate falls to 0 in so many `updates`."""
    self._learning_rate, self._updates = learning_rate, updates

    @tf.function(autograph=False)
    def apply(gradients, rate):
      optimiser.apply(parameters, gradients, rate)

    self._apply = apply

  def __call__(self, gradients: list[tf.Tensor], update: int) -> None:
    rate = self._learning_rate * (1 - update / self._updates)
    self._apply(gradients, tf.constant(rate, tf.float32))


class Learner:
  """One worker, in the caller's thread; `host_state` of `loop.run`."""

  def __init__(
      self,
      worker: worker_lib.Worker,
      optimise: Optimisation,
      scores: collections.deque[float],
  ):
    """Puts the parts together; `scores` are the last that workers got."""
    self.worker = worker
    self._optimise, self._scores = optimise, scores

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
    return {'worker': self.worker.state(), 'scores': list(self._scores)}

  def restore(self, state: dict[str, Any]) -> None:
    """Goes back to what `state` gave."""
    self.worker.restore(state['worker'])
    self._scores.clear()
    self._scores.extend(state['scores'])


class AsynchronousLearner:
  """Workers in a thread each.

  The updates are counted one by one. When `advance` returns, exactly `until`
  of them have been made and none is being made: what is saved then is whole.
  Meanwhile the workers go on playing, and wait with their next gradients.
  """

  def __init__(
      self,
      workers: Sequence[worker_lib.Worker],
      optimise: Optimisation,
      scores: collections.deque[float],
  ):
    """Puts the parts together, as `Learner` does."""
    self.workers = workers
    self._optimise, self._scores = optimise, scores
    self._asked, self._made = queue.SimpleQueue(), queue.SimpleQueue()
    self._closing = False
    self._threads: list[threading.Thread] = []

  def advance(self, step: int, until: int) -> dict[str, tf.Tensor]:
    """Has the updates from `step` to `until` made; returns the last scalars."""
    if not self._threads:
      self._threads = [
          threading.Thread(target=self._run, args=(worker, step), daemon=True)
          for worker in self.workers
      ]
      for thread in self._threads:
        thread.start()
    scalars = {}
    for update in range(step, until):
      self._asked.put(update)
    for _ in range(step, until):
      scalars = self._made.get()
      if isinstance(scalars, BaseException):
        raise scalars
    return scalars

  def _run(self, worker: worker_lib.Worker, rollout: int) -> None:
    """What a worker's thread does."""
    try:
      while not self._closing:
        gradients, scalars = worker.work(rollout)
        rollout += 1
        update = self._asked.get()
        if self._closing:
          return
        self._optimise(gradients, update)
        self._made.put(scalars)
    except BaseException as error:  # pylint: disable=broad-except
      self._made.put(error)  # `advance` raises it.

  def close(self) -> None:
    """Ends the threads."""
    self._closing = True
    for _ in self._threads:
      self._asked.put(None)
    for thread in self._threads:
      thread.join()

  def state(self) -> dict[str, Any]:
    """The scores; the games start again after a restore."""
    return {'scores': list(self._scores)}

  def restore(self, state: dict[str, Any]) -> None:
    """Goes back to what `state` gave."""
    self._scores.clear()
    self._scores.extend(state['scores'])
