# SPDX-License-Identifier: Apache-2.0
"""The loop around training: evaluation, checkpoints, progress, interruption.

A complete program (`loop_test.py` runs it):

    from experiment.startup import run_main

    import dataclasses

    from absl import flags
    import tensorflow as tf

    from experiment import config
    from experiment import loop
    from experiment import run_folder
    from experiment import seeds


    @dataclasses.dataclass(frozen=True)
    class Config:
      steps: int = config.setting(400, 'Updates.', minimum=1)
      learning_rate: float = config.setting(0.05, 'Learning rate.', above=0)
      seed: int = config.setting(0, 'Of the noise.', minimum=0)


    def main(_):
      settings = config.from_flags(Config)
      x, velocity = tf.Variable([3.0, -2.0]), tf.Variable([0.0, 0.0])
      seed = seeds.stateless(settings.seed, 'noise')

      @tf.function
      def train(step, until):  # Minimises x^2 / 2, seen through noise.
        for i in tf.range(step, until):
          key = tf.random.experimental.stateless_fold_in(seed, i)
          gradient = x + tf.random.stateless_normal([2], key)
          velocity.assign(0.9 * velocity - settings.learning_rate * gradient)
          x.assign_add(velocity)

      def advance(step, until):
        train(tf.constant(step), tf.constant(until))

      def evaluate(step):
        return {'loss': tf.reduce_sum(x**2) / 2}

      flag = flags.FLAGS
      with run_folder.open_run(flag.output, settings, flag.resume) as run:
        loop.run(
            run, settings.steps, advance, evaluate,
            evaluate_at=range(0, settings.steps + 1, 20),
            trackables={'x': x, 'velocity': velocity},
        )


    if __name__ == '__main__':
      config.define_flags(Config)
      run_folder.define_flags('runs/quadratic')
      run_main(main)
"""

import bisect
from collections.abc import Callable
from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Mapping
import time
from typing import Any

import tensorflow as tf

from experiment import errors
from experiment import progress as progress_lib
from experiment import run_folder
from experiment import session as session_lib
from experiment import stop
from experiment import writers

CALL_SECONDS = 1.0  # How long a call of `advance` should take.


def spaced(steps: int, count: int) -> list[int]:
  """Up to `count` of the steps, evenly spaced; the last one is among them."""
  return sorted({max(1, round(steps * k / count)) for k in range(1, count + 1)})


def call_length(length: int, steps: int, seconds: float) -> int:
  """How many steps the next call of `advance` should make.

  Args:
    length: how many the last call was to make.
    steps: how many it made, which an evaluation may have cut short.
    seconds: how long it took.

  Returns:
    As many as take `CALL_SECONDS`, yet no more than four times `length`, as
    one measurement may be wrong.
  """
  fitting = steps * CALL_SECONDS / max(seconds, 1e-9)
  return max(1, int(min(fitting, 4 * length)))


def run(
    run: run_folder.Run,  # pylint: disable=redefined-outer-name
    total_steps: int,
    advance: Callable[[int, int], writers.Scalars | None],
    evaluate: Callable[[int], writers.Scalars | Iterable[writers.Row]],
    evaluate_at: Collection[int],
    trackables: Mapping[str, Any],
    *,
    host_state: Mapping[str, session_lib.HasState] = {},
    checkpoint_seconds: float = 60.0,
    must_be_finite: Collection[str] | None = None,
    quiet: bool = False,
    unit: str = 'step',
) -> None:
  """Trains to the last step, from where the run's newest checkpoint is.

  The result does not depend on how often it is interrupted, if `advance` does
  not on how the steps are divided among its calls. So draw random numbers by
  the step (see `seeds`), and put all that the next step needs into `trackables`
  or `host_state`.

  Args:
    run: the open run; one that is finished only gets its variables back.
    total_steps: how many updates to make.
    advance: `advance(step, until)` makes the updates from `step` to `until`. It
      is given as many as take about a second, so that Ctrl-C and the progress
      respond; make them in one compiled call, with the numbers as tensors, as
      each new Python number would compile it again. It may return scalars to
      show behind the progress.
    evaluate: `evaluate(step)` returns the scalars of a row of metrics.csv, or
      several `writers.Row`s.
    evaluate_at: after how many updates to evaluate, such as
      `range(0, total_steps + 1, 100)`; 0 is before the first.
    trackables: what holds the variables, by name; see `Checkpointer.save`.
    host_state: what holds other state, by name.
    checkpoint_seconds: the time between checkpoints; there is one at the end.
    must_be_finite: the scalars that end the run when they are infinite or not
      a number; all by default.
    quiet: whether to show no progress.
    unit: what the progress calls a step, such as 'update'.

  Raises:
    UserError: a scalar is not finite, the disk is full, the checkpoints are
      broken.
    Interrupted: by Ctrl-C or SIGTERM, after a checkpoint was saved.
  """
  for step in evaluate_at:
    if not 0 <= step <= total_steps:
      raise ValueError(
          f'evaluate_at: expected steps from 0 to {total_steps}, got {step}'
      )
  due = frozenset(evaluate_at)
  ends = sorted(due | {total_steps})  # No call of `advance` goes across one.
  with (
      stop.Stop() as stopping,
      session_lib.Session(
          run, evaluate, trackables, host_state, must_be_finite
      ) as session,
  ):
    step = session.restore(total_steps)
    if run.finished:
      return
    bar = progress_lib.Progress(
        total_steps, step or 0, run.path.name, unit, quiet
    )
    in_file = progress_lib.ProgressFile(run.path, total_steps)
    length, compiled = 1, False
    with bar:
      if step is None:
        step = 0
        if 0 in due:
          with bar.doing('evaluating'):
            session.evaluate(0)
      while step < total_steps:
        until = min(step + length, ends[bisect.bisect(ends, step)])
        scalars, seconds = _timed(advance, step, until)
        if compiled:  # The first call is slow, for it also compiles.
          length = call_length(length, until - step, seconds)
        step, compiled = until, True
        session.check(step, writers.Row(scalars))
        if step in due:
          with bar.doing('evaluating'):
            session.evaluate(step)
        # At the end, when asked to stop, and now and then. Nobody may be left
        # to read the progress, so that comes after it.
        at_once = stopping or step == total_steps
        session.save(step, 0.0 if at_once else checkpoint_seconds)
        bar.update(step, scalars)
        in_file.update(step, session.saved)
        if stopping and step < total_steps:
          raise errors.Interrupted(
              f'{run.path}: saved at step {step} of {total_steps}: continue '
              'with --resume',
              stopping.signum,
          )
    run.finish({'steps': total_steps, 'seconds': session.seconds})
    for line in session.last_lines:
      run.log(f'result: {line}')


def _timed(
    advance: Callable[[int, int], writers.Scalars | None],
    step: int,
    until: int,
) -> tuple[dict[str, float], float]:
  """Calls `advance`; returns its scalars, and how many seconds it took."""
  started = time.monotonic()
  # A GPU may still be at work; a scalar's value waits for that.
  scalars = advance(step, until) or {}
  scalars = {name: float(value) for name, value in scalars.items()}
  if not scalars:  # This does not run under a MultiWorkerMirroredStrategy.
    tf.test.experimental.sync_devices()
  return scalars, time.monotonic() - started
