# SPDX-License-Identifier: Apache-2.0
"""The settings of distillation.

Marks as in docs/deviations.md.
"""

import dataclasses

from agents.atari import games
from agents.distillation import losses
from experiment import config
from sobolev_training import projections as projections_lib

METHODS = ('regular', 'sobolev')


@dataclasses.dataclass(frozen=True)
class Config:
  """One student."""

  game: str = config.setting(
      'pong', 'Which game.', choices=tuple(games.GAMES)
  )
  recording: str = config.setting(
      'runs/recording/recording.npz', 'The states, as //agents:record makes '
      'them.', affects_result=False,
  )
  teacher: str = config.setting(
      '', "The policy to imitate: a .npz; by default the game's in "
      'agents/teachers.', affects_result=False,
  )
  percent: float = config.setting(
      10.0, 'Recorded states to train on.', '%', 'Figure 4; which: unknown',
      above=0, maximum=99,
  )
  validation_percent: float = config.setting(
      10.0, 'Recorded states to choose settings by, in whole episodes.',
      '%', 'deviations 20 [O]', above=0, maximum=50,
  )
  alpha: float = config.setting(
      1.0, "Weight of the gradients' distance; 0 is regular distillation, "
      'which computes no gradient in the state.', source='unknown; 1 [O]',
      minimum=0,
  )
  projections: int = config.setting(
      1, 'Random vectors per state and update.', source='1 [O]', minimum=1
  )
  projection: str = config.setting(
      'sphere', 'How they are drawn.', source='section 4.2: sphere [V]',
      choices=projections_lib.KINDS,
  )
  divergence: str = config.setting(
      'student_teacher',
      'DKL(student || teacher), or the other direction.',
      source='section 4.2 [V]',
      choices=tuple(losses.DIVERGENCES),
  )
  norm: str = config.setting(
      'l2', 'The distance of gradients; l2 is not squared.',
      source='section 4.2: l2 [V]', choices=losses.NORMS,
  )
  jacobian_gib: float = config.setting(
      4.0, "Memory for the teacher's Jacobian in the states to train on; one "
      'that is larger is not made, and each update asks the teacher anew.',
      'GiB', 'deviations 22 [O]', minimum=0,
  )
  learning_rate: float = config.setting(
      3e-4, 'Learning rate of Adam.',
      source='1e-5 to 1e-3, fitted [M]; 3e-4 [O]', above=0,
  )
  batch_size: int = config.setting(
      200, 'Batch size.', 'states', '200 [M]', minimum=1
  )
  steps: int = config.setting(
      5000, 'Updates.', source='unknown; 5,000 [O]', minimum=1
  )
  seed: int = config.setting(
      0, 'Of the episodes to train on, the weights, the order of states and '
      'the projections.', minimum=0, maximum=10**9,
  )
  evaluations: int = config.setting(
      20, 'How often to test, evenly spaced, after a test at the start.',
      minimum=1,
  )
  tested_states: int = config.setting(
      5000, 'Test states that are used, evenly spaced; 0 for all.', 'states',
      minimum=0,
  )
  score_games: int = config.setting(
      10, 'Episodes that the student plays at the end; 0 for none.', minimum=0
  )
  max_game_steps: int = config.setting(
      27_000, 'After which an episode is broken off.', 'steps',
      '108,000 frames [S: Machado et al., 2018]', minimum=1,
  )
  threads: int = config.setting(
      0, 'Threads; 0 for all cores.', minimum=0, maximum=1024,
      affects_result=False,
  )
  checkpoint_seconds: float = config.setting(
      60, 'Time between checkpoints.', 's', above=0, affects_result=False
  )

  @property
  def method(self) -> str:
    """Which of `METHODS` it is."""
    return METHODS[self.alpha > 0]
