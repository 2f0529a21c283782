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
from sg import experiment as experiment_lib
from sg import presets
from sg.pipelined import devices


def train(
    settings: presets.Config, path: pathlib.Path, resume: bool,
    quiet: bool = False,
) -> experiment_lib.Experiment | None:
  """Runs one setting in a run folder, and returns what was trained.

  None in a process that another one leads; see `replicas.Workers`.

  Args:
    settings: the settings.
    path: the run's folder.
    resume: whether to go on with what is there.
    quiet: whether to show no progress.

  Raises:
    UserError: a setting or the data cannot be used, or training diverged.
  """
  if devices.follows(settings):
    _prepare(settings).follow()
    return None
  with run_folder.open_run(path, settings, resume) as run:
    experiment = _prepare(settings)
    inputs.keep(run, data=experiment.data_digest)
    with experiment.leading():
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
    run.say(_result(settings, run.path))
  return experiment


def _result(settings: presets.Config, folder: pathlib.Path) -> str:
  """What a finished run's last evaluation found."""
  names = [f'{settings.split}top{k}' for k in (1, 5)]
  last = finished.read(folder, *names).metrics[-1]
  found = ', '.join(
      f'{name.replace("_", " ").replace("top", "top-")} {last[name]:.2f} %'
      for name in names
  )
  return f'{settings.method}, seed {settings.seed}: {found}'


def _prepare(settings: presets.Config) -> experiment_lib.Experiment:
  """Gets the devices, and makes on them what is to be trained."""
  environment.configure_threads(settings.threads)
  return experiment_lib.Experiment(settings, devices.prepare(settings))


def main(_):
  given = config.given(presets.Config)
  settings = presets.Config(
      **{**presets.PRESETS[flags.FLAGS.preset], **given}
  )
  train(settings, flags.FLAGS.output, flags.FLAGS.resume)


if __name__ == '__main__':
  config.define_flags(presets.Config)
  flags.DEFINE_enum(
      'preset',
      'paper-cifar10',
      list(presets.PRESETS),
      'Settings to start from; flags given beside it go before its own.',
  )
  run_folder.define_flags('runs/sg')
  run_main(main)
