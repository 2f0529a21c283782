# SPDX-License-Identifier: Apache-2.0
"""Predicts values and gradients by a network that //regression:train made.

    ./bazelw run //regression:train -- --functions=points.npz --size=100
    ./bazelw run //regression:predict -- --points=new.npz

It reads x [N, D] of an .npz file and writes one with x, y [N] and gradient
[N, D], in the units of the points that the network learnt from.
"""

from experiment.startup import run_main

import dataclasses
import pathlib

import numpy as np

from experiment import atomic
from experiment import config
from experiment import errors
from experiment import run_folder
from regression import ensemble as ensemble_lib
from regression import recorded
from regression import train


@dataclasses.dataclass(frozen=True)
class Settings:
  """What to predict."""

  run: str = config.setting(
      'runs/regression', 'The folder of a finished run of //regression:train.'
  )
  points: str = config.setting('new.npz', 'An .npz file with x [N, D].')
  output: str = config.setting(
      'predicted.npz', 'The file to write: x, y [N] and gradient [N, D].'
  )
  network: int = config.setting(
      0,
      'Which network of the run: its functions in their order, with the seeds '
      'of each.',
      minimum=0,
  )


def predict(settings: Settings) -> pathlib.Path:
  """Writes the predictions, and returns the file's path.

  Raises:
    UserError: a file or setting that does not fit.
  """
  output = run_folder.resolve(settings.output)
  if output.exists():
    raise errors.UserError(
        f'--output={settings.output}: exists: choose another one'
    )
  run_folder.make(output.parent)
  ensemble = load(settings.run)
  points = run_folder.resolve(settings.points)
  x = recorded.load_points(points)
  count = len(ensemble.members)
  if settings.network >= count:
    raise errors.UserError(
        f'--network={settings.network}: expected less than {count}, the number '
        'of networks of the run'
    )
  inputs = ensemble.units.x_mean.shape[-1]
  if x.shape[1] != inputs:
    raise errors.UserError(
        f'{points}: x: expected the shape [N, {inputs}], as the run learnt '
        f'from, got {list(x.shape)}'
    )
  value, gradient = ensemble.predict(settings.network, x)
  with errors.naming(output), atomic.replacing(output) as temporary:
    with open(temporary, 'wb') as file:  # By a path it would add a suffix.
      np.savez(file, x=x, y=value, gradient=gradient)
  return output


def load(run: str) -> ensemble_lib.Ensemble:
  """The networks of a finished run of //regression:train.

  Raises:
    UserError: there is no such run, or it is not finished.
  """
  folder = run_folder.resolve(run)
  other = 'name another run of //regression:train'
  if not (folder / run_folder.CONFIG).exists():
    raise errors.UserError(f'--run={run}: holds no run: {other}')
  settings = _settings_of(folder)
  if settings is None:
    raise errors.UserError(f'--run={run}: of another program: {other}')
  if run_folder.diverged(folder):
    raise errors.UserError(f'--run={run}: diverged: {other}')
  if not (folder / run_folder.FINISHED).exists():
    raise errors.UserError(
        f'--run={run}: not finished: continue it with //regression:train and '
        '--resume'
    )
  return train.train(settings, folder, resume=True, quiet=True)


def _settings_of(folder: pathlib.Path) -> train.Config | None:
  """The settings of a run; None of one of another program."""
  names = {field.name for field in dataclasses.fields(train.Config)}
  found = run_folder.read_config(folder)['settings']
  if not found.keys() <= names:
    return None
  return train.Config(**{
      name: tuple(value) if isinstance(value, list) else value
      for name, value in found.items()
  })


def main(_):
  print(predict(config.from_flags(Settings)))


if __name__ == '__main__':
  config.define_flags(Settings)
  run_main(main)
