# SPDX-License-Identifier: Apache-2.0
"""The learner of `//agents:train_teacher`: whole portions, and its parts."""

import collections
from collections.abc import Callable
import dataclasses
import threading
import time

from agents.a3c import learner as learner_lib
from agents.a3c import settings as settings_lib
from agents.a3c import teacher_run
from agents.a3c import worker as worker_lib


class _Counted:
  """A worker that reports when it has played and computed."""

  def __init__(self, worker: worker_lib.Worker, on_end):
    self._worker, self._on_end = worker, on_end

  def work(self, rollout: int) -> worker_lib.Gradients:
    try:
      return self._worker.work(rollout)
    finally:
      self._on_end()


class Learner:
  """Makes updates, and is idle in between.

  When the updates that `AsynchronousLearner.advance` was asked for are made,
  its workers still play on, each until its next gradients. `run` waits for
  these, so that they burden nothing that is timed afterwards. Each portion but
  the first then starts with what the one before it has left, and is exactly as
  much work as it has updates.
  """

  def __init__(self, settings: settings_lib.Config):
    """Starts the games.

    Args:
      settings: the training; not deterministic.
    """
    parts = teacher_run.TeacherRun(settings)
    self._changed = threading.Condition()
    self._worked = self._made = 0
    self._workers = settings.workers
    self._learner = learner_lib.AsynchronousLearner(
        [_Counted(w, self._count) for w in parts.learner.workers],
        learner_lib.Optimisation(
            parts.network.trainable_variables,
            parts.optimiser,
            settings.learning_rate,
            settings.updates,
        ),
        parts.scores,
    )

  def _count(self) -> None:
    with self._changed:
      self._worked += 1
      self._changed.notify_all()

  def run(self, updates: int) -> None:
    """Makes so many updates."""
    until = self._made + updates
    self._learner.advance(self._made, until)
    self._made = until
    with self._changed:
      self._changed.wait_for(lambda: self._worked >= until + self._workers)

  def close(self) -> None:
    """Ends the threads."""
    self._learner.close()


def parts(settings: settings_lib.Config, updates: int) -> dict[str, float]:
  """Where the time of one worker alone goes.

  Args:
    settings: the training; not deterministic.
    updates: how many are timed; two more before them do not count.

  Returns:
    CPU seconds of an agent step by what they are for, in its order.
  """
  settings = dataclasses.replace(settings, workers=1)
  training = teacher_run.TeacherRun(settings)
  (worker,) = training.learner.workers
  optimise = learner_lib.Optimisation(
      training.network.trainable_variables,
      training.optimiser,
      settings.learning_rate,
      settings.updates,
  )
  seconds = collections.Counter()

  def timed(name: str, function: Callable) -> Callable:
    def call(*arguments):
      before = time.process_time()
      result = function(*arguments)
      seconds[name] += time.process_time() - before
      return result

    return call

  worker.environment.step = timed('games', worker.environment.step)
  worker._act = timed('acting', worker._act)
  worker._learn = timed('learning', worker._learn)
  worker._synchronise = timed('fetching', worker._synchronise)
  optimise = timed('applying', optimise)

  def update(number):
    optimise(worker.work(number).gradients, number)

  update = timed('all', update)
  for number in range(2):
    update(number)
  seconds.clear()
  for number in range(2, 2 + updates):
    update(number)
  steps = updates * settings.steps_of_update
  return {name: total / steps for name, total in seconds.items()}
