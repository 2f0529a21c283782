"""The rows of figure 4's files, and the names of what is in them.

The classes' `_fields` are the files' columns: who writes the files imports them
from here, and so does who reads them.
"""

from collections.abc import Iterable
import pathlib
from typing import NamedTuple

from experiment import errors
from report import keyed_rows
from report import rows

CURVES = 'figure4_curves.csv'
TEACHERS = 'teachers.csv'
TEACHER_CURVES = 'teacher_curves.csv'

METHODS = rows.METHODS

# As section 4.2 names them.
GAMES = {
    'pong': 'Pong',
    'breakout': 'Breakout',
    'space_invaders': 'Space Invaders',
}

POLICIES = ('stochastic', 'greedy')

_ACTION_REPEAT = 4  # Frames per agent step.


class Curve(NamedTuple):
  """figure4_curves.csv: one student at one moment of its training.

  Attributes:
    scale: how much was run, such as `laptop`.
    game: such as one of `GAMES`.
    percent: how many % of the recorded states it learns from.
    method: one of `METHODS`.
    seed: of data, batches and initialisation.
    step: the updates so far.
    test_kl: KL(student || teacher) in nats, the mean over the states of the
      held-out episodes.
    action_error: the fraction of these states, from 0 to 1, in which the most
      probable action is another one.
    train_kl: `test_kl` on the states that it learns from; may be empty.
    episodes: how many episodes these states are from, the last one perhaps in
      part; empty where all seeds shared one division of the states.
  """

  scale: str
  game: str
  percent: float
  method: str
  seed: int
  step: int
  test_kl: float
  action_error: float
  train_kl: float | None
  episodes: float | None


class Teacher(NamedTuple):
  """teachers.csv: how well a teacher plays.

  Attributes:
    game: such as one of `GAMES`.
    policy: one of `POLICIES`: an action drawn, or the most probable one.
    frames: the emulator's frames in its training; an agent step is four.
    games: how many games it played.
    max_game_steps: agent steps after which a game was broken off.
    mean: the mean score over the games.
    low: the lower end of its 95 % confidence interval; none of the greedy
      policy, whose games differ in their start alone and are no sample.
    high: the upper end.
    commit: the commit that it was trained at.
  """

  game: str
  policy: str
  frames: int
  games: int
  max_game_steps: int
  mean: float
  low: float | None
  high: float | None
  commit: str

  @property
  def agent_steps(self) -> float:
    """The same as `frames`, in agent steps."""
    return self.frames / _ACTION_REPEAT


class TeacherCurve(NamedTuple):
  """teacher_curves.csv: a teacher at one moment of its training.

  Attributes:
    game: such as one of `GAMES`.
    frames: the emulator's frames so far.
    training_score: the mean score of the last games in training.
    greedy_score: of an evaluation with the most probable actions.
    stochastic_score: of one with actions drawn.
  """

  game: str
  frames: float
  training_score: float | None
  greedy_score: float | None
  stochastic_score: float | None

  @property
  def agent_steps(self) -> float:
    """The same as `frames`, in agent steps."""
    return self.frames / _ACTION_REPEAT


def read_curves(folder: pathlib.Path) -> list[Curve]:
  """Reads `CURVES` in the folder of results; none when there is no such file.

  Raises:
    UserError: names the file, the line and the column that is wrong.
  """
  path = folder / CURVES
  key = ('scale', 'game', 'percent', 'method', 'seed', 'step')
  found = keyed_rows.read(path, Curve, key, {'method': METHODS})
  for line, row in enumerate(found, start=2):
    for name, most in (('percent', 100), ('action_error', 1)):
      value = getattr(row, name)
      expected = f'from 0 to {most}'
      _expect(path, line, name, value, expected, 0 <= value <= most)
  return found


def read_teachers(folder: pathlib.Path) -> list[Teacher]:
  """Reads `TEACHERS`, as `read_curves` does."""
  path = folder / TEACHERS
  found = keyed_rows.read(
      path, Teacher, ('game', 'policy'), {'policy': POLICIES}
  )
  for line, row in enumerate(found, start=2):
    if row.low is None or row.high is None:
      continue
    between = f'from low, {row.low:g}, to high, {row.high:g}'
    good = row.low <= row.mean <= row.high
    _expect(path, line, 'mean', row.mean, between, good)
  return found


def read_teacher_curves(folder: pathlib.Path) -> list[TeacherCurve]:
  """Reads `TEACHER_CURVES`, as `read_curves` does."""
  path = folder / TEACHER_CURVES
  return keyed_rows.read(path, TeacherCurve, ('game', 'frames'), {})


def _expect(path, line, name, value, expected, good):
  if not good:
    raise errors.UserError(
        f'{path}: line {line}: {name} is {value:g}, expected a number '
        f'{expected}: run the program that writes it again'
    )


def games(found: Iterable) -> list[str]:
  """The games in some rows: the paper's in its order, then others."""
  return ordered(row.game for row in found)


def ordered(names: Iterable[str]) -> list[str]:
  """Games without repetitions: the paper's in its order, then others."""
  there = set(names)
  listed = [game for game in GAMES if game in there]
  return listed + sorted(there.difference(listed))


def game_title(game: str) -> str:
  """A game's name for people; of a new one, made from its key."""
  return GAMES.get(game, game.replace('_', ' ').capitalize())


def case(game: str, percent: float) -> str:
  """The case in measured.csv, such as `pong/0.5` or `pong/10`."""
  return f'{game}/{percent:g}'


def of_case(name: str) -> tuple[str, float]:
  """The game and the percentage of a case.

  Raises:
    UserError: it is none.
  """
  game, _, percent = name.rpartition('/')
  try:
    return game, float(percent)
  except ValueError:
    raise errors.UserError(
        f'figure 4, case {name!r}: expected a game and a percentage, such as '
        'pong/10'
    ) from None
