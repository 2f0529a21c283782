# SPDX-License-Identifier: Apache-2.0
"""Distils a teacher into a student (section 4.2).

    ./bazelw run //agents:distill -- --game=pong --alpha=1

`--alpha=0` is regular distillation. The states come from //agents:record.
"""

from experiment.startup import run_main

import math

from absl import flags
import numpy as np
import tensorflow as tf

from agents.a3c import evaluation
from agents.a3c import teacher_file
from agents.atari import network_input
from agents.distillation import constant_policy
from agents.distillation import dataset
from agents.distillation import recording as recording_lib
from agents.distillation import settings as settings_lib
from agents.distillation import split as split_lib
from agents.distillation import teachers
from agents.distillation import training
from experiment import config
from experiment import environment
from experiment import errors
from experiment import inputs
from experiment import loop
from experiment import run_folder
from report import finished

# Recorded probabilities come from other batches of the same network, and may
# come from a processor that multiplies in TF32.
_SAME = 5e-3
_CHECKED = 100  # States that this is looked at in.


class Distillation:
  """A student, its teacher, and the states to train and to test on.

  Attributes:
    trainer: trains the student.
    digests: of the files with the states and the teacher, by their settings.
  """

  def __init__(self, settings: settings_lib.Config):
    """Reads the files; UserError for what cannot be used."""
    self._settings = settings
    teacher_path = teachers.path(settings.game, settings.teacher)
    teacher = teacher_file.load(teacher_path, settings.game).network
    path = run_folder.resolve(settings.recording)
    recording = recording_lib.load(path, settings.game)
    found = split_lib.split(
        recording.episodes,
        settings.percent,
        settings.validation_percent,
        settings.seed,
    )
    self._episodes = len(np.unique(recording.episodes[found.train]))
    sides = {
        side: split_lib.spread(chosen, settings.tested_states)
        for side, chosen in found._asdict().items()
    }
    used = np.concatenate([found.train, *sides.values()])
    states = dataset.States(recording, used)
    self._sides = {side: tf.constant(chosen) for side, chosen in sides.items()}
    self.digests = {
        'recording': inputs.digest([path]),
        'teacher': inputs.digest([teacher_path]),
    }
    self._check(teacher, states, f'{path}: not of {teacher_path}')
    self.trainer = training.Trainer(settings, teacher, states, found.train)
    self._constant_kl = constant_policy.LEAST[settings.divergence](
        states.log_policy.numpy()[sides['validation']]
    )
    self._lowest = float('inf')

  def _check(self, teacher, states, message):
    some = split_lib.spread(self._sides['test'].numpy(), _CHECKED)
    logits = teacher.of_points(states.points(some)).logits
    recorded = tf.exp(tf.gather(states.log_policy, some))
    if np.abs(tf.nn.softmax(logits) - recorded).max() > _SAME:
      raise errors.UserError(
          f'{message}: its policy is another: record that teacher anew with '
          '//agents:record, or choose the right one by --teacher'
      )

  def advance(self, step: int, until: int) -> dict[str, tf.Tensor]:
    """Makes updates."""
    return self.trainer.advance(
        tf.constant(step, tf.int64), tf.constant(until, tf.int64)
    )

  def evaluate(self, step: int) -> dict[str, float]:
    """The row after an update.

    Returns:
      `test_kl`, `test_action_error` and so on; `episodes`, the number of those
      that train; `constant_kl`, what a policy that does not look at the state
      would have for `validation_kl` at the least.
    """
    row = {
        f'{side}_{name}': value
        for side, chosen in self._sides.items()
        for name, value in self.trainer.test(chosen).items()
    }
    self._lowest = min(self._lowest, row['test_kl'])
    row |= {
        'lowest_test_kl': self._lowest,
        'episodes': self._episodes,
        'constant_kl': self._constant_kl,
    }
    last = step == self._settings.steps
    row['score'] = self._score() if last else float('nan')
    return row

  def _score(self) -> float:
    settings = self._settings
    if not settings.score_games:
      return float('nan')
    student = self.trainer.student
    player = evaluation.Player(
        settings.game,
        lambda observations: student(network_input.points(observations)),
    )
    scores = player.scores(
        settings.score_games, greedy=False, seed=1 + settings.seed,
        max_steps=settings.max_game_steps,
    )
    return float(np.mean(scores))

  def state(self) -> float | None:
    """What the next row depends on; none before the first."""
    return self._lowest if np.isfinite(self._lowest) else None

  def restore(self, state: float | None) -> None:
    """Goes back to what `state` gave."""
    self._lowest = float('inf') if state is None else state


def distill(
    settings: settings_lib.Config, path: str, resume: bool, quiet: bool = False
) -> Distillation:
  """Trains a student in a run folder, or goes on there."""
  environment.configure_threads(settings.threads)
  with run_folder.open_run(path, settings, resume) as run:
    experiment = Distillation(settings)
    inputs.keep(run, **experiment.digests)
    loop.run(
        run,
        settings.steps,
        experiment.advance,
        experiment.evaluate,
        [0, *loop.spaced(settings.steps, settings.evaluations)],
        trackables={'trainer': experiment.trainer},
        host_state={'experiment': experiment},
        checkpoint_seconds=settings.checkpoint_seconds,
        # There is a score at the end only.
        must_be_finite=('kl', 'gradient_distance', 'test_kl', 'train_kl'),
        quiet=quiet,
        unit='update',
    )
  return experiment


def main(_):
  settings = config.from_flags(settings_lib.Config)
  distill(settings, flags.FLAGS.output, flags.FLAGS.resume)
  found = finished.read(run_folder.resolve(flags.FLAGS.output)).metrics[-1]
  played = not math.isnan(found['score'])
  print(
      f'{settings.game} {settings.method}: test KL {found["test_kl"]:.4g} '
      f'nats, another action in {100 * found["test_action_error"]:.2f} % of '
      'states' + played * f', score {found["score"]:.1f}'
  )


if __name__ == '__main__':
  config.define_flags(settings_lib.Config)
  run_folder.define_flags('runs/distillation')
  run_main(main)
