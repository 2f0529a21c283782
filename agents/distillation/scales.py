"""What Figure 4's sweep runs, and how much of it at each scale.

Marks as in docs/deviations.md.
"""

import dataclasses

from agents.atari import games
from experiment import config

# What a scale sets in place of the defaults, which are those of `paper`.
SCALES = {
    'smoke': {
        'states': 2400,
        'parts': 3,
        'percents': (5.0, 20.0),
        'seeds': 1,
        'steps': 20,
        'choice_steps': 10,
        'choice_seeds': 1,
        'learning_rates': (1e-3,),
        'alphas': (1.0,),
        'evaluations': 2,
        'tested_states': 300,
        'score_games': 1,
        'max_game_steps': 200,
    },
    'laptop': {
        'percents': (1.0, 10.0),
        'seeds': 5,
        'batch_size': 50,
        'steps': 4000,
        'choice_steps': 4000,
        'learning_rates': (3e-4, 1e-3),
        'alphas': (0.01, 0.1, 1.0),
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
  parts: int = config.setting(
      50, 'Parts of a recording, written one by one.', minimum=1
  )
  percents: tuple[float, ...] = config.setting(
      (1.0, 5.0, 10.0, 25.0, 50.0), 'Recorded states to train on.', '%',
      'unknown; [O]', above=0, maximum=99,
      distinct=True,
  )
  seeds: int = config.setting(10, 'Runs a cell.', source='[O]', minimum=1)
  batch_size: int = config.setting(
      200, 'States an update.', 'states', '200 [M]', minimum=1
  )
  steps: int = config.setting(
      20_000, 'Updates.', source='unknown; 20,000 [O]', minimum=1
  )
  choice_steps: int = config.setting(
      5000, 'Updates when settings are chosen.', source='[O]', minimum=1
  )
  choice_seeds: int = config.setting(
      3, 'Runs of a candidate when settings are chosen.', source='[O]',
      minimum=1,
  )
  learning_rates: tuple[float, ...] = config.setting(
      (1e-5, 3e-5, 1e-4, 3e-4, 1e-3), 'Step sizes to choose from.',
      source='1e-5 to 1e-3 [M]', above=0,
      distinct=True,
  )
  alphas: tuple[float, ...] = config.setting(
      (0.001, 0.01, 0.1, 1.0, 10.0),
      'Weights of the Sobolev term to choose from.',
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
      10, 'Games that a student plays at the end; 0 for none.', minimum=0
  )
  max_game_steps: int = config.setting(
      27_000, 'After which one is broken off.', 'steps', minimum=1
  )


@dataclasses.dataclass(frozen=True)
class Sweep:
  """Where, and how much."""

  scale: str = config.setting(
      'laptop',
      'How much. Flags given beside it go before its own settings.',
      choices=tuple(SCALES),
  )
  results: str = config.setting(
      'results', 'The folder of the CSV files that the rows are merged into.'
  )
  choose: bool = config.setting(
      True,
      'Whether to choose step size and alpha, rather than to take those that '
      'figure4_choices.csv in --results has for the scale.',
  )
  jobs: int = config.setting(
      0, 'Runs at a time; 0 for one a core.', minimum=0, affects_result=False
  )


def scaled(scale: str, given: dict[str, object]) -> Settings:
  """The settings of a scale, with those given on the command line."""
  return Settings(**{**SCALES[scale], **given})


def label(scale: str, settings: Settings) -> str:
  """The name to file the rows of these settings under."""
  # A choice of games makes no other row.
  standard = dataclasses.replace(scaled(scale, {}), games=settings.games)
  return config.label(scale, settings, standard)
