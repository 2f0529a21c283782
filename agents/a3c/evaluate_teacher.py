# SPDX-License-Identifier: Apache-2.0
"""Evaluates a teacher over many games, and writes the result into its file.

    ./bazelw run //agents:evaluate_teacher -- --game=pong \\
        --teacher=runs/teacher/best.npz --evaluated=teacher.npz

`//agents:train_teacher` does so at its end. This is for one that was stopped
before, or to ask for more games.
"""

from experiment.startup import run_main

import dataclasses
import functools
import itertools
from typing import Any

from agents.a3c import evaluation
from agents.a3c import teacher_file
from agents.atari import games
from agents.atari import preprocessing
from experiment import config
from experiment import errors
from experiment import progress
from experiment import run_folder

# Other games than those by which a teacher was found to be the best.
_SEED = 10**6


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


def evaluate(settings: Config, play: evaluation.Play) -> dict[str, Any]:
  """Evaluates a teacher by `play`, and writes it with the result.

  Returns:
    The record in the new file.

  Raises:
    UserError: a file cannot be read or written.
  """
  network, record = teacher_file.load(
      run_folder.resolve(settings.teacher), settings.game
  )
  weights = teacher_file.half(network)
  record['evaluation'] = {
      'games': settings.games,
      'max_game_steps': settings.max_game_steps,
      'sticky': settings.sticky,
      'confidence': evaluation.CONFIDENCE,
  }
  for name, greedy in (('greedy', True), ('stochastic', False)):
    scores = play(weights, settings.games, greedy, _SEED)
    record['evaluation'][name] = {
        'mean': float(scores.mean()), 'scores': scores.tolist()
    }
    # Greedy games differ in their start alone, and many are the same: they are
    # no sample to take an interval from.
    if not greedy:
      _, low, high = evaluation.interval(scores)
      record['evaluation'][name] |= {'low': low, 'high': high}
  teacher_file.save(run_folder.resolve(settings.evaluated), weights, record)
  return record


def describe(record: dict[str, Any]) -> str:
  """The evaluation in a record for people, one line per policy."""
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
  """Evaluates as the settings say; returns the record.

  Raises:
    UserError: as `evaluate`, or there is another teacher where it would write.
  """
  path = run_folder.resolve(settings.evaluated)
  if path.exists() and path != run_folder.resolve(settings.teacher):
    raise errors.UserError(
        f'--evaluated: {path}: exists: remove it, or choose another name'
    )
  run_folder.make(path.parent)
  play = evaluation.teacher_player(
      settings.game, settings.sticky, settings.max_game_steps
  )
  ended = itertools.count(1)
  total = 2 * settings.games  # Of either kind.
  with progress.Progress(total, 0, settings.game, unit='game') as bar:
    shown = functools.partial(play, on_end=lambda: bar.update(next(ended)))
    return evaluate(settings, shown)


def main(_):
  print(describe(run(config.from_flags(Config))))


if __name__ == '__main__':
  config.define_flags(Config)
  run_main(main)
