# SPDX-License-Identifier: Apache-2.0
"""Times A3C against stable-baselines3's A2C, and against arithmetic.

    python -m benchmarks.a3c --docs=docs/benchmarks.md

Not by Bazel, which does not bring OpenCV (see requirements.txt here).
"""

from experiment.startup import run_main

from collections.abc import Callable
import contextlib
import dataclasses
import math
from typing import Any

import numpy as np
import tensorflow as tf

from agents.a3c import settings as settings_lib
from agents.a3c import train_teacher
from agents.atari import games
from agents.atari import vector_env
from benchmarks import a3c_arithmetic
from benchmarks import a3c_learner
from benchmarks import document
from benchmarks import program
from benchmarks import sgemm
from benchmarks import timing
from experiment import config

_TEXT = """\
## A3C against stable-baselines3's A2C

Agent steps of 4 frames, playing and learning from them, per second of the CPU
and of the wall clock. *Ours* is `//agents:train_teacher`: {settings.workers}
threads with {settings.games_per_worker} games each and an update after
{settings.steps_per_update} steps of these. *A2C* is stable-baselines3's with
its own Atari wrappers, {settings.all_games} games in one process, an update
after {settings.steps_per_update} steps of these, and PyTorch in one thread.
Both have the same three convolutions and 512 units, ours in
{settings.precision}, A2C's in float32; untrained policies play."""

_LIMIT_TEXT = """\
The limit is what remains if an agent step were the emulator and its
multiplications, and nothing else. *Emulator* is one of our vector environments
alone, of {settings.games_per_worker} games, with random actions. *Counted* are
the multiplications and additions of the network's convolutions and matrix
products for a step: of choosing its action, and of learning from it, which
takes the activations that were computed then. *Products* is the rate of
TensorFlow's products of {settings.matrix} x {settings.matrix} matrices of
{settings.precision} in one thread."""

_PARTS_TEXT = """\
Where the CPU time of an agent step goes, in µs, for one worker alone, and in
brackets what the limit has for it. *Acting* chooses actions for
{settings.games_per_worker} observations at a time, *learning* is of
{batch}; *applying* adds the gradients to the
weights that all workers share, and *fetching* copies these."""

_GOAL = 2.0  # Times the steps per CPU second of A2C.
_SHARE_GOAL = 0.75  # Of the limit.


@dataclasses.dataclass(frozen=True)
class Settings(program.Settings):
  """What to measure."""

  rounds: int = config.setting(5, 'How often each side runs.', minimum=1)
  seconds: float = config.setting(
      0.5, 'CPU time of the matrix products in a round.', 's', above=0
  )
  games: tuple[str, ...] = config.setting(
      tuple(games.GAMES), 'What to play.', choices=tuple(games.GAMES),
      distinct=True,
  )
  agent_steps: int = config.setting(
      2560,
      'Agent steps of each side in a round, rounded up to updates of both.',
      'steps',
      minimum=1,
  )
  workers: int = config.setting(
      settings_lib.Config.workers, 'Our threads.', minimum=1
  )
  games_per_worker: int = config.setting(
      settings_lib.Config.games_per_worker, 'Games of a thread.', minimum=1
  )
  steps_per_update: int = config.setting(
      settings_lib.Config.steps_per_update,
      'Agent steps of each game between updates.',
      'steps',
      minimum=1,
  )
  precision: str = config.setting(
      settings_lib.Config.precision, 'What our workers compute in.',
      choices=('float32', 'bfloat16'),
  )
  matrix: int = config.setting(
      2048, 'Rows and columns of the matrices to multiply.', minimum=1
  )

  @property
  def all_games(self) -> int:
    """How many are played at once."""
    return self.workers * self.games_per_worker

  @property
  def peer_updates(self) -> int:
    """Of A2C in a round; each makes as many steps as one of all workers."""
    return math.ceil(self.agent_steps / self.steps_per_update / self.all_games)

  @property
  def steps(self) -> int:
    """Agent steps of each side in a round."""
    return self.peer_updates * self.steps_per_update * self.all_games


def _peer(game: str, settings: Settings) -> Any:
  with program.peers():
    from benchmarks.peers import sb3_peer

    return sb3_peer.Learner(
        games.game(game).title, settings.all_games, settings.steps_per_update
    )


def _emulator(game: str, settings: Settings) -> Callable[[], None]:
  """A function that plays the games of one worker at random."""
  count = settings.games_per_worker
  env = vector_env.VectorEnv(game, count, seed=1)
  env.reset()
  actions = np.random.default_rng(0).integers(
      env.num_actions, size=[settings.steps // count, count]
  )

  def play():
    for action in actions:
      env.step(action)

  return play


def _training(game: str, settings: Settings) -> settings_lib.Config:
  return settings_lib.Config(
      game=game,
      workers=settings.workers,
      games_per_worker=settings.games_per_worker,
      steps_per_update=settings.steps_per_update,
      precision=settings.precision,
  )


def _time_game(game: str, settings: Settings) -> dict[str, timing.Times]:
  """The times of an agent step, and of an operation in matrix products."""
  with (
      contextlib.closing(_peer(game, settings)) as peer,
      contextlib.closing(
          a3c_learner.Learner(_training(game, settings))
      ) as ours,
  ):
    products = sgemm.runner(settings.matrix, tf.as_dtype(settings.precision))
    count = timing.steps_for(settings.seconds, products)
    updates = settings.peer_updates * settings.workers
    times = timing.interleave(
        {
            'ours': lambda: ours.run(updates),
            'peer': lambda: peer.run(settings.peer_updates),
            'emulator': _emulator(game, settings),
            'products': lambda: products(count),
        },
        settings.rounds,
    )
  # Multiplications and additions.
  operation = times.pop('products').per(count * 2 * settings.matrix**3)
  steps = {name: found.per(settings.steps) for name, found in times.items()}
  return {**steps, 'operation': operation}


def _per_second(seconds: np.ndarray) -> str:
  return f'{1 / np.median(seconds):.0f}'


def _microseconds(seconds: np.ndarray | float) -> str:
  return f'{1e6 * np.median(seconds):.0f}'


def measure(settings: Settings) -> str:
  """Returns the section."""
  with contextlib.suppress(RuntimeError):  # In tests TensorFlow has started.
    train_teacher.configure_threads(settings.workers)
  speeds, limits, parts, faster, share = [], [], [], {}, {}
  for game in settings.games:
    times = _time_game(game, settings)
    ours, peer = times['ours'], times['peer']
    emulator, operation = times['emulator'].cpu, times['operation'].cpu
    actions = len(games.game(game).actions)
    # A multiplication and an addition each.
    acting = 2 * a3c_arithmetic.acting(actions) * operation
    learning = 2 * a3c_arithmetic.learning(actions) * operation
    limit = emulator + acting + learning
    faster[game] = timing.ratio(peer.cpu, ours.cpu)
    share[game] = timing.ratio(limit, ours.cpu)
    speeds.append((game, *map(_per_second, (*ours, *peer)), faster[game]))
    limits.append((
        game,
        _microseconds(emulator),
        f'{1e-6 * np.median((acting + learning) / operation):.1f}',
        f'{1e-9 / np.median(operation):.0f}',
        _per_second(limit),
        share[game],
    ))
    found = a3c_learner.parts(
        _training(game, settings), settings.peer_updates * settings.workers
    )
    of_limit = {
        'games': emulator, 'acting': acting, 'learning': learning, 'all': limit
    }
    parts.append((
        game,
        *(
            f'{_microseconds(seconds)} ({_microseconds(of_limit[name])})'
            if name in of_limit
            else _microseconds(seconds)
            for name, seconds in found.items()
        ),
    ))
  return '\n\n'.join((
      _TEXT.format(settings=settings),
      document.table(
          ('game', 'ours, steps/CPU s', 'steps/s', 'A2C, steps/CPU s',
           'steps/s', 'CPU: A2C / ours'),
          speeds,
      ),
      document.goal(
          f'At least {_GOAL:g} times the steps per CPU second of A2C',
          faster,
          _GOAL,
          at_least=True,
      ),
      _LIMIT_TEXT.format(settings=settings),
      document.table(
          ('game', 'emulator, µs', 'counted, MFLOP', 'products, GFLOP/s',
           'limit, steps/CPU s', 'share reached'),
          limits,
      ),
      document.goal(
          f'At least {_SHARE_GOAL:g} of the limit',
          share,
          _SHARE_GOAL,
          at_least=True,
      ),
      _PARTS_TEXT.format(
          settings=settings,
          batch=settings.games_per_worker * settings.steps_per_update,
      ),
      document.table(('game', *found), parts),
  ))


if __name__ == '__main__':
  run_main(
      program.main(
          'a3c',
          Settings,
          measure,
          packages=('ale-py', 'stable-baselines3', 'torch'),
          one_core=False,
      )
  )
