# SPDX-License-Identifier: Apache-2.0
"""What the training loop writes and reads: a run's checkpoints and metrics."""

from collections.abc import Callable
from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Mapping
import time
from typing import Any
from typing import Protocol

import numpy as np

from experiment import checkpoint
from experiment import errors
from experiment import progress
from experiment import run_folder
from experiment import writers

CHECKPOINTS = 'checkpoints'
_WRITERS = 'writers'  # The name of the writers' state in the host state.


class HasState(Protocol):
  """What Python knows and the next step depends on, such as a position."""

  def state(self) -> Any:
    """JSON values that `restore` takes."""

  def restore(self, state: Any) -> None:
    """Goes back to that state."""


class Session:
  """The files of one run while one process trains it.

  A checkpoint holds the place in the files too. So the files of a run that was
  killed and resumed are those of a run that was not.

  Attributes:
    saved: the step of the newest checkpoint; None before the first.
    last_lines: the rows of the last evaluation of this session, for people.
  """

  def __init__(
      self,
      run: run_folder.Run,
      evaluate: Callable[[int], writers.Scalars | Iterable[writers.Row]],
      trackables: Mapping[str, Any],
      host_state: Mapping[str, HasState],
      must_be_finite: Collection[str] | None,
  ):
    """Opens the files; the arguments are those of `loop.run`."""
    self._run = run
    self._evaluate = evaluate
    self._trackables = trackables
    self._must_be_finite = must_be_finite
    self._writers = writers.Writers(run.path)
    self._host_state = {**host_state, _WRITERS: self._writers}
    self._checkpointer = checkpoint.Checkpointer(
        run.path / CHECKPOINTS, run.say
    )
    self._check_complete = lambda: None
    self._saved_at = time.monotonic()
    self.saved: int | None = None
    self.last_lines: list[str] = []

  def __enter__(self) -> 'Session':
    return self

  def __exit__(self, kind: type[BaseException] | None, *_) -> None:
    try:
      self._writers.close()
    except errors.UserError:
      if kind is None:  # Else this is what came of that.
        raise

  @property
  def seconds(self) -> float:
    """How long the run has been going, in all sessions."""
    return round(self._writers.seconds(), 3)

  def restore(self, total_steps: int) -> int | None:
    """Goes back to the newest checkpoint.

    Returns:
      Its step; None when there is no checkpoint.

    Raises:
      UserError: a finished run lacks that of its last step.
    """
    restored = self._checkpointer.restore(self._trackables)
    step = None if restored is None else restored.step
    if self._run.finished and step != total_steps:
      raise errors.UserError(
          f'{self._run.path}: finished, but without a good checkpoint of step '
          f'{total_steps}: put it back, or remove the run and make it again'
      )
    if restored is None:
      saved = progress.read_saved(self._run.path)
      if saved is not None:
        raise errors.UserError(
            f'{self._run.path / CHECKPOINTS}: empty, although the run saved '
            f'step {saved}: put the checkpoints back, or start the run again '
            'in another folder'
        )
      self._writers.restore(None)
      return None
    for name, holder in self._host_state.items():
      try:
        holder.restore(restored.host_state[name])
      except (AttributeError, IndexError, KeyError, TypeError, ValueError):
        raise errors.UserError(
            f'{self._run.path}: the checkpoint of step {restored.step} was '
            f'saved by a program with another state of {name!r}: resume at the '
            'commit that saved it, or choose another folder'
        ) from None
    self._check_complete = restored.check_complete
    self.saved = restored.step
    self._run.log(f'restored step {restored.step}')
    return restored.step

  def evaluate(self, step: int) -> None:
    """Evaluates and writes the rows; UserError when they are not finite."""
    measured = self._evaluate(step)
    if isinstance(measured, Mapping):
      measured = [writers.Row(measured)]
    rows = list(measured)
    self.last_lines = self._writers.write(step, *rows)
    for row in rows:
      self.check(step, row)

  def check(self, step: int, row: writers.Row) -> None:
    """Raises UserError for a scalar that must be finite and is not."""
    for name, value in row.scalars.items():
      watched = self._must_be_finite is None or name in self._must_be_finite
      if watched and not np.isfinite(value):
        where = f' ({row.name()})' if row.labels else ''
        self._run.diverge({'step': step, 'scalar': name})
        raise errors.UserError(
            f'diverged: {name}{where} is {value} after step {step}: lower the '
            'learning rate, or look for such values in the data'
        )

  def save(self, step: int, after_seconds: float = 0.0) -> None:
    """Saves a checkpoint when the last one is at least that old."""
    if time.monotonic() - self._saved_at < after_seconds:
      return
    # By now the optimiser has made its variables.
    self._check_complete()
    states = {name: held.state() for name, held in self._host_state.items()}
    self._checkpointer.save(step, self._trackables, states)
    self.saved = step
    self._saved_at = time.monotonic()
