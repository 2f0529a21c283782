# SPDX-License-Identifier: Apache-2.0
"""The settings of a teacher's training.

Marks as in docs/deviations.md.
"""

from collections.abc import Mapping
import dataclasses
from typing import Any

from agents.atari import games
from agents.atari import preprocessing
from experiment import config


@dataclasses.dataclass(frozen=True)
class Config:
  """One run."""

  game: str = config.setting(
      'pong', 'What to play.', choices=tuple(games.GAMES)
  )
  agent_steps: int = config.setting(
      10_000_000,
      'Agent steps of all workers, of 4 frames each, rounded to whole updates.',
      'steps',
      'supplement 2: 80e6 [M]; 10e6 [O]',
      minimum=1,
  )
  seed: int = config.setting(
      0, 'Of weights, games and actions.', minimum=0, maximum=10**9
  )
  workers: int = config.setting(
      4, 'Threads that play and learn.', source='16 [S: the authors]; 4 [O]',
      minimum=1,
  )
  games_per_worker: int = config.setting(
      8, 'Games that a worker plays at once.', source='1 is A3C; 8 [O]',
      minimum=1,
  )
  deterministic: bool = config.setting(
      False,
      'Whether one worker does all, repeatable to the bit. Its games go on '
      'where they were when a run is resumed; those of threads start again.',
  )
  steps_per_update: int = config.setting(
      10, 'Agent steps of each game between updates (t_max).', 'steps',
      '5 [S]; 10 [O]', minimum=1,
  )
  discount: float = config.setting(
      0.99, 'Discount of rewards, per agent step.', source='0.99 [S]',
      minimum=0, maximum=1,
  )
  trace_decay: float = config.setting(
      0.95,
      "Lambda of the generalised advantages; 1 for A3C's n-step returns.",
      source='1 is A3C [S]; 0.95 [O]',
      minimum=0,
      maximum=1,
  )
  learning_rate: float = config.setting(
      8e-4, "RMSProp's learning rate at first; it falls linearly to 0.",
      source='7e-4 [S]; 8e-4 [O]', above=0,
  )
  rmsprop_decay: float = config.setting(
      0.99, "Of RMSProp's mean of squares.", source='0.99 [S]', above=0,
      maximum=1,
  )
  rmsprop_epsilon: float = config.setting(
      1e-9,
      'Added under the root. The authors sum the loss over the steps; of a '
      'mean the squares are smaller.',
      source='0.1 [S]; 1e-9 [O]',
      above=0,
  )
  rmsprop_initial: float = config.setting(
      1e-6, "Where RMSProp's mean of squares starts.", source='[O]', minimum=0
  )
  gradient_norm: float = config.setting(
      0.5, "Largest norm of an update's gradient, of the mean over its steps.",
      source='40 of the sum [S]; 0.5 [O]', above=0,
  )
  value_weight: float = config.setting(
      0.5, "Of the value's loss, (R - V)^2 / 2.", source='[O]', minimum=0
  )
  entropy_weight: float = config.setting(
      0.002, "Of the policy's entropy.", source='0.01 [S]; 0.002 [O]',
      minimum=0,
  )
  reward_limit: float = config.setting(
      1.0, 'Rewards are clipped to +- this for learning; 0 for not.', 'points',
      '1 [S]', minimum=0,
  )
  precision: str = config.setting(
      'float32',
      "Of a worker's copy of the weights and its arithmetic; the shared ones "
      'are float32. bfloat16 takes two thirds of the time on a processor that '
      'has it.', source='[O]', choices=('float32', 'bfloat16'),
  )
  sticky: float = config.setting(
      0.0, 'Probability that the last action is repeated instead, per frame.',
      source='0 [O]', minimum=0, maximum=1,
  )
  max_noops: int = config.setting(
      preprocessing.MAX_NOOPS, 'Frames without action before a game, at most.',
      'frames', '30 [S: Mnih et al., 2015]', minimum=0,
  )
  start_from: str = config.setting(
      '', 'A teacher (.npz) to go on from; statistics and learning rate start '
      'anew.'
  )
  rows: int = config.setting(
      200, 'Rows of metrics.csv, evenly spaced.', minimum=1
  )
  evaluations: int = config.setting(
      20, 'How many of the rows have an evaluation.', minimum=1
  )
  evaluation_games: int = config.setting(
      4, 'Episodes of an evaluation, greedy and as many stochastic.', minimum=1
  )
  final_games: int = config.setting(
      30, 'Episodes of the last evaluation, of either kind.', minimum=2
  )
  max_game_steps: int = config.setting(
      preprocessing.MAX_STEPS, 'After which an episode is broken off.', 'steps',
      '108,000 frames [S: Machado et al., 2018]', minimum=1,
  )
  checkpoint_seconds: float = config.setting(
      60, 'Time between checkpoints.', 's', above=0, affects_result=False
  )

  @property
  def steps_of_update(self) -> int:
    """Agent steps that an update is made of."""
    return self.steps_per_update * self.games_per_worker

  @property
  def updates(self) -> int:
    """Of all workers."""
    return max(1, round(self.agent_steps / self.steps_of_update))

  @staticmethod
  def upgrade(before: Mapping[str, Any]) -> dict[str, Any]:
    """Leaves out the address of runs made when machines could join."""
    return {k: v for k, v in before.items() if (k, v) != ('address', '')}
