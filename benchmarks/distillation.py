# SPDX-License-Identifier: Apache-2.0
"""Times updates of section 4.2: Sobolev Training against regular distillation.

    ./bazelw run //benchmarks:distillation -- --docs=docs/benchmarks.md
"""

from experiment.startup import run_main

from collections.abc import Callable
import dataclasses
import time

import numpy as np
import tensorflow as tf

from agents.a3c import networks
from agents.atari import games
from agents.atari import preprocessing
from agents.distillation import dataset
from agents.distillation import recording
from agents.distillation import settings as settings_lib
from agents.distillation import training
from benchmarks import distillation_arithmetic
from benchmarks import document
from benchmarks import program
from benchmarks import timing
from experiment import config

_TEXT = """\
## Distillation

Updates of `//agents:distill` on {batch} states, on one core, with the networks
of section 4.2 and the first convolution of both by space-to-depth. *Regular*
learns from recorded logits. *Sobolev* takes one projection of the teacher's
Jacobian in these states, which was computed before; *asking* has none, as where
it does not fit into memory, and takes a projected gradient of the teacher at
each update. *Counted* is the ratio of the multiply-adds in all convolutions and
matrix products: forward, backward, and double backpropagation. *Jacobian* is
the time to compute it, compiling included; it is once a run."""

_HEAD = (
    'game', 'actions', 'regular, ms', 'Sobolev, ms', 'Sobolev / regular',
    'counted', 'asking / regular', 'counted', 'Jacobian, ms a state',
)

_GOAL = 4.0  # Sobolev's update over a regular one, at most.

# By side: its settings, and how many multiply-adds a state takes.
_SIDES = {
    'regular': ({'alpha': 0.0}, distillation_arithmetic.regular),
    'sobolev': ({}, distillation_arithmetic.sobolev_with_jacobian),
    'asking': ({'jacobian_gib': 0.0}, distillation_arithmetic.sobolev),
}


@dataclasses.dataclass(frozen=True)
class Settings(program.Settings):
  """What to measure."""

  seconds: float = config.setting(
      0.5, 'CPU time of regular updates in a round.', 's', above=0
  )
  games: tuple[str, ...] = config.setting(
      tuple(games.GAMES), 'Whose actions to take.', choices=tuple(games.GAMES),
      distinct=True,
  )
  batch: int = config.setting(
      settings_lib.Config.batch_size, 'Batch size.', 'states', minimum=1
  )
  states: int = config.setting(
      2000, 'States to draw the batches from.', minimum=1
  )


def _recording(num_actions: int, size: int) -> recording.Recording:
  """Noise: what there is to compute does not depend on what is seen."""
  rng = np.random.default_rng(0)
  return recording.Recording(
      pictures=rng.integers(
          256, size=(size, *preprocessing.SHAPE[1:]), dtype=np.uint8
      ),
      logits=rng.normal(size=(size, num_actions)).astype(np.float32),
      actions=np.zeros(size, np.int64),
      episodes=np.zeros(size, np.int32),
      record={},
  )


def _runner(trainer: training.Trainer) -> Callable[[int], None]:
  def run(updates):
    scalars = trainer.advance(
        tf.constant(0, tf.int64), tf.constant(updates, tf.int64)
    )
    scalars['kl'].numpy()

  return run


def _sides(
    game: str, settings: Settings
) -> tuple[dict[str, Callable[[int], None]], float]:
  """What to time, and the CPU seconds that the Jacobian took."""
  num_actions = len(games.game(game).actions)
  teacher = networks.make_teacher(num_actions, seed=0)
  everything = np.arange(settings.states)
  states = dataset.States(_recording(num_actions, settings.states), everything)
  sides, taken = {}, {}
  for name, (own, _) in _SIDES.items():
    config_ = settings_lib.Config(
        game=game, batch_size=settings.batch, **own
    )
    start = time.process_time()
    trainer = training.Trainer(config_, teacher, states, everything)
    taken[name] = time.process_time() - start
    sides[name] = _runner(trainer)
  return sides, taken['sobolev'] - taken['asking']


def measure(settings: Settings) -> str:
  """Returns the section."""
  rows, ratios = [], {}
  for game in settings.games:
    sides, jacobian = _sides(game, settings)
    cpu = timing.cpu_of_steps(sides, settings.seconds, settings.rounds)
    actions = len(games.game(game).actions)
    counted = {name: count(actions) for name, (_, count) in _SIDES.items()}
    row = [game, actions]
    row += [f'{1e3 * np.median(cpu[k]):.0f}' for k in ('regular', 'sobolev')]
    found = {
        k: timing.ratio(cpu[k], cpu['regular']) for k in ('sobolev', 'asking')
    }
    for name, ratio in found.items():
      row += [ratio, f'{counted[name] / counted["regular"]:.2f}']
    ratios[game] = found['sobolev']
    rows.append((*row, f'{1e3 * jacobian / settings.states:.1f}'))
  goal = document.goal(
      f'Sobolev at most {_GOAL:g} times regular', ratios, _GOAL
  )
  text = _TEXT.format(batch=settings.batch)
  return '\n\n'.join((text, document.table(_HEAD, rows), goal))


if __name__ == '__main__':
  run_main(
      program.main('distillation', Settings, measure, packages=('dm-sonnet',))
  )
