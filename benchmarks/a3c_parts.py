# SPDX-License-Identifier: Apache-2.0
"""Says where the time of an agent step of A3C goes.

    ./bazelw run //benchmarks:a3c_parts -- --docs=docs/benchmarks.md
"""

from experiment.startup import run_main

from collections.abc import Callable
import contextlib
import dataclasses
import functools
import time
from typing import Any

import numpy as np
import tensorflow as tf

from agents.a3c import experiment as experiment_lib
from agents.a3c import networks
from agents.a3c import settings as settings_lib
from agents.a3c import train_teacher
from agents.atari import games
from benchmarks import a3c_arithmetic
from benchmarks import document
from benchmarks import program
from benchmarks import sgemm
from benchmarks import timing
from experiment import config

_TEXT = """\
## A3C by its parts

CPU time of an agent step, in µs, of one worker in one thread: {games} games, an
update after {steps} steps of these, {precision}. *Games* is the emulator with
what it shows; *acting* chooses the actions; *learning* is the gradient, from
the activations that acting has left; *applying* is RMSProp; *fetching* takes
the shared parameters; *rest* is Python. *Arithmetic* is what acting and
learning multiply and add, at the rate of TensorFlow's products of {size} x
{size} matrices, {rate:.0f} GFLOP/s. *Twice forward* is learning that computes
the activations again, as any program does that keeps observations alone, and
its ratio to learning."""

_PARTS = ('games', 'acting', 'learning', 'applying', 'fetching')


@dataclasses.dataclass(frozen=True)
class Settings(program.Settings):
  """What to measure."""

  games: tuple[str, ...] = config.setting(
      tuple(games.GAMES), 'What to play.', choices=tuple(games.GAMES)
  )
  games_per_worker: int = config.setting(16, 'Games of the worker.', minimum=1)
  steps_per_update: int = config.setting(
      8, 'Agent steps of each game between updates.', 'steps', minimum=1
  )
  updates: int = config.setting(4, 'Updates in a round.', minimum=1)
  precision: str = config.setting(
      settings_lib.Config.precision, 'What the worker computes in.',
      choices=('float32', 'bfloat16'),
  )
  matrix: int = config.setting(
      2048, 'Rows and columns of the matrices to multiply.', minimum=1
  )


class _Clocks:
  """CPU seconds by part."""

  def __init__(self):
    self.seconds = dict.fromkeys(_PARTS, 0.0)

  def timed(self, part: str, run: Callable[..., Any]) -> Callable[..., Any]:
    """The function, whose time is added to the part's."""

    def timed(*arguments):
      started = time.process_time()
      try:
        return run(*arguments)
      finally:
        self.seconds[part] += time.process_time() - started

    return timed


class _Subject:
  """A learner whose parts are timed."""

  def __init__(self, game: str, settings: Settings):
    self._steps = settings.games_per_worker * settings.steps_per_update
    self._made = experiment_lib.Experiment(
        settings_lib.Config(
            game=game,
            workers=1,
            games_per_worker=settings.games_per_worker,
            steps_per_update=settings.steps_per_update,
            precision=settings.precision,
        )
    )
    learner = self._made.learner
    self._worker, self._optimise = learner.workers[0], learner._optimise
    self._update = 0
    self._run(2)  # Compiles.
    self._twice = self._compile_twice(game, settings)

  def _run(self, updates: int) -> None:
    for _ in range(updates):
      self._optimise(self._worker.work(self._update).gradients, self._update)
      self._update += 1

  def _compile_twice(
      self, game: str, settings: Settings
  ) -> Callable[[], object]:
    """The gradient of as many steps, of a loss that costs nothing."""
    network = networks.teacher_of(game, 0, tf.as_dtype(settings.precision))
    last = tf.constant(self._worker.environment.reset())
    seen = tf.tile(last, [settings.steps_per_update, 1, 1, 1])

    @tf.function(autograph=False)
    def gradients(seen, last):
      with tf.GradientTape() as tape:
        loss = [tf.reduce_mean(output**2) for output in network(seen)]
      found = tape.gradient(loss, network.trainable_variables)
      found = [tf.cast(gradient, tf.float32) for gradient in found]
      return tf.clip_by_global_norm(found, 1.0), network(last).values

    gradients(seen, last)
    return lambda: gradients(seen, last)

  def parts(self, updates: int) -> dict[str, float]:
    """Seconds of an agent step by part; `sum` is all of it."""
    clocks, worker = _Clocks(), self._worker
    with contextlib.ExitStack() as stack:
      for owner, name, part in (
          (worker.environment, 'step', 'games'),
          (worker, '_act', 'acting'),
          (worker, '_learn', 'learning'),
          (worker, '_synchronise', 'fetching'),
          (self, '_optimise', 'applying'),
      ):
        original = getattr(owner, name)
        setattr(owner, name, clocks.timed(part, original))
        stack.callback(setattr, owner, name, original)
      total, _ = timing.clock(self._run, updates)
    found = {**clocks.seconds, 'sum': total}
    steps = updates * self._steps
    return {part: seconds / steps for part, seconds in found.items()}

  def twice(self, updates: int) -> float:
    """Seconds of an agent step of learning with a second forward pass."""
    seconds, _ = timing.clock(lambda: [self._twice() for _ in range(updates)])
    return seconds / updates / self._steps


def _row(game: str, settings: Settings) -> tuple[list[str], float]:
  """A game's line, and the rate of the products in operations a second."""
  subject = _Subject(game, settings)
  timer = functools.partial(
      timing.clock,
      sgemm.runner(settings.matrix, tf.as_dtype(settings.precision)),
  )
  count = timing.steps_for(settings.seconds, timer)
  rounds = []
  for _ in range(settings.rounds):
    parts = subject.parts(settings.updates)
    twice = subject.twice(settings.updates)
    products = timer(count)[0] / count / sgemm.operations(settings.matrix)
    rounds.append([*(parts[p] for p in (*_PARTS, 'sum')), twice, products])
  *parts, total, twice, product = np.array(rounds).T
  actions = len(games.game(game).actions)
  counted = a3c_arithmetic.acting(actions), a3c_arithmetic.learning(actions)
  rest = total - sum(parts)
  cells = [1e6 * np.median(column) for column in (*parts, rest, total)]
  cells += [2e6 * np.median(n * product) for n in counted]
  ratio = timing.ratio(twice, parts[_PARTS.index('learning')])
  row = [game, *(f'{cell:.0f}' for cell in cells)]
  row += [f'{1e6 * np.median(twice):.0f}', str(ratio)]
  return row, 1 / np.median(product)


def measure(settings: Settings) -> str:
  """Returns the section."""
  with contextlib.suppress(RuntimeError):  # In tests TensorFlow has started.
    train_teacher.configure_threads(1)
  rows, rates = zip(
      *(_row(game, settings) for game in settings.games), strict=True
  )
  head = (
      'game', *_PARTS, 'rest', 'sum', 'arithmetic: acting', 'learning',
      'twice forward', 'ratio',
  )
  text = _TEXT.format(
      games=settings.games_per_worker,
      steps=settings.steps_per_update,
      precision=settings.precision,
      size=settings.matrix,
      rate=np.median(rates) / 1e9,
  )
  return f'{text}\n\n{document.table(head, rows)}'


if __name__ == '__main__':
  run_main(
      program.main('a3c_parts', Settings, measure, packages=('ale-py',))
  )
