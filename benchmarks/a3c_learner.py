# SPDX-License-Identifier: Apache-2.0
"""The asynchronous learner of `//agents:train_teacher`, in whole portions."""

import threading

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
