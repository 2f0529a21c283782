# SPDX-License-Identifier: Apache-2.0
"""Tests for session."""

import pathlib
import shutil
from unittest import mock

from absl.testing import absltest
from absl.testing import parameterized
import tensorflow as tf

from experiment import errors
from experiment import progress
from experiment import run_folder
from experiment import session
from experiment import writers


class Position:
  """Some state of the host."""

  def __init__(self, value: int):
    self.value = value

  def state(self):
    return [self.value]

  def restore(self, state):
    (self.value,) = state


class SessionTest(parameterized.TestCase):

  def setUp(self):
    super().setUp()
    path = pathlib.Path(self.create_tempdir().full_path)
    self.run_ = run_folder.Run(path, resumed=False)
    self.measured = {'loss': 1.0}
    self.variable = tf.Variable(0)

  def open(self, position: Position, **arguments) -> session.Session:
    return session.Session(
        **{
            'run': self.run_,
            'evaluate': lambda step: self.measured,
            'trackables': {'x': self.variable},
            'host_state': {'position': position},
            'must_be_finite': None,
            **arguments,
        }
    )

  def steps(self) -> list[str]:
    text = (self.run_.path / 'metrics.csv').read_text()
    return [line.partition(',')[0] for line in text.splitlines()[1:]]

  def test_restores_all_that_was_saved(self):
    with self.open(Position(7)) as files:
      self.assertIsNone(files.restore(100))
      files.evaluate(0)
      self.variable.assign(3)
      files.save(5)
      files.evaluate(10)
    self.assertEqual(self.steps(), ['0', '10'])
    self.variable.assign(0)
    position = Position(0)
    with self.open(position) as files:
      self.assertEqual(files.restore(100), 5)
      self.assertGreater(files.seconds, 0.0)
    self.assertEqual((int(self.variable), position.value), (3, 7))
    self.assertEqual(self.steps(), ['0'])

  def test_without_a_checkpoint_the_files_are_empty(self):
    with self.open(Position(0)) as files:
      files.evaluate(0)
    with self.open(Position(0)) as files:
      self.assertIsNone(files.restore(100))
    self.assertEqual(self.steps(), [])

  def test_without_the_checkpoints_that_were_saved_nothing_is_cut(self):
    with self.open(Position(7)) as files:
      files.evaluate(0)
      files.save(1)
      progress.ProgressFile(self.run_.path, 9).update(1, files.saved)
    shutil.rmtree(self.run_.path / 'checkpoints')
    with self.open(Position(0)) as files, self.assertRaisesRegex(
        errors.UserError, 'checkpoints: empty, although the run saved step 1'
    ):
      files.restore(100)
    self.assertEqual(self.steps(), ['0'])

  @parameterized.parameters({}, {'position': 7}, {'position': [1, 2]})
  def test_a_checkpoint_with_another_state_is_named(self, **host_state):
    with self.open(Position(7)) as files:
      state = {'writers': files._writers.state(), **host_state}
      files._checkpointer.save(1, {'x': self.variable}, state)
    with self.open(Position(0)) as files, self.assertRaisesRegex(
        errors.UserError, "step 1 was saved by .* state of 'position': resume"
    ):
      files.restore(100)

  def test_saves_when_the_last_time_is_long_ago(self):
    with self.open(Position(0)) as files, mock.patch.object(
        session.time, 'monotonic', return_value=1e9
    ) as monotonic:
      files.save(1)
      monotonic.return_value += 59.0
      files.save(2, after_seconds=60.0)
      self.assertLen(list((self.run_.path / 'checkpoints').iterdir()), 1)
      monotonic.return_value += 1.0
      files.save(3, after_seconds=60.0)
      self.assertLen(list((self.run_.path / 'checkpoints').iterdir()), 2)

  @parameterized.parameters(
      ({'loss': 2.0}, ['1']),
      ([writers.Row({'loss': 2.0}), writers.Row({'loss': 3.0})], ['1', '1']),
      ((writers.Row({'loss': float(i)}) for i in range(3)), ['1'] * 3),
  )
  def test_writes_one_row_or_several(self, measured, steps):
    self.measured = measured
    with self.open(Position(0)) as files:
      files.evaluate(1)
    self.assertEqual(self.steps(), steps)

  @parameterized.parameters(
      (None, {'a': 1.0, 'b': float('nan')}, True),
      (None, {'a': 1.0, 'b': 2.0}, False),
      (['a'], {'a': 1.0, 'b': float('nan')}, False),
      (['b'], {'a': 1.0, 'b': float('inf')}, True),
      ([], {'a': float('nan')}, False),
  )
  def test_scalars_that_must_be_finite(self, names, scalars, diverged):
    row = writers.Row(scalars, {'seed': 3})
    with self.open(Position(0), must_be_finite=names) as files:
      if diverged:
        with self.assertRaisesRegex(
            errors.UserError, r'^diverged: b \(seed=3\) is \w+ after step 9: '
        ):
          files.check(9, row)
      else:
        files.check(9, row)

  def test_an_error_is_not_hidden_by_what_comes_of_it(self):
    full = errors.UserError('metrics.csv: no space left on device')
    close = mock.patch.object(writers.Writers, 'close', side_effect=full)
    with close, self.assertRaisesRegex(KeyError, 'first'):
      with self.open(Position(0)):
        raise KeyError('first')
    with close, self.assertRaisesRegex(errors.UserError, 'no space'):
      with self.open(Position(0)):
        pass


if __name__ == '__main__':
  absltest.main()
