# SPDX-License-Identifier: Apache-2.0
"""Evaluates a teacher over many games, and writes the result into its file.

    ./bazelw run //agents:evaluate_teacher -- --game=pong \\
        --teacher=runs/teacher/best.npz --evaluated=teacher.npz

`//agents:train_teacher` does so at its end. This is for one that was stopped
before, or to ask for more games.
"""

from experiment.startup import run_main

from collections.abc import Callable
import dataclasses
import itertools
import pathlib
from typing import Any

import numpy as np

from agents.a3c import evaluation
from agents.a3c import teacher_file
from agents.atari import games
from agents.atari import preprocessing
from experiment import config
from experiment import progress
from experiment import run_folder

# Other games than those by which a teacher was found to be the best.
_SEED = 10**6

# From weights, how many games, whether greedily, and a seed, to their points.
Play = Callable[[dict[str, np.ndarray], int, bool, int], np.ndarray]


@dataclasses.dataclass(frozen=True)
class Config:
  """One evaluation."""

  game: str = config.setting(
      'pong', 'What to play.', choices=tuple(games.GAMES)
  )
  teacher: str = config.setting('best.npz', 'Who plays: a .npz.')
  evaluated: str = config.setting(
      'teacher.npz', 'Where to write it with its evaluation.'
  )
  games: int = config.setting(30, 'Games of either kind.', minimum=2)
  max_game_steps: int = config.setting(
      preprocessing.MAX_STEPS, 'After which an episode is broken off.', 'steps',
      minimum=1,
  )
  sticky: float = config.setting(
      0.0, 'Probability that the last action is repeated instead, per frame.',
      minimum=0, maximum=1,
  )


def evaluate(
    source: pathlib.Path,
    target: pathlib.Path,
    game: str,
    count: int,
    max_steps: int,
    sticky: float,
    play: Play,
) -> dict[str, Any]:
  """Evaluates the weights of a file, and writes them with what was found.

  Args:
    source: the teacher.
    target: the file to write.
    game: its game.
    count: games, greedy and as many stochastic.
    max_steps: agent steps after which an episode is broken off.
    sticky: the probability with which `play` repeats actions.
    play: plays them.

  Returns:
    The record in the new file.

  Raises:
    UserError: a file cannot be read or written.
  """
  network, record = teacher_file.load(source, game)
  weights = teacher_file.half(network)
  record['evaluation'] = {
      'games': count,
      'max_game_steps': max_steps,
      'sticky': sticky,
      'confidence': evaluation.CONFIDENCE,
  }
  for name, greedy in (('greedy', True), ('stochastic', False)):
    scores = play(weights, count, greedy, _SEED)
    record['evaluation'][name] = {
        'mean': float(scores.mean()), 'scores': scores.tolist()
    }
    # Greedy games differ in their start alone, and many are the same: they are
    # no sample to take an interval from.
    if not greedy:
      record['evaluation'][name].update(evaluation.interval(scores)._asdict())
  teacher_file.save(target, weights, record)
  return record


def describe(record: dict[str, Any]) -> str:
  """The evaluation in a record for people, a line a policy."""
  found, game = record['evaluation'], record['game']
  greedy, stochastic = found['greedy'], found['stochastic']
  agent_steps = record['frames'] // preprocessing.ACTION_REPEAT
  played = f'over {found["games"]} episodes after {agent_steps:,} agent steps'
  return (
      f'{game} greedy: {greedy["mean"]:.1f} points {played}\n'
      f'{game} stochastic: {stochastic["mean"]:.1f} points '
      f'({stochastic["low"]:.1f} to {stochastic["high"]:.1f}) {played}'
  )


def run(settings: Config) -> dict[str, Any]:
  """Evaluates as the settings say; returns the record."""
  source = run_folder.resolve(settings.teacher)
  target = run_folder.resolve(settings.evaluated)
  run_folder.make(target.parent)
  network = teacher_file.load(source, settings.game).network
  player = evaluation.Player(
      settings.game, lambda observations: network(observations).logits
  )

  ended = itertools.count(1)
  total = 2 * settings.games  # Of either kind.
  with progress.Progress(total, 0, settings.game, unit='game') as bar:

    def play(weights, count, greedy, seed):
      teacher_file.assign(network, weights)
      return player.scores(
          count,
          greedy,
          seed,
          settings.sticky,
          settings.max_game_steps,
          on_end=lambda: bar.update(next(ended)),
      )

    return evaluate(
        source,
        target,
        settings.game,
        settings.games,
        settings.max_game_steps,
        settings.sticky,
        play,
    )


def main(_):
  print(describe(run(config.from_flags(Config))))


if __name__ == '__main__':
  config.define_flags(Config)
  run_main(main)
