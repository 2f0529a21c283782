# SPDX-License-Identifier: Apache-2.0
"""The rows of section 4.2: Figure 4 and its teachers."""

from typing import NamedTuple

from report.rows import table

_ACTION_REPEAT = 4  # Frames per agent step.


class Student(NamedTuple):
  """figure4_curves.csv: one student at one moment of its training.

  Attributes:
    scale: how much was run, such as `laptop`.
    game: such as `pong`.
    percent: how many % of the recorded states it learns from.
    method: regular or sobolev.
    seed: of data, batches and initialisation; both methods share them.
    step: the updates so far.
    test_kl: KL(student || teacher) in nats, the mean over the states of the
      held-out episodes.
    action_error: the fraction of these states in which the most probable
      action is not the teacher's.
    train_kl: `test_kl` on the states that it learns from.
    episodes: how many episodes these come from, the last one perhaps in part.
    score: the mean return of its own episodes; at the end only.
    run: see `runs.Run`.
  """

  scale: str
  game: str
  percent: table.Percentage
  method: str
  seed: int
  step: table.Count
  test_kl: table.NotNegative
  action_error: table.Fraction
  train_kl: float | None
  episodes: table.Count | None = None
  score: float | None = None
  run: str = ''

  FILE = 'figure4_curves.csv'
  KEY = 6
  WHOLE = 4


class Candidate(NamedTuple):
  """figure4_choices.csv: a student that settings were chosen by.

  Attributes:
    scale: how much was run.
    game: the game.
    percent: of the recorded states that it learned from.
    method: regular or sobolev.
    learning_rate: Adam's.
    alpha: the weight of the Sobolev term; 0 for regular.
    seed: of the student.
    validation_kl: KL(student || teacher) in nats on the validation episodes,
      at the end.
    constant_kl: the least that a policy can have there that does not look at
      the state.
    chosen: whether its settings were: 0 or 1.
    run: see `runs.Run`.
  """

  scale: str
  game: str
  percent: table.Percentage
  method: str
  learning_rate: table.Positive
  alpha: table.NotNegative
  seed: int
  validation_kl: float
  constant_kl: float | None = None
  chosen: table.Count = 0
  run: str = ''

  FILE = 'figure4_choices.csv'
  KEY = 7
  WHOLE = 2


class Teacher(NamedTuple):
  """teachers.csv: how well a teacher plays.

  Attributes:
    game: such as `pong`.
    policy: stochastic, actions drawn; or greedy, the most probable ones.
    frames: the emulator's frames in its training, four per agent step.
    games: how many episodes were played.
    max_game_steps: the agent steps after which an episode was cut off.
    mean: the mean return of the episodes.
    low: the lower end of its 95 % confidence interval; none of the greedy
      policy, whose episodes differ in their start alone and are no sample.
    high: the upper end.
    run: the training; see `runs.Run`.
  """

  game: str
  policy: str
  frames: table.Count
  games: table.Count
  max_game_steps: table.Count
  mean: float
  low: float | None
  high: float | None
  run: str = ''

  FILE = 'teachers.csv'
  KEY = 2

  @property
  def agent_steps(self) -> float:
    """The same as `frames`, in agent steps."""
    return self.frames / _ACTION_REPEAT


class TeacherCurve(NamedTuple):
  """teacher_curves.csv: a teacher at one moment of its training.

  Attributes:
    game: such as `pong`.
    frames: the emulator's frames so far.
    training_score: the mean return of the last episodes in training.
    greedy_score: of an evaluation with the most probable actions.
    stochastic_score: of one with actions drawn.
    run: see `runs.Run`.
  """

  game: str
  frames: table.Count
  training_score: float | None
  greedy_score: float | None
  stochastic_score: float | None
  run: str = ''

  FILE = 'teacher_curves.csv'
  KEY = 2
  WHOLE = 1

  @property
  def agent_steps(self) -> float:
    """The same as `frames`, in agent steps."""
    return self.frames / _ACTION_REPEAT
