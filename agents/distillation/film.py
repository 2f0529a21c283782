# SPDX-License-Identifier: Apache-2.0
"""Makes a GIF of an episode that a teacher or a student plays.

    ./bazelw run //agents:film -- --game=pong --teacher=runs/teacher/teacher.npz
    ./bazelw run //agents:film -- --game=pong --student=runs/distillation
"""

from experiment.startup import run_main

from collections.abc import Callable
import dataclasses
import os
import pathlib

from matplotlib import animation
from matplotlib import figure
import numpy as np
import tensorflow as tf

from agents.a3c import teacher_file
from agents.atari import games
from agents.atari import gym_vector
from agents.atari import network_input
from agents.distillation import networks
from agents.distillation import teachers
from experiment import atomic
from experiment import checkpoint
from experiment import config
from experiment import errors
from experiment import run_folder
from experiment import seeds
from experiment import session

_DPI = 80
_WAY_OUT = 'give the folder of a finished run of //agents:distill'


@dataclasses.dataclass(frozen=True)
class Config:
  """One film."""

  game: str = config.setting(
      'pong', 'What to play.', choices=tuple(games.GAMES)
  )
  teacher: str = config.setting(
      '', "Who plays: a .npz; by default the game's in agents/teachers."
  )
  student: str = config.setting(
      '', 'Who plays in place of a teacher: the folder of a run of '
      '//agents:distill.'
  )
  film: str = config.setting(
      'runs/film.gif', 'Where to write it; must be new.'
  )
  greedy: bool = config.setting(
      False,
      'Whether to take the most probable action, rather than to draw one.',
  )
  steps: int = config.setting(
      600, 'Agent steps, at most, each a frame of the film.', 'steps',
      minimum=1,
  )
  seed: int = config.setting(
      1, 'Of the start and the actions.', minimum=1, maximum=10**9
  )
  sticky: float = config.setting(
      0.0, 'Probability that the last action is repeated instead, per frame.',
      minimum=0, maximum=1,
  )


def target(settings: Config) -> pathlib.Path:
  """The file to write, in a folder that is there.

  Raises:
    UserError: it is no GIF, or exists.
  """
  path = run_folder.resolve(settings.film)
  if path.suffix.lower() != '.gif':
    raise errors.UserError(f'--film: {path}: expected a name that ends in .gif')
  if path.exists():
    raise errors.UserError(
        f'--film: {path}: exists: remove it, or choose another name'
    )
  run_folder.make(path.parent)
  return path


def load_student(folder: os.PathLike[str] | str, game: str) -> networks.Student:
  """The student of a finished run, with the weights of its last update.

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


def _policy(settings: Config) -> Callable[[tf.Tensor], tf.Tensor]:
  """From observations [N, 4, 84, 84] to the logits of who plays, [N, A]."""
  if settings.student and settings.teacher:
    raise errors.UserError('--teacher and --student: give one of them')
  if settings.student:
    student = load_student(settings.student, settings.game)
    return lambda seen: student(network_input.points(seen))
  path = teachers.path(settings.game, settings.teacher)
  teacher = teacher_file.load(path, settings.game).network
  return lambda seen: teacher(seen).logits


def play(settings: Config) -> list[np.ndarray]:
  """The screens of an episode, uint8 [210, 160, 3] each.

  Raises:
    UserError: an unknown game, or neither a teacher nor a student of it.
  """
  logits = tf.function(_policy(settings), autograph=False)
  env = gym_vector.make(
      settings.game, settings.sticky, render_mode='rgb_array'
  )
  chance = seeds.generator(settings.seed, 'film')
  seen, _ = env.reset(seed=settings.seed)
  screens, end = [env.render()], False
  while not end and len(screens) < settings.steps:
    scores = logits(seen[None]).numpy()[0]
    if not settings.greedy:
      scores = scores + chance.gumbel(size=scores.shape)
    seen, _, over, truncated, _ = env.step(int(scores.argmax()))
    screens.append(env.render())
    end = over or truncated
  return screens


def write(path: os.PathLike[str] | str, screens: list[np.ndarray]) -> None:
  """Writes a GIF at the game's speed: 15 frames per second."""
  height, width = screens[0].shape[:2]
  canvas = figure.Figure((2 * width / _DPI, 2 * height / _DPI), dpi=_DPI)
  axes = canvas.add_axes((0, 0, 1, 1))
  axes.set_axis_off()
  image = axes.imshow(screens[0], aspect='auto', interpolation='nearest')
  writer = animation.PillowWriter(fps=15)
  with errors.naming(path), atomic.replacing(pathlib.Path(path)) as temporary:
    drawn = temporary.with_name(f'{temporary.name}.gif')  # For its format.
    try:
      with writer.saving(canvas, drawn, _DPI):
        for screen in screens:
          image.set_data(screen)
          writer.grab_frame()
      drawn.replace(temporary)
    finally:
      drawn.unlink(missing_ok=True)


def main(_):
  settings = config.from_flags(Config)
  path = target(settings)
  screens = play(settings)
  write(path, screens)
  print(f'{path}: {len(screens)} frames of {settings.game}')


if __name__ == '__main__':
  config.define_flags(Config)
  run_main(main)
