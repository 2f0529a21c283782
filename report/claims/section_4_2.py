# SPDX-License-Identifier: Apache-2.0
"""The claims of section 4.2, distillation, on Figure 4."""

import math
import operator

from report import effects as effects_lib
from report import names
from report import students as students_lib
from report import verdicts
from report.claims import section
from report.rows import distillation

Students = students_lib.Students

SEEDS = 5
OVERFITTING = 1.1  # Times the lowest divergence: little.
FEW, MANY = 1, 50  # % of the states.


SECTION = section.Section(
    '4.2',
    'Distillation of Atari policies',
    says="Students that match random projections of the teacher's gradients "
    'end closer to it, most with few recorded states, and hardly overfit.',
    why='The gradients say how the policy changes around each recorded state: '
    'on Breakout and Space Invaders students end closer by it; on Pong, and '
    'for whether few states gain more than many, five seeds are too few to '
    'tell. With 1 % of Breakout, a part of one episode, all students collapse, '
    'at learning rates that were chosen with 10 %; with settings chosen with '
    '1 % (exploratory) few states gain more than many there and on Space '
    'Invaders.',
    kind=distillation.Student,
    evidence=students_lib.of,
    registered='8da075044475',
    amended='the choice `95d0df5ed9a1`',
    unit='log10 of regular over Sobolev divergence',
)


def _measured(game: str, values: list[float]) -> verdicts.Comparison:
  if not values:
    missing = 'not run, or no seed by both methods'
    return verdicts.Comparison(names.title(game), None, missing)
  return verdicts.Comparison(names.title(game), effects_lib.paired(values))


def _all_games(comparisons: list[verdicts.Comparison]) -> section.Readings:
  found = {c.name: c.verdict for c in comparisons}
  counted = verdicts.counted(found, 'games')
  return {'divergence': verdicts.all_hold(comparisons, counted)}


@SECTION.claim(
    'Distilled with Sobolev Training, a policy is significantly closer to its '
    'teacher in every game',
    rule='all three games, each in the mean over its percentages: the effect '
    'is positive',
)
def closer_to_teacher(students: Students) -> section.Readings:
  measured = [
      _measured(game, students.of_game(game, students.effects))
      for game in names.GAMES
  ]
  return _all_games(verdicts.signs(measured, SEEDS))


@SECTION.claim(
    'The gain in generalisation is larger with few recorded states',
    rule=f'all three games: the effect with {FEW} % of the states minus that '
    f'with {MANY} % is positive',
)
def larger_with_few_states(students: Students) -> section.Readings:
  measured = [_few_minus_many(students, game) for game in names.GAMES]
  return _all_games(verdicts.signs(measured, SEEDS))


def _few_minus_many(students: Students, game: str) -> verdicts.Comparison:
  few, many = (students.effects(game, percent) for percent in (FEW, MANY))
  missing = [f'{p} %' for p, of in ((FEW, few), (MANY, many)) if not of]
  if missing:
    return verdicts.Comparison(
        names.title(game), None, f'{" and ".join(missing)} not run'
    )
  differences = effects_lib.by_seed(operator.sub, few, many)
  return _measured(game, list(differences.values()))


@SECTION.claim(
    'The gap on Pong is smaller than on the other games',
    rule="both other games: the game's effect minus Pong's, in the mean over "
    'the percentages that both have, is positive',
)
def smaller_on_pong(students: Students) -> section.Readings:
  others = [game for game in names.GAMES if game != 'pong']
  measured = [_above_pong(students, game) for game in others]
  return _all_games(verdicts.signs(measured, SEEDS))


def _above_pong(students: Students, game: str) -> verdicts.Comparison:
  pong = students.percents_of('pong')
  shared = [p for p in students.percents_of(game) if p in pong]
  samples = [
      effects_lib.sample(students.of_game(one, students.effects, shared))
      for one in (game, 'pong')
      if shared
  ]
  if not samples or not all(sample.n for sample in samples):
    return _measured(game, [])
  of_game, of_pong = samples
  return verdicts.Comparison(
      names.title(game), effects_lib.contrast([of_game], [of_pong])
  )


@SECTION.claim(
    'Sobolev distillation overfits little or not at all',
    rule='all three games, each in the geometric mean over its percentages: '
    f'the last divergence is below {OVERFITTING:g} times the lowest one (the '
    'effect is log10 of the lowest over the last, its threshold '
    f'{-math.log10(OVERFITTING):.3f})',
    unit='log10 of the lowest over the last divergence',
)
def little_overfitting(students: Students) -> section.Readings:
  measured = [
      _measured(
          game, [-v for v in students.of_game(game, students.overfitting)]
      )
      for game in names.GAMES
  ]
  return _all_games(
      verdicts.above(measured, -math.log10(OVERFITTING), SEEDS)
  )
