# SPDX-License-Identifier: Apache-2.0
"""What a teacher's training consists of, made from its settings."""

from collections.abc import Callable
from typing import Any

import numpy as np
import sonnet as snt
import tensorflow as tf

from agents.a3c import evaluation
from agents.a3c import learner as learner_lib
from agents.a3c import networks
from agents.a3c import settings as settings_lib
from agents.a3c import shared_rmsprop
from agents.a3c import teacher_file
from agents.a3c import worker as worker_lib
from agents.atari import gym_vector
from agents.atari import preprocessing
from agents.atari import vector_env
from experiment import errors
from experiment import run_folder
from experiment import seeds


class Experiment:
  """The workers, what they share, and the evaluation of it.

  Attributes:
    network: the shared one.
    optimiser: the shared statistics.
    scores: of the games that were ended last.
    learner: makes the updates.
    frames_before: that the teacher to go on from has seen.
    curve_before: of its training.
  """

  def __init__(self, settings: settings_lib.Config):
    """Makes all of it; UserError for settings that cannot be used."""
    if settings.deterministic and (settings.workers > 1 or settings.sticky):
      raise errors.UserError(
          '--deterministic: needs --workers=1 and --sticky=0'
      )
    self._settings = settings
    seed = int(seeds.stateless(settings.seed, 'weights')[0])
    self.network = networks.teacher_of(settings.game, seed)
    self.frames_before, self.curve_before = 0, []
    if settings.start_from:
      given = teacher_file.load(
          run_folder.resolve(settings.start_from), settings.game
      )
      teacher_file.assign(self.network, teacher_file.half(given.network))
      self.frames_before = given.record['frames']
      self.curve_before = given.record.get('curve', [])
    self.optimiser = shared_rmsprop.SharedRMSProp(
        self.network.trainable_variables,
        settings.rmsprop_decay,
        settings.rmsprop_epsilon,
        settings.rmsprop_initial,
    )
    self.scores = learner_lib.Scores()
    self.learner = self._make_learner()
    # The weights that files hold are rounded: those are evaluated.
    self._rounded = networks.blank_teacher(settings.game)
    self._player = evaluation.Player(
        settings.game, lambda observations: self._rounded(observations).logits
    )

  def _make_learner(self) -> Any:
    settings = self._settings
    workers = [
        make_worker(settings, i, self.network, self.scores.add)
        for i in range(settings.workers)
    ]
    rest = (
        self.network.trainable_variables,
        self.optimiser,
        settings.learning_rate,
        settings.updates,
        self.scores,
    )
    if settings.deterministic:
      return learner_lib.Learner(workers[0], *rest)
    return learner_lib.AsynchronousLearner(workers, *rest)

  def close(self) -> None:
    """Ends the workers."""
    self.learner.close()

  def frames(self, update: int) -> int:
    """That the teacher has seen, before this run too."""
    steps = update * self._settings.steps_of_update
    return self.frames_before + steps * preprocessing.ACTION_REPEAT

  def play(
      self, weights: dict[str, np.ndarray], count: int, greedy: bool, seed: int
  ) -> np.ndarray:
    """The points of so many games with the weights of a file."""
    teacher_file.assign(self._rounded, weights)
    return self._player.scores(
        count,
        greedy,
        seed,
        self._settings.sticky,
        self._settings.max_game_steps,
    )


def algorithm(settings: settings_lib.Config) -> worker_lib.Algorithm:
  """What a worker's gradient depends on, of the settings."""
  return worker_lib.Algorithm(
      steps=settings.steps_per_update,
      discount=settings.discount,
      lambda_=settings.trace_decay,
      value_weight=settings.value_weight,
      entropy_weight=settings.entropy_weight,
      gradient_norm=settings.gradient_norm,
      reward_limit=settings.reward_limit,
  )


def make_worker(
    settings: settings_lib.Config,
    index: int,
    shared: snt.Module,
    on_score: Callable[[float], object],
) -> worker_lib.Worker:
  """A worker and its games.

  Args:
    settings: of the training.
    index: decides, with the seed, about all chance.
    shared: the network that all workers improve.
    on_score: takes the points of each game that has ended.
  """
  kind = (
      gym_vector.GymVector
      if settings.deterministic
      else vector_env.VectorEnv
  )
  first = int(seeds.stateless(settings.seed, 'games', index)[0])
  games_of_worker = kind(
      settings.game,
      settings.games_per_worker,
      seed=1 + abs(first) % 2**30,  # Positive, as are those that follow.
      repeat_action_probability=settings.sticky,
      max_noops=settings.max_noops,
      max_steps=settings.max_game_steps,
  )
  return worker_lib.Worker(
      games_of_worker,
      shared,
      networks.blank_teacher(settings.game, tf.as_dtype(settings.precision)),
      algorithm(settings),
      seeds.stateless(settings.seed, 'actions', index),
      on_score,
  )
