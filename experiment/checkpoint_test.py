# SPDX-License-Identifier: Apache-2.0
"""Tests for checkpoint."""

import gc
import json
import os
import pathlib
import shutil
from unittest import mock

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np
import sonnet as snt
import tensorflow as tf

from experiment import atomic
from experiment import checkpoint
from experiment import errors

_FILES = (
    'host_state.json',
    'manifest.json',
    'state.data-00000-of-00001',
    'state.index',
)


class Case(parameterized.TestCase):

  def setUp(self):
    super().setUp()
    self.folder = pathlib.Path(self.create_tempdir().full_path) / 'checkpoints'
    self.lines = []
    self.variable = tf.Variable([0.0, 0.0])

  def checkpointer(self) -> checkpoint.Checkpointer:
    return checkpoint.Checkpointer(self.folder, self.lines.append)

  def save(self, *steps: int) -> None:
    saver = self.checkpointer()
    for step in steps:
      self.variable.assign([step, -step])
      saver.save(step, {'x': self.variable}, {'position': step})

  def restore(self) -> checkpoint.Restored | None:
    """Restores after other values were set."""
    self.variable.assign([0.5, 0.5])
    return self.checkpointer().restore({'x': self.variable})

  def assert_restores(self, step: int):
    restored = self.restore()
    self.assertEqual(restored.step, step)
    self.assertEqual(restored.host_state, {'position': step})
    self.assertEqual(self.variable.numpy().tolist(), [step, -step])

  def names(self) -> list[str]:
    return sorted(os.listdir(self.folder))


class CheckpointTest(Case):

  def test_reads_what_was_saved(self):
    self.save(5)
    self.assert_restores(5)
    self.assertEqual(self.lines, [])
    self.assertEqual(
        sorted(os.listdir(self.folder / 'step_000000005')), list(_FILES)
    )

  def test_nothing_saved_is_none(self):
    self.assertIsNone(self.restore())

  def test_keeps_the_newest(self):
    self.save(1, 2, 3, 10)
    self.assertEqual(self.names(), ['step_000000003', 'step_000000010'])
    self.assert_restores(10)

  def test_steps_are_in_the_order_of_numbers(self):
    self.save(999_999_999, 1_000_000_000)
    self.assert_restores(1_000_000_000)

  def test_keeps_all_kinds_of_variables(self):
    def make(value: float):
      return {
          'module': snt.Linear(2, w_init=snt.initializers.Constant(value)),
          'nest': [tf.Variable(value), {'a': (tf.Variable(value),)}],
          'save': tf.Variable([value], dtype=tf.float64),
          'count': tf.Variable(int(value), dtype=tf.int64),
      }

    saved, restored = make(3.0), make(0.0)
    for made in (saved, restored):
      made['module'](tf.ones([1, 2]))
    self.checkpointer().save(1, saved, {})
    self.checkpointer().restore(restored).check_complete()
    pairs = zip(
        tf.nest.flatten(saved), tf.nest.flatten(restored), strict=True
    )
    for a, b in pairs:
      if isinstance(a, tf.Variable):
        np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(saved['module'].w, restored['module'].w)

  def test_optimisers_that_make_their_variables_later_go_on_exactly(self):
    x = tf.random.stateless_normal([8, 2], [1, 2])

    def make():
      net, optimiser = snt.nets.MLP([4, 1]), snt.optimizers.Adam(0.1)

      @tf.function
      def step():
        with tf.GradientTape() as tape:
          loss = tf.reduce_mean(net(x) ** 2)
        variables = net.trainable_variables
        optimiser.apply(tape.gradient(loss, variables), variables)
        return loss

      return {'net': net, 'optimiser': optimiser}, step

    trackables, step = make()
    step()
    self.checkpointer().save(1, trackables, {})
    expected = [float(step()) for _ in range(3)]
    trackables, step = make()
    restored = self.checkpointer().restore(trackables)
    with self.assertRaisesRegex(errors.UserError, 'variables are not those'):
      restored.check_complete()
    actual = [float(step()) for _ in range(3)]
    restored = self.checkpointer().restore(trackables)
    restored.check_complete()
    self.assertEqual(actual, expected)

  def test_a_finished_run_that_never_steps_gets_no_warnings(self):
    x, optimiser = tf.Variable([1.0]), snt.optimizers.Adam(0.1)
    optimiser.apply([tf.constant([1.0])], [x])
    self.checkpointer().save(1, {'x': x, 'optimiser': optimiser}, {})
    unused = {'x': x, 'optimiser': snt.optimizers.Adam(0.1)}
    with self.assertNoLogs('tensorflow'):
      self.checkpointer().restore(unused)
      del unused
      gc.collect()

  def test_other_variables_are_refused(self):
    self.save(1)
    for wrong in (
        {'x': tf.Variable([0.0, 0.0, 0.0])},
        {'y': tf.Variable([0.0, 0.0])},
        {'x': self.variable, 'y': tf.Variable([0.0, 0.0])},
        {'x': tf.Variable([0, 0])},
        {'x': [tf.Variable([0.0, 0.0])]},
    ):
      with self.assertRaisesRegex(
          errors.UserError,
          r'step_000000001: its variables are not .*: resume at the commit',
      ) as caught:
        self.checkpointer().restore(wrong)
      self.assertNotIn('\n', str(caught.exception))


class DamageTest(Case):

  def damage(self, step: int, name: str, change) -> None:
    path = self.folder / f'step_{step:09d}' / name
    content = bytearray(path.read_bytes())
    path.write_bytes(bytes(change(content)))

  @parameterized.product(
      name=_FILES, change=('truncated', 'longer', 'flipped', 'empty', 'missing')
  )
  def test_a_damaged_checkpoint_is_passed_over(self, name, change):
    self.save(1, 2)
    path = self.folder / 'step_000000002' / name
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    changed = {
        'truncated': path.read_bytes()[:-1],
        'longer': path.read_bytes() + b'0',
        'flipped': bytes(content),
        'empty': b'',
    }
    if change == 'missing':
      path.unlink()
    else:
      path.write_bytes(changed[change])
    self.assert_restores(1)
    (line,) = self.lines
    self.assertRegex(
        line,
        f'^{self.folder}/step_000000002: {name} .*: using step_000000001 inst',
    )

  def test_any_flipped_bit_of_the_manifest_is_found_or_harmless(self):
    self.save(1)
    path = self.folder / 'step_000000001' / 'manifest.json'
    original = path.read_bytes()
    expected = json.loads(original)
    for position in range(len(original)):
      content = bytearray(original)
      content[position] ^= 1 << (position % 8)
      path.write_bytes(content)
      try:
        same = json.loads(content) == expected
      except ValueError:
        same = False
      fault = checkpoint._fault(path.parent)
      self.assertEqual(fault is None, same, content[max(0, position - 9) :])

  def test_the_checkpoint_of_another_step_is_passed_over(self):
    self.save(1, 2)
    (self.folder / 'step_000000002').rename(self.folder / 'step_000000007')
    self.assert_restores(1)
    self.assertIn('manifest.json is of another checkpoint', self.lines[0])

  def test_damaged_ones_are_set_aside_and_make_way(self):
    self.save(1, 2)
    (self.folder / 'step_000000002' / 'state.index').write_bytes(b'')
    self.assert_restores(1)
    self.assertEqual(
        self.names(), ['damaged_step_000000002', 'step_000000001']
    )
    self.assert_restores(1)
    self.assertLen(self.lines, 1)  # It is not named twice.
    self.save(2)
    self.assertEqual(self.names(), ['step_000000001', 'step_000000002'])
    self.assert_restores(2)

  def test_all_damaged_is_an_error_that_changes_nothing(self):
    self.save(1, 2)
    (self.folder / 'step_000000001' / 'manifest.json').unlink()
    (self.folder / 'step_000000002' / 'state.index').write_bytes(b'')
    with self.assertRaisesRegex(
        errors.UserError,
        f'^{self.folder}: no usable checkpoint '
        r'\(step_000000002: state.index has 0 bytes of \d+; '
        r'step_000000001: manifest.json cannot be read\): put a good one',
    ):
      self.restore()
    self.assertEqual(self.names(), ['step_000000001', 'step_000000002'])


class FailingSaveTest(Case):

  def test_leftovers_of_a_killed_save_are_removed(self):
    self.save(1)
    shutil.copytree(
        self.folder / 'step_000000001', self.folder / '.tmp_2' / 'x'
    )
    self.assert_restores(1)
    self.assertEqual(self.names(), ['step_000000001'])

  @parameterized.parameters(
      (tf.errors.ResourceExhaustedError, 'x; No space left on device'),
      (tf.errors.UnknownError, 'x; No space left on device'),
      (OSError, None),
  )
  def test_a_full_disk_is_one_clear_line(self, kind, message):
    self.save(1, 2)
    error = OSError(28, 'x') if kind is OSError else kind(None, None, message)
    with (
        mock.patch.object(checkpoint, '_digest', side_effect=error),
        self.assertRaisesRegex(
            errors.UserError,
            f'^{self.folder}: no space left on device: free some space and',
        ),
    ):
      self.save(3)
    self.assertEqual(self.names(), ['step_000000001', 'step_000000002'])
    self.assert_restores(2)

  def test_everything_is_on_disk_before_the_name(self):
    synced = []
    self.save(1)
    with mock.patch.object(atomic, 'sync', lambda p: synced.append(str(p))):
      with mock.patch.object(
          pathlib.Path, 'replace', side_effect=lambda _: synced.append('rename')
      ):
        self.save(2)
    temporary = self.folder / '.tmp_2'
    content = {str(temporary / name) for name in _FILES}
    self.assertEqual(set(synced[:4]), content)
    self.assertEqual(synced[4:], [str(temporary), 'rename', str(self.folder)])


if __name__ == '__main__':
  absltest.main()
