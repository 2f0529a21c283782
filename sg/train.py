# SPDX-License-Identifier: Apache-2.0
"""Trains one cut network of section 4.3.

    ./bazelw run //sg:train -- --preset=laptop-cifar10 --method=sobolev
"""

from experiment.startup import run_main

import pathlib

from absl import flags

from experiment import config
from experiment import environment
from experiment import inputs
from experiment import loop
from experiment import run_folder
from report import finished
from sg import presets
from sg import table1_run
from sg.pipelined import devices
from sg.pipelined import experiments


def train(
    settings: presets.Config, path: pathlib.Path, resume: bool,
    quiet: bool = False,
) -> table1_run.Table1Run | None:
  """Runs one setting in a run folder, and returns what was trained.

  None in a process that another one leads; see `replicas.Workers`.

  Raises:
    UserError: a setting or the data cannot be used, or training diverged.
  """
  environment.configure_threads(settings.threads)
  if devices.follows(settings):
    experiments.make(settings).follow()
    return None
  with run_folder.open_run(path, settings, resume) as run:
    experiment = experiments.make(settings)
    inputs.keep(run, data=experiment.data_digest)
    with experiments.running(experiment):
      loop.run(
          run,
          experiment.steps,
          experiment.advance,
          experiment.evaluate,
          loop.spaced(experiment.steps, settings.evaluations),
          trackables={'trainer': experiment.trainer},
          checkpoint_seconds=settings.checkpoint_seconds,
          quiet=quiet,
      )
  return experiment


def result(settings: presets.Config, folder: pathlib.Path) -> str:
  """What a finished run's last evaluation found."""
  names = [f'{settings.split}top{k}' for k in (1, 5)]
  last = finished.read(folder, *names).metrics[-1]
  found = ', '.join(
      f'{name.replace("_", " ").replace("top", "top-")} {last[name]:.2f} %'
      for name in names
  )
  return f'{settings.method}, seed {settings.seed}: {found}'


def main(_):
  given = config.given(presets.Config)
  settings = presets.Config(
      **{**presets.PRESETS[flags.FLAGS.preset], **given}
  )
  folder = run_folder.resolve(flags.FLAGS.output)
  if train(settings, folder, flags.FLAGS.resume) is not None:
    print(result(settings, folder), f'Run: {folder}', sep='\n')


if __name__ == '__main__':
  config.define_flags(presets.Config)
  flags.DEFINE_enum(
      'preset',
      'paper-cifar10',
      list(presets.PRESETS),
      'Settings to start from; flags given beside it override them. '
      f'{config.describe(presets.PRESETS)}.',
  )
  run_folder.define_flags('runs/sg')
  run_main(main)
