# SPDX-License-Identifier: Apache-2.0
"""Tests for writers."""

import csv
import json
import os
import pathlib
import struct

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np
import tensorflow as tf

from experiment import errors
from experiment import testing
from experiment import writers


def _rows(folder: pathlib.Path) -> list[dict[str, str]]:
  with open(folder / 'metrics.csv', newline='') as file:
    return list(csv.DictReader(file))


def _events(folder: pathlib.Path) -> list[tuple[int, str, float]]:
  """Step, tag and value of each scalar, in the order of the files."""
  found = []
  for path in sorted((folder / 'events').iterdir()):
    data = path.read_bytes()
    while data:  # A TFRecord: length, checksum, content, checksum.
      (length,) = struct.unpack('<Q', data[:8])
      event = tf.compat.v1.Event.FromString(data[12 : 12 + length])
      data = data[16 + length :]
      for value in event.summary.value:
        found.append((event.step, value.tag, value.tensor.float_val[0]))
  return found


class WritersTest(parameterized.TestCase):

  def setUp(self):
    super().setUp()
    self.folder = pathlib.Path(self.create_tempdir().full_path)

  def test_one_dict_is_row_events_and_line(self):
    out = writers.Writers(self.folder)
    labels = {'method': 'sobolev', 'seed': 3}
    out.write(0, writers.Row({'loss': 2.0, 'error': 0.5}, labels))
    labels = {'method': 'reg', 'seed': 4}
    (line,) = out.write(10, writers.Row({'loss': 1.0, 'error': 0.25}, labels))
    out.close()
    rows = _rows(self.folder)
    self.assertEqual(
        list(rows[0]), ['step', 'seconds', 'method', 'seed', 'loss', 'error']
    )
    self.assertEqual(
        [list(row.values())[2:] for row in rows],
        [['sobolev', '3', '2.0', '0.5'], ['reg', '4', '1.0', '0.25']],
    )
    self.assertEqual([row['step'] for row in rows], ['0', '10'])
    self.assertEqual(
        _events(self.folder),
        [
            (0, 'sobolev/3/loss', 2.0),
            (0, 'sobolev/3/error', 0.5),
            (10, 'reg/4/loss', 1.0),
            (10, 'reg/4/error', 0.25),
        ],
    )
    self.assertRegex(
        line, r'^step 10  \d\.\d s  method=reg, seed=4  loss 1  error 0.25$'
    )

  @parameterized.parameters(
      ('top1', (), 'top1'),
      ('train_top1', (), 'top1/train'),
      ('test_gradient_mse', (), 'mse/test_gradient'),
      ('norm_ratio_2', (), 'norm_ratio/2'),
      ('train_loss', ('booth', '3'), 'booth/3/train_loss'),
  )
  def test_tags_are_in_groups(self, name, labels, expected):
    self.assertEqual(writers.tag(name, labels), expected)

  def test_tensorboard_shows_them_as_scalars(self):
    out = writers.Writers(self.folder)
    out.write(3, writers.Row({'loss': 2.0}))
    out.close()
    (path,) = (self.folder / 'events').iterdir()
    events = [e for e in tf.compat.v1.train.summary_iterator(str(path))]
    (value,) = events[-1].summary.value
    self.assertEqual(value.metadata.plugin_data.plugin_name, 'scalars')
    self.assertEqual(tf.make_ndarray(value.tensor), np.float32(2.0))

  def test_rows_are_there_at_once(self):
    out = writers.Writers(self.folder)
    out.write(0, writers.Row({'loss': 2.0}))
    self.assertLen(_rows(self.folder), 1)

  @parameterized.parameters(
      (1, '1'),
      (0.1, '0.1'),
      (np.float32(0.1), '0.1'),
      (np.float64(1) / 3, '0.3333333333333333'),
      (float('nan'), 'nan'),
      (True, 'True'),
  )
  def test_numbers_are_exact(self, value, text):
    writers.Writers(self.folder).write(0, writers.Row({'loss': value}))
    self.assertEqual(_rows(self.folder)[0]['loss'], text)

  def test_tensors_are_numbers(self):
    row = writers.Row({'loss': tf.constant(0.1)})
    writers.Writers(self.folder).write(0, row)
    self.assertEqual(_rows(self.folder)[0]['loss'], '0.1')

  @parameterized.parameters(([1.0],), ('low',), (None,), (1j,))
  def test_what_is_no_number_is_named(self, value):
    with self.assertRaisesRegex(ValueError, '^loss: expected a number, got'):
      writers.Writers(self.folder).write(0, writers.Row({'loss': value}))

  @parameterized.parameters(
      ({'loss': 1.0}, {'seed': 1}, r"lacks .*\['error'\].* adds \[\]"),
      (
          {'loss': 1.0, 'eror': 1.0},
          {'seed': 1},
          r"lacks .*\['error'\].* adds \['eror'\]",
      ),
      (
          {'loss': 1.0, 'error': 1.0},
          {},
          r"lacks .*\['seed'\].* adds \[\]",
      ),
  )
  def test_other_columns_are_named(self, scalars, labels, expected):
    out = writers.Writers(self.folder)
    out.write(0, writers.Row({'loss': 1.0, 'error': 2.0}, {'seed': 0}))
    with self.assertRaisesRegex(
        ValueError, f'metrics.csv: the row of step 7 {expected}'
    ):
      out.write(7, writers.Row(scalars, labels))
    self.assertLen(_rows(self.folder), 1)

  def test_the_order_of_scalars_is_that_of_the_first_row(self):
    out = writers.Writers(self.folder)
    out.write(0, writers.Row({'a': 1, 'b': 2}))
    out.write(1, writers.Row({'b': 4, 'a': 3}))
    self.assertEqual([row['a'] for row in _rows(self.folder)], ['1', '3'])

  def test_a_full_disk_is_one_clear_line(self):
    (self.folder / 'metrics.csv').symlink_to('/dev/full')
    with self.assertRaisesRegex(
        errors.UserError, 'metrics.csv: no space left on device: free some'
    ):
      writers.Writers(self.folder).write(0, writers.Row({'loss': 1.0}))


class ResumeTest(absltest.TestCase):

  def setUp(self):
    super().setUp()
    self.folder = pathlib.Path(self.create_tempdir().full_path)

  def write(self, out: writers.Writers, steps: range) -> None:
    for step in steps:
      rows = [
          writers.Row({'loss': step + seed / 4}, {'seed': seed})
          for seed in range(2)
      ]
      out.write(step, *rows)

  def whole_run(self, steps: int) -> pathlib.Path:
    folder = pathlib.Path(self.create_tempdir().full_path)
    out = writers.Writers(folder)
    self.write(out, range(steps))
    out.close()
    return folder

  def test_rows_and_events_after_the_state_are_cut(self):
    out = writers.Writers(self.folder)
    self.write(out, range(4))
    state = json.loads(json.dumps(out.state()))
    self.write(out, range(4, 9))  # And here it is killed, some of it written.
    out.state()
    resumed = writers.Writers(self.folder)
    resumed.restore(state)
    self.write(resumed, range(4, 6))
    state = resumed.state()
    self.write(resumed, range(6, 7))
    again = writers.Writers(self.folder)
    again.restore(state)
    self.write(again, range(6, 8))
    again.close()
    whole = self.whole_run(8)
    self.assertEqual(testing.rows(self.folder), testing.rows(whole))
    self.assertEqual(_events(self.folder), _events(whole))

  def test_without_a_state_all_is_cut(self):
    out = writers.Writers(self.folder)
    self.write(out, range(3))
    out.state()
    with open(self.folder / 'metrics.csv', 'ab') as file:
      file.write('½'.encode()[:1])  # Killed inside of a character.
    resumed = writers.Writers(self.folder)
    resumed.restore(None)
    self.assertEqual((self.folder / 'metrics.csv').read_bytes(), b'')
    self.write(resumed, range(8))
    resumed.close()
    whole = self.whole_run(8)
    self.assertEqual(testing.rows(self.folder), testing.rows(whole))
    self.assertEqual(_events(self.folder), _events(whole))

  def test_the_clock_goes_on(self):
    out = writers.Writers(self.folder)
    state = {**out.state(), 'seconds': 1000.0}
    out.restore(state)
    self.assertBetween(out.seconds(), 1000.0, 1010.0)

  def test_missing_rows_are_named(self):
    out = writers.Writers(self.folder)
    self.write(out, range(3))
    state = out.state()
    (self.folder / 'metrics.csv').write_text('step\n')
    with self.assertRaisesRegex(
        errors.UserError, 'metrics.csv: has 5 bytes where the checkpoint has'
    ):
      writers.Writers(self.folder).restore(state)

  def test_broken_columns_are_named(self):
    for first, message in (
        ('lo\xff\xff', r'metrics.csv: broken'),
        ('less', r"metrics.csv: its first row lacks \['loss'\] .*: broken"),
    ):
      folder = pathlib.Path(self.create_tempdir().full_path)
      out = writers.Writers(folder)
      out.write(0, writers.Row({'loss': 1.0}))
      state = out.state()
      del state['digests']  # As of a checkpoint of before.
      path = folder / 'metrics.csv'
      path.write_bytes(
          path.read_bytes().replace(b'loss', first.encode('latin-1'))
      )
      again = writers.Writers(folder)
      with self.assertRaisesRegex(errors.UserError, message):
        again.restore(state)
        again.write(1, writers.Row({'loss': 1.0}))

  def test_a_fifo_for_metrics_is_refused(self):
    os.mkfifo(self.folder / 'metrics.csv')
    with self.assertRaisesRegex(errors.UserError, 'metrics.csv: not a file'):
      writers.Writers(self.folder)

  def test_rows_and_events_that_were_changed_are_refused(self):
    out = writers.Writers(self.folder)
    self.write(out, range(3))
    out.state()
    self.write(out, range(3, 5))
    state = out.state()
    self.write(out, range(5, 6))
    out.close()
    (events,) = (self.folder / 'events').iterdir()
    for path in (self.folder / 'metrics.csv', events):
      good = path.read_bytes()
      for place in (0, len(good) // 3):
        bad = bytearray(good)
        bad[place] ^= 1
        path.write_bytes(bad)
        with self.assertRaisesRegex(
            errors.UserError, f'{path.name}: its first [0-9]+ bytes are not'
        ):
          writers.Writers(self.folder).restore(state)
        self.assertEqual(path.read_bytes(), bad)
      path.write_bytes(good)
    writers.Writers(self.folder).restore(state)

  def test_missing_events_are_named(self):
    out = writers.Writers(self.folder)
    self.write(out, range(3))
    state = out.state()
    (path,) = (self.folder / 'events').iterdir()
    path.unlink()
    with self.assertRaisesRegex(
        errors.UserError, f'{path.name}: has 0 bytes where the checkpoint has'
    ):
      writers.Writers(self.folder).restore(state)


if __name__ == '__main__':
  absltest.main()
