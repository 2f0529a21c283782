# SPDX-License-Identifier: Apache-2.0
"""The students that runs of //agents:distill have trained."""

import os

import tensorflow as tf

from agents.atari import games
from agents.distillation import networks
from experiment import checkpoint
from experiment import errors
from experiment import run_folder
from experiment import session

_WAY_OUT = 'give the folder of a finished run of //agents:distill'


def load(folder: os.PathLike[str] | str, game: str) -> networks.Student:
  """The student of a finished run, with the weights of its last update.

  Args:
    folder: the run's.
    game: the game.

  Raises:
    UserError: there is no such run, it is not finished, or of another game.
  """
  path = run_folder.resolve(folder)
  if not path.is_dir():
    raise errors.UserError(f'{path}: no such folder; first //agents:distill')
  settings = run_folder.read_config(path)['settings']
  if not {'recording', 'alpha'} <= settings.keys():
    raise errors.UserError(f'{path}: not the run of a student: {_WAY_OUT}')
  if not (path / run_folder.FINISHED).exists():
    raise errors.UserError(f'{path}: not finished: {_WAY_OUT}')
  if settings['game'] != game:
    raise errors.UserError(
        f'{path}: a student of {settings["game"]}, where one of {game} is '
        'needed: choose the right --game'
    )
  row = games.game(game)
  # What a checkpoint holds of a `training.Trainer` besides is passed over.
  trainer = tf.Module()
  trainer.student = networks.make_student(len(row.actions), 0, row.background)
  checkpoints = checkpoint.Checkpointer(path / session.CHECKPOINTS)
  if checkpoints.restore({'trainer': trainer}) is None:
    raise errors.UserError(f'{path}: has no checkpoint: {_WAY_OUT}')
  return trainer.student
