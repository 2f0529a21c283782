"""Times updates of section 4.2: Sobolev Training against regular distillation.

    ./bazelw run //benchmarks:distillation -- --docs=docs/benchmarks.md
"""

from collections.abc import Callable
import dataclasses

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
from sobolev_training.experiment import config

_TEXT = """\
## Distillation

Updates of `//agents:distill` on {batch} states, on one core, with the networks
of section 4.2. *Regular* learns from recorded logits; *Sobolev* asks the
teacher for its policy and for one projected gradient in the state, with the
first convolution of both by space-to-depth. *Counted* is the ratio of the
multiply-adds in all convolutions and matrix products: forward, backward, and
double backpropagation."""


@dataclasses.dataclass(frozen=True)
class Settings(program.Settings):
  """What to measure."""

  seconds: float = config.setting(
      0.5, 'CPU time of regular updates in a round.', 's', above=0
  )
  games: tuple[str, ...] = config.setting(
      tuple(games.GAMES), 'Whose actions to take.', choices=tuple(games.GAMES)
  )
  batch: int = config.setting(
      settings_lib.Config.batch_size, 'States an update.', minimum=1
  )
  states: int = config.setting(
      2000, 'States to draw the batches from.', minimum=1
  )
  goal: float = config.setting(
      4.0, "Sobolev's update over a regular one, at most.", above=0
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


def _sides(game: str, settings: Settings) -> dict[str, Callable[[int], None]]:
  num_actions = len(games.game(game).actions)
  teacher = networks.make_teacher(num_actions, seed=0)
  states = dataset.States(
      _recording(num_actions, settings.states), np.arange(settings.states)
  )
  everything = np.arange(settings.states)
  return {
      name: _runner(
          training.Trainer(
              settings_lib.Config(
                  game=game, alpha=alpha, batch_size=settings.batch
              ),
              teacher,
              states,
              everything,
          )
      )
      for name, alpha in (
          ('regular', 0.0), ('sobolev', settings_lib.Config.alpha)
      )
  }


def measure(settings: Settings) -> str:
  """Returns the section."""
  rows, ratios = [], {}
  for game in settings.games:
    cpu = timing.time_steps(
        _sides(game, settings), settings.seconds, settings.rounds
    )
    ratios[game] = timing.ratio(cpu['sobolev'], cpu['regular'])
    actions = len(games.game(game).actions)
    counted = [
        count(actions)
        for count in (
            distillation_arithmetic.sobolev, distillation_arithmetic.regular
        )
    ]
    rows.append((
        game,
        actions,
        *(f'{1e3 * np.median(times):.0f}' for times in cpu.values()),
        ratios[game],
        f'{counted[0] / counted[1]:.2f}',
    ))
  head = (
      'game', 'actions', 'regular, ms', 'Sobolev, ms', 'Sobolev / regular',
      'counted',
  )
  goal = document.goal(
      f'Sobolev at most {settings.goal:g} times regular', ratios, settings.goal
  )
  text = _TEXT.format(batch=settings.batch)
  return '\n\n'.join((text, document.table(head, rows), goal))


if __name__ == '__main__':
  program.run('distillation', Settings, measure, packages=('dm-sonnet',))
