# SPDX-License-Identifier: Apache-2.0
"""Tests for loop."""

import dataclasses
import json
import os
import pathlib
import re
import shutil
import signal
from unittest import mock

from absl.testing import absltest
from absl.testing import parameterized
import tensorflow as tf

from experiment import checkpoint
from experiment import config
from experiment import errors
from experiment import loop
from experiment import run_folder
from experiment import testing
from experiment import writers


@dataclasses.dataclass(frozen=True)
class Config:
  steps: int = config.setting(100, 'Updates.', minimum=1)


class Training:
  """A stand-in for training; it writes down what the loop asks of it."""

  def __init__(self):
    self.x = tf.Variable(1, dtype=tf.int64)
    self.calls = []
    self.evaluated = []
    self.stop_at = None
    self.draws = 0  # Some state of the host.
    self.scalars = None

  def advance(self, step: int, until: int):
    self.calls.append((step, until))
    for i in range(step, until):
      # Depends on the order of all steps.
      self.x.assign((31 * self.x + i) % 1_000_003)
      self.draws += 1
      if i == self.stop_at:
        os.kill(os.getpid(), signal.SIGTERM)
    return self.scalars

  def evaluate(self, step: int):
    self.evaluated.append(step)
    return {'x': int(self.x), 'draws': self.draws}

  def state(self):
    return self.draws

  def restore(self, state):
    self.draws = state


def _expected(steps: int) -> int:
  x = 1
  for i in range(steps):
    x = (31 * x + i) % 1_000_003
  return x


class CallLengthTest(absltest.TestCase):

  def test_is_what_takes_a_second(self):
    self.assertEqual(loop.call_length(100, steps=100, seconds=0.5), 200)
    self.assertEqual(loop.call_length(100, steps=100, seconds=4.0), 25)
    # An evaluation came after 10 steps.
    self.assertEqual(loop.call_length(100, steps=10, seconds=0.1), 100)

  def test_is_at_least_a_step(self):
    self.assertEqual(loop.call_length(1, steps=1, seconds=30.0), 1)

  def test_does_not_trust_one_fast_call(self):
    self.assertEqual(loop.call_length(5, steps=5, seconds=0.0), 20)


class SpacedTest(absltest.TestCase):

  def test_evenly_to_the_end(self):
    self.assertEqual(loop.spaced(10, 4), [2, 5, 8, 10])
    self.assertEqual(loop.spaced(10, 3), [3, 7, 10])
    self.assertEqual(loop.spaced(2, 5), [1, 2])


class LoopTest(parameterized.TestCase):

  def setUp(self):
    super().setUp()
    self.path = pathlib.Path(self.create_tempdir().full_path) / 'run'

  def run_loop(
      self, training: Training, resume: bool = True, **arguments
  ) -> None:
    arguments = {
        'evaluate': training.evaluate,
        'evaluate_at': range(0, 101, 20),
        **arguments,
    }
    with run_folder.open_run(self.path, Config(), resume) as run:
      loop.run(
          run,
          100,
          training.advance,
          trackables={'x': training.x},
          host_state={'training': training},
          quiet=True,
          **arguments,
      )

  def metrics(self) -> list[list[str]]:
    lines = (self.path / 'metrics.csv').read_text().splitlines()
    return [line.split(',')[:1] + line.split(',')[2:] for line in lines]

  def saved(self) -> list[str]:
    return sorted(p.name for p in (self.path / 'checkpoints').iterdir())

  def test_trains_and_evaluates(self):
    training = Training()
    self.run_loop(training)
    self.assertEqual(int(training.x), _expected(100))
    self.assertEqual(
        self.metrics(),
        [['step', 'x', 'draws']]
        + [[f'{n}', f'{_expected(n)}', f'{n}'] for n in range(0, 101, 20)],
    )
    self.assertEqual(self.saved(), ['step_000000100'])
    finished = json.loads((self.path / 'finished.json').read_text())
    self.assertEqual(finished['steps'], 100)
    progress = json.loads((self.path / 'progress.json').read_text())
    self.assertEqual(
        progress, {'step': 100, 'total_steps': 100, 'saved': 100}
    )
    *_, result = (self.path / 'log.txt').read_text().splitlines()
    self.assertRegex(result, r' result: step 100  [0-9.]+ s  \w+ [-0-9.e]+')

  def test_calls_are_gapless_and_end_at_evaluations(self):
    training = Training()
    self.run_loop(training, evaluate_at=[7, 50])
    begins, ends = zip(*training.calls, strict=True)
    self.assertEqual((0, *ends[:-1]), begins)
    self.assertContainsSubset([7, 50, 100], ends)
    self.assertEqual(training.evaluated, [7, 50])

  def test_calls_get_longer_while_they_are_fast(self):
    training = Training()
    self.run_loop(training, evaluate_at=[])
    lengths = [until - step for step, until in training.calls]
    # The first, which compiles, does not count.
    self.assertEqual(lengths[:4], [1, 1, 4, 16])

  def test_a_signal_saves_and_a_later_call_goes_on_exactly(self):
    training = Training()
    training.stop_at = 43
    with self.assertRaisesRegex(
        errors.Interrupted,
        rf'{self.path}: saved at step \d+ of 100: continue with --resume',
    ) as caught:
      self.run_loop(training)
    self.assertEqual(caught.exception.signum, signal.SIGTERM)
    step = training.calls[-1][1]
    self.assertEqual(self.saved(), [f'step_{step:09d}'])

    resumed = Training()
    self.run_loop(resumed)
    self.assertEqual(resumed.calls[0][0], step)
    self.assertEqual(resumed.draws, 100)
    self.assertEqual(int(resumed.x), _expected(100))
    self.assertEqual(
        [row[:2] for row in self.metrics()[1:]],
        [[f'{n}', f'{_expected(n)}'] for n in range(0, 101, 20)],
    )

  def test_results_do_not_depend_on_the_length_of_the_calls(self):
    with mock.patch.object(loop, 'call_length', lambda *_: 3):
      training = Training()
      self.run_loop(training)
    self.assertEqual(int(training.x), _expected(100))

  def test_checkpoints_come_by_the_clock(self):
    saves = []
    save = checkpoint.Checkpointer.save
    with mock.patch.object(
        checkpoint.Checkpointer,
        'save',
        lambda *args: saves.append(args[1]) or save(*args),
    ):
      self.run_loop(Training(), checkpoint_seconds=0)
    self.assertEqual(saves, sorted(set(saves)))
    self.assertContainsSubset(range(20, 101, 20), saves)

  def test_a_finished_run_gets_its_variables_back(self):
    self.run_loop(Training())
    before = (self.path / 'metrics.csv').read_bytes()
    training = Training()
    self.run_loop(training)
    self.assertEqual(training.calls, [])
    self.assertEqual(int(training.x), _expected(100))
    self.assertEqual((self.path / 'metrics.csv').read_bytes(), before)

  def test_a_finished_run_without_its_last_checkpoint(self):
    self.run_loop(Training())
    before = (self.path / 'metrics.csv').read_bytes()
    shutil.rmtree(self.path / 'checkpoints')
    with self.assertRaisesRegex(
        errors.UserError, f'{self.path}: finished, but .*step 100: put it back'
    ):
      self.run_loop(Training())
    self.assertEqual((self.path / 'metrics.csv').read_bytes(), before)

  def test_rows_with_labels(self):
    self.run_loop(
        Training(),
        evaluate=lambda step: [
            writers.Row({'loss': step / 4}, {'method': method})
            for method in ('a', 'b')
        ],
        evaluate_at=[100],
    )
    self.assertEqual(
        self.metrics(),
        [
            ['step', 'method', 'loss'],
            ['100', 'a', '25.0'],
            ['100', 'b', '25.0'],
        ],
    )

  @parameterized.parameters(float('nan'), float('inf'), -float('inf'))
  def test_divergence_is_named(self, value):
    with self.assertRaisesRegex(
        errors.UserError,
        rf'^diverged: loss \(seed=1\) is {value} after step 40: lower the',
    ):
      self.run_loop(
          Training(),
          evaluate=lambda step: [
              writers.Row({'loss': value if step * seed == 40 else 1.0},
                          {'seed': seed})
              for seed in range(2)
          ],
      )
    self.assertTrue(run_folder.diverged(self.path))
    # The row is there to be looked at, and no checkpoint has its state.
    self.assertIn(['40', '1', f'{value}'], self.metrics())
    self.assertFalse((self.path / 'finished.json').exists())
    self.assertEqual(self.saved(), [])

  def test_divergence_in_training_is_named(self):
    training = Training()
    training.scalars = {'train_loss': float('nan')}
    with self.assertRaisesRegex(
        errors.UserError, '^diverged: train_loss is nan after step 1: lower'
    ):
      self.run_loop(training)

  def test_some_scalars_may_diverge(self):
    training = Training()
    training.scalars = {'norm': float('inf')}
    self.run_loop(
        training,
        evaluate=lambda step: {'loss': 1.0, 'ratio': float('nan')},
        must_be_finite=['loss'],
    )
    with self.assertRaisesRegex(errors.UserError, 'diverged: ratio is nan'):
      self.path = self.path.with_name('other')
      self.run_loop(
          Training(),
          evaluate=lambda step: {'loss': 1.0, 'ratio': float('nan')},
          must_be_finite=['ratio'],
      )

  @parameterized.parameters(101, -1)
  def test_evaluations_that_never_come_are_refused(self, step):
    with self.assertRaisesRegex(
        ValueError, f'evaluate_at: expected steps from 0 to 100, got {step}'
    ):
      self.run_loop(Training(), evaluate_at=[0, step])

  def test_variables_that_were_not_restored_are_named(self):
    training = Training()
    training.stop_at = 10
    with self.assertRaises(errors.Interrupted):
      self.run_loop(training)
    with run_folder.open_run(self.path, Config(), resume=True) as run:
      with self.assertRaisesRegex(
          errors.UserError, 'its variables are not those of this program'
      ):
        loop.run(
            run, 100, training.advance, training.evaluate, [], trackables={},
            host_state={'training': training}, quiet=True,
        )


class ExampleTest(absltest.TestCase):

  def test_the_program_in_the_docstring(self):
    folder = pathlib.Path(self.create_tempdir().full_path)
    program = testing.example_program(folder)
    output = folder / 'output.txt'
    process = testing.Process(
        output, testing.run_program, program, f'--output={folder}/run'
    )
    self.assertEqual(process.wait(), 0, process.output())
    self.assertEqual(process.output(), '')
    rows = (folder / 'run' / 'metrics.csv').read_text().splitlines()
    self.assertLen(rows, 22)
    losses = [float(row.rpartition(',')[2]) for row in rows[1:]]
    self.assertEqual(losses[0], 6.5)  # (3^2 + 2^2) / 2
    self.assertLess(losses[-1], 2.0)  # The noise does not let it be 0.
    stored = json.loads((folder / 'run' / 'config.json').read_text())
    self.assertEqual(stored['seeds'], {'seed': 0})
    self.assertRegex(stored['command'], re.compile(r'quadratic$'))

  def test_wrong_settings_are_one_line(self):
    folder = pathlib.Path(self.create_tempdir().full_path)
    program = testing.example_program(folder)
    for argument, expected in (
        ('--learning_rate=-1', 'expected a number above 0'),
        ('--learning_rte=1', 'Did you mean: learning_rate'),
        ('--output=/dev/null/run', '/dev/null/run: not a directory'),
        ('--learning_rate=1e30', r'diverged: loss is \S+ after step \d+: '),
    ):
      process = testing.Process(
          folder / 'output.txt',
          testing.run_program,
          program,
          f'--output={folder}/run',
          argument,
      )
      self.assertEqual(process.wait(), 2)
      self.assertRegex(
          process.output(), rf'\Aerror: [^\n]*{expected}[^\n]*\n\Z'
      )


if __name__ == '__main__':
  absltest.main()
