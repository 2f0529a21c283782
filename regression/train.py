# SPDX-License-Identifier: Apache-2.0
"""Trains the networks of one setting of section 4.1.

    ./bazelw run //regression:train -- --functions=ackley --size=100

All functions and seeds of a setting make one ensemble, trained by one compiled
program; a single network is an ensemble of one.
"""

from experiment.startup import run_main

from collections.abc import Mapping
import dataclasses
import itertools
import os
from typing import Any

from absl import flags
import numpy as np
import tensorflow as tf

from experiment import config
from experiment import environment
from experiment import errors
from experiment import inputs
from experiment import loop
from experiment import run_folder
from experiment import writers
from regression import ensemble as ensemble_lib
from regression import functions
from regression import networks
from regression import recorded
from regression import training
from sobolev_training import distances

METHODS = ('regular', 'sobolev')
_PROGRAM = 'regression.train'
_LEAST_DIFFERENCE = 1e-3  # In inputs of a size of 1 to 10.


@dataclasses.dataclass(frozen=True)
class Settings:
  """What Figure 2's runs share; marks as in docs/deviations.md."""

  seeds: int = config.setting(1, 'Number of networks per function.', minimum=1)
  first_seed: int = config.setting(
      0, 'Seed of the first network.', minimum=0, maximum=10**9
  )
  steps: int = config.setting(
      200_000, 'Number of updates.', 'steps', 'deviations 1 [O]',
      minimum=1,
  )
  batch_size: int = config.setting(
      100,
      'Batch size; 0 for full batch.',
      'points',
      'deviations 2 [O]',
      minimum=0,
  )
  learning_rate: float = config.setting(
      3e-5, 'Learning rate of Adam.',
      source='supplement [M; S: Tikquuss/lwd]', above=0,
  )
  schedule: str = config.setting(
      'constant',
      'Learning rate schedule: constant, or half a cosine down to 0.',
      source='deviations 3 [O]',
      choices=('constant', 'cosine'),
  )
  gradient_weight: float = config.setting(
      1.0,
      'Weight of the gradient term of the Sobolev loss.',
      source='section 4.1: 1 [V]',
      above=0,
  )
  distance: str = config.setting(
      'squared_l2',
      'Distance between gradients in the Sobolev loss.',
      source='section 4.1 [V]',
      choices=distances.NAMES,
  )
  difference: float = config.setting(
      0.0,
      "Half the width of central differences that stand for the network's "
      'gradient in the loss; 0 for the gradient. Their derivative has what '
      'backpropagation misses of a ReLU network (docs/derivatives.md).',
      "inputs' units, or with --standardise their deviations",
      'section 4.1: the gradient [V]',
      minimum=0, maximum=1000,
  )
  balance: str = config.setting(
      'fixed',
      'Weights of the two terms of the Sobolev loss: fixed, or multiplied by '
      'factors that adapt (sobolev_training/balancing.py).',
      source='section 4.1: fixed [V]',
      choices=('fixed', 'relobralo'),
  )
  standardise: bool = config.setting(
      False,
      'Whether to scale inputs and outputs to mean 0 and standard deviation 1.',
      source='supplement: raw [M, weak]',
  )
  initialisation: str = config.setting(
      'sonnet',
      "Initialisation: Sonnet's default, or PyTorch's, which draws biases too.",
      source='deviations 4 [O]',
      choices=tuple(networks.INITIALISERS),
  )
  hidden: tuple[int, ...] = config.setting(
      (256, 256), 'Number of units per hidden layer.', source='section 4.1 [V]',
      minimum=1,
  )
  activation: str = config.setting(
      'relu',
      'Activation of the hidden layers.',
      source='section 4.1 [V]',
      choices=tuple(networks.ACTIVATIONS),
  )
  evaluations: int = config.setting(
      30, 'Number of evaluations, evenly spaced in log steps; 3 at the least.',
      minimum=2,
  )
  threads: int = config.setting(
      0,
      'Number of threads; 0 for all cores. Rounding errors of batches of some '
      'hundred points depend on it.',
      minimum=0, maximum=1024,
      affects_result=False,
  )
  chunk: int = config.setting(
      -1,
      'Number of networks trained at a time; 0 for all, -1 to choose by '
      'device: 1 on a CPU, all on a GPU. Changes rounding errors.',
      minimum=-1,
  )
  checkpoint_seconds: float = config.setting(
      60, 'Time between checkpoints.', 's', above=0, affects_result=False
  )

  @staticmethod
  def upgrade(before: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of a run made when there were fewer; see `config`."""
    return {'balance': 'fixed', 'difference': 0.0, **before}


@dataclasses.dataclass(frozen=True)
class Config(Settings):
  """One run of Figure 2."""

  functions: tuple[str, ...] = config.setting(
      ('styblinski_tang',),
      'Target functions: names in regression/functions.py, or .npz files with '
      'recorded x [N, D], y [N] and gradient [N, D].',
      distinct=True,
  )
  size: int = config.setting(
      100,
      'Number of training points.',
      'points',
      'section 4.1: 20, 100 and 10,000 [V]',
      minimum=1,
  )
  method: str = config.setting(
      'sobolev', 'Loss: values only (regular), or values and gradients.',
      source='section 4.1 [V]', choices=METHODS
  )


def evaluation_steps(steps: int, count: int) -> list[int]:
  """`count` steps, at least 3, from 100 or fewer, evenly spaced in logarithm.

  Three quarters of the steps, for the plateau check, and the last are always
  among them.
  """
  first = min(100, steps)
  spaced = np.geomspace(first, steps, count - 1).round().astype(int)
  return sorted({*spaced.tolist(), max(1, round(0.75 * steps)), steps})


def configure_threads(threads: int) -> int:
  """Gives TensorFlow so many threads, 0 for all cores; returns the number.

  To be called before anything else of TensorFlow, which then starts them.
  """
  # XLA runs on the threads of one operation: so many programs at a time, each
  # of which must not cut its small products into pieces for the others.
  threads = environment.configure_threads(threads)
  if threads > 1:
    before = os.environ.get('XLA_FLAGS', '')
    os.environ['XLA_FLAGS'] = f'{before} --xla_cpu_multi_thread_eigen=false'
  return threads


def make_ensemble(settings: Config, threads: int) -> ensemble_lib.Ensemble:
  """The networks that the settings ask for.

  Raises:
    UserError: an unknown function, or data that cannot be used.
  """
  unknown = [
      name
      for name in settings.functions
      if name not in functions.FUNCTIONS and not name.endswith(recorded.SUFFIX)
  ]
  if unknown:
    raise errors.UserError(
        f'--functions={unknown[0]}: expected some of '
        f'{", ".join(functions.FUNCTIONS)}, or .npz files'
    )
  if 0 < settings.difference < _LEAST_DIFFERENCE:
    raise errors.UserError(
        f'--difference={settings.difference:g}: expected 0, or at least '
        f'{_LEAST_DIFFERENCE:g}, as float32 resolves no slope between closer '
        'points; --standardise scales inputs that are small'
    )
  if not settings.hidden:
    raise errors.UserError('--hidden=: expected one layer or more')
  seeds = range(settings.first_seed, settings.first_seed + settings.seeds)
  members = [
      ensemble_lib.Member(*pair)
      for pair in itertools.product(settings.functions, seeds)
  ]
  chunk = settings.chunk
  if chunk < 0:
    chunk = 0 if tf.config.list_physical_devices('GPU') else 1
  sobolev = settings.method == 'sobolev'
  method = training.Method(
      gradient_weight=settings.gradient_weight if sobolev else 0.0,
      distance=settings.distance,
      difference=settings.difference,
      balanced=sobolev and settings.balance == 'relobralo',
      learning_rate=settings.learning_rate,
      decay_steps=settings.steps if settings.schedule == 'cosine' else 0,
      activation=settings.activation,
      chunk=chunk,
  )
  return ensemble_lib.Ensemble(
      members,
      settings.size,
      method,
      hidden=settings.hidden,
      batch_size=settings.batch_size,
      initialisation=settings.initialisation,
      standardise=settings.standardise,
      threads=threads,
  )


def train(
    settings: Config,
    path: os.PathLike[str] | str,
    resume: bool,
    quiet: bool = False,
) -> ensemble_lib.Ensemble:
  """Runs one setting in a run folder, and returns the trained networks.

  Args:
    settings: the settings.
    path: the run's folder.
    resume: whether to go on with what is there.
    quiet: whether to show no progress.

  Returns:
    The networks, also when the run was finished before.
  """
  # Other programs train too, which do not take these settings.
  with run_folder.open_run(path, settings, resume, _PROGRAM, quiet) as run:
    ensemble = make_ensemble(settings, configure_threads(settings.threads))
    files = [f for f in settings.functions if f.endswith(recorded.SUFFIX)]
    inputs.keep(run, functions=inputs.digest(map(run_folder.resolve, files)))

    def advance(step, until):
      ensemble.advance(step, until)
      return {'loss': float(np.median(ensemble.loss))}

    def evaluate(step):
      del step
      for index, member in enumerate(ensemble.members):
        scalars = {
            'train_loss': ensemble.loss[index],
            **ensemble.validation_errors(index),
            **ensemble.test_errors(index),
            'network_seconds': ensemble.seconds,
        }
        yield writers.Row(scalars, member._asdict())

    loop.run(
        run,
        settings.steps,
        advance,
        evaluate,
        evaluation_steps(settings.steps, settings.evaluations),
        trackables={'ensemble': ensemble},
        host_state={'ensemble': ensemble},
        checkpoint_seconds=settings.checkpoint_seconds,
        quiet=quiet,
    )
  return ensemble


def main(_):
  folder = run_folder.resolve(flags.FLAGS.output)
  ensemble = train(config.from_flags(Config), folder, flags.FLAGS.resume)
  for index, member in enumerate(ensemble.members):
    errors_found = ensemble.test_errors(index)
    print(
        f'{member.function} seed {member.seed}: test MSE '
        f'{errors_found["test_mse"]:.4g}, of the gradient '
        f'{errors_found["test_gradient_mse"]:.4g}'
    )
  print(f'Run: {folder}')


if __name__ == '__main__':
  config.define_flags(Config)
  run_folder.define_flags('runs/regression')
  run_main(main)
