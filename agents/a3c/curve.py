# SPDX-License-Identifier: Apache-2.0
"""The curve of a teacher's training, and the teachers along it."""

import pathlib
from typing import Any

import numpy as np
import tensorflow as tf

from agents.a3c import settings as settings_lib
from agents.a3c import teacher_file
from agents.a3c import teacher_run
from agents.atari import games
from experiment import config
from experiment import environment
from experiment import loop

LAST, BEST = 'last.npz', 'best.npz'


class Curve:
  """The rows of metrics.csv, and the teachers that go with them.

  Attributes:
    scalars: of the last update, for the next row.
  """

  def __init__(
      self,
      experiment: teacher_run.TeacherRun,
      settings: settings_lib.Config,
      folder: pathlib.Path,
  ):
    self._experiment, self._settings = experiment, settings
    self._folder = folder
    self._evaluate_at = set(
        loop.spaced(settings.updates, settings.evaluations)
    )
    # The checkout may change while this goes on.
    self._commit = environment.commit()
    self._best: float | None = None
    self._rows: list[dict[str, float]] = list(experiment.curve_before)
    self.scalars: dict[str, tf.Tensor] = {}

  def evaluate(self, update: int) -> dict[str, Any]:
    """The row after an update; not every one has an evaluation."""
    row = {
        'frames': self._experiment.frames(update),
        'training_score': self._experiment.training_score(),
        'greedy_score': float('nan'),
        'stochastic_score': float('nan'),
        **{name: float(value) for name, value in self.scalars.items()},
    }
    if update in self._evaluate_at:
      weights = teacher_file.half(self._experiment.network)
      for name, greedy in (('greedy', True), ('stochastic', False)):
        scores = self._experiment.play(
            weights, self._settings.evaluation_games, greedy, 1 + update
        )
        row[f'{name}_score'] = float(np.mean(scores))
      self._rows.append({  # JSON has no NaN.
          name: value if np.isfinite(value) else None
          for name, value in row.items()
      })
      # A hundred episodes say more than a few, once there are some.
      training = row['training_score']
      self._save(
          weights,
          training if np.isfinite(training) else row['stochastic_score'],
      )
    return row

  def _save(self, weights: dict[str, np.ndarray], score: float) -> None:
    # Of the stochastic policy, which section 4.2 records.
    names = [LAST]
    if self._best is None or score > self._best:
      self._best = score
      names.append(BEST)
    record = {
        'game': self._settings.game,
        'actions': games.game(self._settings.game).actions,
        'frames': self._rows[-1]['frames'],
        'settings': config.to_json(self._settings),
        'command': environment.command(config.to_arguments(self._settings)),
        'commit': self._commit,
        'device': environment.device_line(),
        'versions': environment.versions(),
        'curve': self._rows,
        'evaluation': None,  # teacher.npz has one.
    }
    for name in names:
      teacher_file.save(self._folder / name, weights, record)

  def state(self) -> dict[str, Any]:
    """What `restore` takes."""
    return {'best': self._best, 'rows': self._rows}

  def restore(self, state: dict[str, Any]) -> None:
    """Goes back to what `state` gave."""
    self._best, self._rows = state['best'], state['rows']
