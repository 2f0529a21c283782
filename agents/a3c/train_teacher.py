# SPDX-License-Identifier: Apache-2.0
"""Trains a teacher for section 4.2 with A3C.

    ./bazelw run //agents:train_teacher -- --game=pong

The run's folder gets, beside the checkpoints and metrics.csv: `last.npz` and
`best.npz`, the teacher at the last and at the best evaluation so far, and at
the end `teacher.npz`, the best one with a longer evaluation of the very weights
that the file holds.
"""

from experiment.startup import run_main

import time

from absl import flags
import numpy as np
import tensorflow as tf

from agents.a3c import curve as curve_lib
from agents.a3c import evaluate_teacher
from agents.a3c import settings as settings_lib
from agents.a3c import teacher_file
from agents.a3c import teacher_run
from experiment import config
from experiment import inputs
from experiment import loop
from experiment import run_folder

TEACHER = 'teacher.npz'


def train(
    settings: settings_lib.Config, path: str, resume: bool, quiet: bool = False
) -> teacher_run.TeacherRun:
  """Trains in a run folder, or goes on there; returns what was trained."""
  with run_folder.open_run(path, settings, resume) as run:
    experiment = teacher_run.TeacherRun(settings)
    if settings.start_from:
      start = inputs.digest([run_folder.resolve(settings.start_from)])
      inputs.keep(run, start_from=start)
    curve = curve_lib.Curve(experiment, settings, run.path)

    def advance(step, until):
      started = time.monotonic()
      curve.scalars = experiment.learner.advance(step, until)
      seconds = time.monotonic() - started
      shown = {
          'agent_steps/s': (until - step) * settings.steps_of_update / seconds
      }
      score = experiment.training_score()
      if np.isfinite(score):  # Once an episode has ended.
        shown['score'] = score
      return {**shown, **curve.scalars}

    try:
      loop.run(
          run,
          settings.updates,
          advance,
          curve.evaluate,
          loop.spaced(settings.updates, settings.rows)
          + loop.spaced(settings.updates, settings.evaluations),
          trackables={
              'parameters': experiment.network,
              'statistics': experiment.optimiser,
          },
          host_state={'learner': experiment.learner, 'curve': curve},
          checkpoint_seconds=settings.checkpoint_seconds,
          # A score is not a number before the first episode has ended.
          must_be_finite=(
              'policy_loss', 'value_loss', 'entropy', 'gradient_norm'
          ),
          quiet=quiet,
          unit='update',
      )
    finally:
      experiment.learner.close()
    if not (run.path / TEACHER).exists():
      evaluate_teacher.evaluate(
          evaluate_teacher.Config(
              game=settings.game,
              teacher=str(run.path / curve_lib.BEST),
              evaluated=str(run.path / TEACHER),
              games=settings.final_games,
              max_game_steps=settings.max_game_steps,
              sticky=settings.sticky,
          ),
          experiment.play,
      )
  return experiment


def configure_threads(workers: int) -> None:
  """To be called before anything else of TensorFlow."""
  # A worker computes in its own thread; cutting its small products into pieces
  # for the others would only make them wait for each other.
  tf.config.threading.set_intra_op_parallelism_threads(1)
  tf.config.threading.set_inter_op_parallelism_threads(workers + 1)


def main(_):
  settings = config.from_flags(settings_lib.Config)
  configure_threads(settings.workers)
  output = flags.FLAGS.output
  train(settings, output, flags.FLAGS.resume)
  path = run_folder.resolve(output) / TEACHER
  print(
      evaluate_teacher.describe(teacher_file.load(path, settings.game).record)
  )
  print(f'Teacher: {path}')


if __name__ == '__main__':
  config.define_flags(settings_lib.Config)
  run_folder.define_flags('runs/teacher')
  run_main(main)
