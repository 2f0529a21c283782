# SPDX-License-Identifier: Apache-2.0
"""What a teacher's training consists of, made from its settings."""

import collections

import numpy as np
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

_SCORES = 100  # Episodes that the training score is the mean of.


class TeacherRun:
  """The workers, what they share, and the evaluation of it.

  Attributes:
    network: the shared one.
    optimiser: the shared statistics.
    scores: the returns of the last episodes.
    learner: makes the updates.
    play: plays games with the weights of a file.
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
    self.scores = collections.deque(maxlen=_SCORES)
    workers = [self._make_worker(i) for i in range(settings.workers)]
    optimise = learner_lib.Optimisation(
        self.network.trainable_variables,
        self.optimiser,
        settings.learning_rate,
        settings.updates,
    )
    if settings.deterministic:
      self.learner = learner_lib.Learner(workers[0], optimise, self.scores)
    else:
      self.learner = learner_lib.AsynchronousLearner(
          workers, optimise, self.scores
      )
    self.play = evaluation.teacher_player(
        settings.game, settings.sticky, settings.max_game_steps
    )

  def _make_worker(self, index: int) -> worker_lib.Worker:
    """A worker and its games; its seeds come from the index."""
    settings = self._settings
    make_games = (
        gym_vector.GymVector
        if settings.deterministic
        else vector_env.VectorEnv
    )
    first = int(seeds.stateless(settings.seed, 'games', index)[0])
    return worker_lib.Worker(
        make_games(
            settings.game,
            settings.games_per_worker,
            seed=1 + abs(first) % 2**30,  # Positive, as are those that follow.
            repeat_action_probability=settings.sticky,
            max_noops=settings.max_noops,
            max_steps=settings.max_game_steps,
        ),
        self.network,
        networks.teacher_of(
            settings.game, dtype=tf.as_dtype(settings.precision)
        ),
        settings,
        seeds.stateless(settings.seed, 'actions', index),
        self.scores.append,
    )

  def frames(self, update: int) -> int:
    """That the teacher has seen, before this run too."""
    steps = update * self._settings.steps_of_update
    return self.frames_before + steps * preprocessing.ACTION_REPEAT

  def training_score(self) -> float:
    """The mean of `scores`; NaN before the first episode has ended."""
    scores = list(self.scores)  # Workers go on adding to them.
    return float(np.mean(scores)) if scores else float('nan')
