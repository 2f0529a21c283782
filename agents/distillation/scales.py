# SPDX-License-Identifier: Apache-2.0
"""What Figure 4's sweep runs, and how much of it at each scale.

Marks as in docs/deviations.md.
"""

import dataclasses
import math

from agents.atari import games
from agents.distillation import choice
from experiment import config
from experiment import errors
from experiment import study

PARTS = ('choose', 'train')

# What a scale sets in place of the defaults, which are those of `paper`.
SCALES = {
    'smoke': {
        'states': 2400,
        'recording_parts': 3,
        'percents': (5.0, 20.0),
        'seeds': 1,
        'steps': 20,
        'choice_steps': 10,
        'choice_seeds': 1,
        'regular_learning_rates': (1e-3,),
        'sobolev_learning_rates': (1e-3,),
        'alphas': (1.0,),
        'evaluations': 2,
        'tested_states': 300,
        'score_games': 1,
        'max_game_steps': 200,
    },
    'laptop': {
        'seeds': 5,
        'batch_size': 50,
        'steps': 4000,
        'choice_steps': 4000,
        'evaluations': 10,
        'tested_states': 2000,
        'score_games': 3,
    },
    'paper': {},
}


@dataclasses.dataclass(frozen=True)
class Settings:
  """All but the scale, whose settings go before these defaults."""

  games: tuple[str, ...] = config.setting(
      tuple(games.GAMES), 'Which games.', choices=tuple(games.GAMES),
      distinct=True,
  )
  teachers: str = config.setting(
      '', 'The folder of the teachers, <game>.npz; by default agents/teachers.',
      affects_result=False,
  )
  states: int = config.setting(
      100_000, 'Recorded states of a game.', 'states',
      'section 4.2: 100K [V]', minimum=1,
  )
  recording_parts: int = config.setting(
      50, 'Parts of a recording, written one by one.', minimum=1
  )
  percents: tuple[float, ...] = config.setting(
      (1.0, 5.0, 10.0, 25.0, 50.0), 'Recorded states to train on.', '%',
      'unknown; [O]', above=0, maximum=99,
      distinct=True,
  )
  seeds: int = config.setting(
      10, 'Runs per cell.', source='[O]', minimum=1, maximum=choice.FIRST_SEED
  )
  batch_size: int = config.setting(
      200, 'Batch size.', 'states', '200 [M]', minimum=1
  )
  steps: int = config.setting(
      20_000, 'Updates.', source='unknown; 20,000 [O]', minimum=1
  )
  choice_percent: float = config.setting(
      10.0, 'Recorded states that candidates are trained on.', '%',
      'per game, not per percentage [M]; which: [O]', above=0, maximum=99,
  )
  choice_steps: int = config.setting(
      5000, 'Updates when settings are chosen.', source='[O]', minimum=1
  )
  choice_finalists: int = config.setting(
      3, 'Candidates of a method that further seeds decide between.',
      source='[O]', minimum=1,
  )
  choice_seeds: int = config.setting(
      3, 'Runs per finalist when settings are chosen.', source='[O]', minimum=1
  )
  regular_learning_rates: tuple[float, ...] = config.setting(
      (
          2e-5, 3e-5, 6e-5, 1e-4, 2e-4, 3e-4, 4e-4, 6e-4, 8e-4, 1e-3,
          1.2e-3, 1.5e-3, 2e-3, 2.5e-3, 3e-3, 4e-3, 5e-3, 6e-3, 8e-3, 1e-2,
      ),
      'Learning rates of regular distillation to choose from.',
      source='1e-5 to 1e-3 [M]; [O]', above=0, distinct=True,
  )
  sobolev_learning_rates: tuple[float, ...] = config.setting(
      (3e-4, 1e-3, 2e-3, 3e-3, 1e-2),
      'Learning rates of Sobolev Training to choose from.',
      source='1e-5 to 1e-3 [M]; [O]', above=0, distinct=True,
  )
  alphas: tuple[float, ...] = config.setting(
      (0.01, 0.1, 1.0, 10.0),
      'Weights of the Sobolev term to choose from, each with each of its '
      'learning rates.',
      source='unknown; [O]',
      above=0,
      distinct=True,
  )
  evaluations: int = config.setting(
      20, 'Tests of a run, after one at the start.', minimum=1
  )
  tested_states: int = config.setting(
      0, 'Test states that are used; 0 for all.', 'states', minimum=0
  )
  score_games: int = config.setting(
      10, 'Episodes that a student plays at the end; 0 for none.', minimum=0
  )
  max_game_steps: int = config.setting(
      27_000, 'After which an episode is broken off.', 'steps', minimum=1
  )


@dataclasses.dataclass(frozen=True)
class Sweep(study.Plan):
  """What to run."""

  scale: str = config.setting(
      'laptop',
      'How much. Flags given beside it override its settings. '
      f'{config.describe(SCALES)}.',
      choices=tuple(SCALES),
  )
  parts: tuple[str, ...] = config.setting(
      PARTS, 'Which parts: to choose learning rates and alphas, and to train '
      'with those that figure4_choices.csv has for the scale, in --results or '
      'else among the rows of the output.',
      choices=PARTS, distinct=True,
  )


def scaled(scale: str, given: dict[str, object]) -> Settings:
  """The settings of a scale, with those given on the command line.

  Raises:
    UserError: one of the methods would have more candidates than the other.
  """
  settings = Settings(**{**SCALES[scale], **given})
  regular = len(settings.regular_learning_rates)
  pairs = len(settings.sobolev_learning_rates), len(settings.alphas)
  if regular != math.prod(pairs):
    raise errors.UserError(
        f'--regular_learning_rates: {regular}, where Sobolev Training has '
        f'{pairs[0]} learning rates x {pairs[1]} alphas = {math.prod(pairs)} '
        'candidates: give both methods as many to choose from'
    )
  return settings


def label(scale: str, settings: Settings) -> str:
  """The name to file the rows of these settings under."""
  # A choice of games makes no other row.
  standard = dataclasses.replace(scaled(scale, {}), games=settings.games)
  return config.label(scale, settings, standard)
