# SPDX-License-Identifier: Apache-2.0
"""The rows of section 4.2: Figure 4 and its teachers."""

from typing import NamedTuple

from report.rows import table

_ACTION_REPEAT = 4  # Frames per agent step.


class Student(NamedTuple):
  """figure4_curves.csv: one student at one moment of its training."""

  scale: str  # How much was run, such as `laptop`.
  game: str  # Such as `pong`.
  percent: table.Percentage  # Of the recorded states: what it learns from.
  method: str  # regular or sobolev.
  seed: int  # Of data, batches and initialisation; both methods share them.
  step: table.Count  # Updates so far.
  # KL(student || teacher) in nats, mean over the states of held-out episodes.
  test_kl: table.NotNegative
  # The fraction of these states where the most probable action differs.
  action_error: table.Fraction
  train_kl: float | None  # `test_kl` on the states that it learns from.
  # Number of episodes of these states, the last one perhaps in part.
  episodes: table.Count | None = None
  score: float | None = None  # Its mean return when it plays, at the end only.
  run: str = ''  # See `runs.Run`.

  FILE = 'figure4_curves.csv'
  KEY = 6
  WHOLE = 4


class Candidate(NamedTuple):
  """figure4_choices.csv: a student that settings were chosen by."""

  scale: str  # As in `Student`, like the next three.
  game: str
  percent: table.Percentage
  method: str
  learning_rate: table.Positive  # Adam's.
  alpha: table.NotNegative  # Weight of the Sobolev term; 0 for regular.
  seed: int  # Of the student.
  # `test_kl` on the validation episodes, at the end; empty if it diverged.
  validation_kl: float | None
  # The least there of a policy that does not look at the state.
  constant_kl: float | None = None
  chosen: table.Count = 0  # Whether its settings were: 0 or 1.
  run: str = ''  # See `runs.Run`.

  FILE = 'figure4_choices.csv'
  KEY = 7
  WHOLE = 2


class Teacher(NamedTuple):
  """teachers.csv: how well a teacher plays."""

  game: str  # Such as `pong`.
  policy: str  # stochastic: actions drawn; or greedy: the most probable ones.
  frames: table.Count  # Of the emulator in training, four per agent step.
  games: table.Count  # Episodes played.
  max_game_steps: table.Count  # Agent steps after which an episode is cut off.
  mean: float  # Return of the episodes.
  # The ends of its 95 % confidence interval; none of the greedy policy, whose
  # episodes differ in their start alone and are no sample.
  low: float | None
  high: float | None
  run: str = ''  # The training; see `runs.Run`.

  FILE = 'teachers.csv'
  KEY = 2

  @property
  def agent_steps(self) -> float:
    """The same as `frames`, in agent steps."""
    return self.frames / _ACTION_REPEAT


class TeacherCurve(NamedTuple):
  """teacher_curves.csv: a teacher at one moment of its training."""

  game: str  # Such as `pong`.
  frames: table.Count  # Of the emulator so far.
  training_score: float | None  # Mean return of the last episodes in training.
  greedy_score: float | None  # Of an evaluation with the most probable actions.
  stochastic_score: float | None  # Of one with actions drawn.
  run: str = ''  # See `runs.Run`.

  FILE = 'teacher_curves.csv'
  KEY = 2
  WHOLE = 1

  @property
  def agent_steps(self) -> float:
    """The same as `frames`, in agent steps."""
    return self.frames / _ACTION_REPEAT
