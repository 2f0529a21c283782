# SPDX-License-Identifier: Apache-2.0
"""Tests for results."""

import dataclasses
import os
import pathlib

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

from experiment import errors
from experiment import results

_HEADER = (
    'artifact,case,method,metric,scale,mean,std,n,unit,command,commit,seconds,'
    'device\n'
)
_OURS = (
    'figure2,ackley/20,sobolev,log_test_mse,paper,-1.5,0.25,10,,'
    '"./run --a=1,2",abc,12.5,2 cores\n'
)
_PAPERS = 'table1,cifar10/3,critic,top1,paper,93.2,,,%,,,,\n'

_ROW = results.Row(
    artifact='figure2',
    case='ackley/20',
    method='sobolev',
    metric='log_test_mse',
    scale='paper',
    mean=-1.5,
    std=0.25,
    n=10,
    unit='',
    command='./run --a=1,2',
    commit='abc',
    seconds=12.5,
    device='2 cores',
)


class ResultsTest(parameterized.TestCase):

  def setUp(self):
    super().setUp()
    self.folder = pathlib.Path(self.create_tempdir().full_path)
    self.path = self.folder / 'measured.csv'

  def test_reads(self):
    self.path.write_text(_HEADER + _OURS + _PAPERS)
    ours, papers = results.read(self.path)
    self.assertEqual(ours, _ROW)
    self.assertEqual(
        (papers.mean, papers.std, papers.n, papers.unit, papers.seconds),
        (93.2, None, None, '%', None),
    )

  @parameterized.parameters(
      ('', 'line 1: expected the columns artifact,case,.*,device$'),
      (_HEADER.replace('mean', 'maen'), 'line 1: expected the columns'),
      (_HEADER + 'a,b\n', 'line 2: expected 13 cells, got 2$'),
      (
          _HEADER + _PAPERS + _OURS.replace('-1.5', 'low'),
          "line 3, column mean: expected a finite number, got 'low'$",
      ),
      (_HEADER + _OURS.replace('-1.5', ''), 'line 2, column mean: .*a finite'),
      (_HEADER + _OURS.replace('-1.5', 'nan'), 'line 2, column mean: .*finite'),
      (_HEADER + _OURS.replace('0.25', 'inf'), 'line 2, column std: .*or noth'),
      (_HEADER + _OURS.replace(',10,', ',9.5,'), 'line 2, column n: .* whole'),
      (_HEADER + _OURS.replace('sobolev', ''), 'line 2, column method: .*text'),
      (
          _HEADER + _OURS + _PAPERS + _OURS,
          'line 4: figure2, ackley/20, sobolev, .* is in line 2 already$',
      ),
      (_HEADER + 'a,"b', 'line 2: unexpected end of data$'),
  )
  def test_broken_files_are_named(self, text, expected):
    self.path.write_text(text)
    with self.assertRaisesRegex(
        errors.UserError, f'^{self.path}, {expected}'
    ) as caught:
      results.read(self.path)
    self.assertNotIn('\n', str(caught.exception))

  def test_files_that_cannot_be_read_are_named(self):
    with self.assertRaisesRegex(errors.UserError, f'^{self.path}: no such'):
      results.read(self.path)
    with self.assertRaisesRegex(errors.UserError, f'^{self.folder}: is a dir'):
      results.read(self.folder)
    self.path.write_bytes(b'\xff')
    with self.assertRaisesRegex(errors.UserError, f'^{self.path}: not UTF-8'):
      results.read(self.path)

  def test_merge_makes_the_file(self):
    path = self.folder / 'new' / 'measured.csv'
    results.merge(path, [_ROW])
    self.assertEqual(path.read_text(), _HEADER + _OURS)

  def test_merge_replaces_rows_of_the_same_key(self):
    other = dataclasses.replace(_ROW, method='regular')
    results.merge(self.path, [_ROW, other])
    newer = dataclasses.replace(_ROW, mean=-2.0, commit='def')
    results.merge(self.path, [newer])
    self.assertEqual(results.read(self.path), [other, newer])

  def test_order_does_not_depend_on_the_history(self):
    cases = ['ackley/20', 'ackley/100', 'ackley/10000', 'beale/20']
    rows = [dataclasses.replace(_ROW, case=case) for case in cases]
    results.merge(self.path, rows[::-1])
    first = self.path.read_text()
    self.assertEqual([row.case for row in results.read(self.path)], cases)
    for row in rows[2:] + rows[:2]:
      results.merge(self.path, [row])
    self.assertEqual(self.path.read_text(), first)

  def test_merge_leaves_a_broken_file_alone(self):
    self.path.write_text('broken')
    with self.assertRaisesRegex(errors.UserError, 'line 1'):
      results.merge(self.path, [_ROW])
    self.assertEqual(self.path.read_text(), 'broken')
    self.assertEqual(os.listdir(self.folder), ['measured.csv'])

  @parameterized.parameters(
      ('mean', float('nan'), 'a finite number'),
      ('mean', None, 'a finite number'),
      ('std', float('inf'), 'a finite number or nothing'),
      ('n', 2.5, 'a whole number or nothing'),
      ('case', '', 'a text'),
  )
  def test_merge_refuses_what_it_could_not_read(self, column, value, expected):
    row = dataclasses.replace(_ROW, **{column: value})
    with self.assertRaisesRegex(
        ValueError, f'{column}: expected {expected}, got'
    ):
      results.merge(self.path, [row])
    self.assertFalse(self.path.exists())

  def test_numbers_read_back_exactly(self):
    row = dataclasses.replace(_ROW, mean=0.1 + 0.2, std=1e-300, seconds=1 / 3)
    results.merge(self.path, [row])
    self.assertEqual(results.read(self.path), [row])

  def test_numbers_of_numpy_are_numbers(self):
    row = dataclasses.replace(_ROW, mean=np.float32(0.1), n=np.int64(3))
    results.merge(self.path, [row])
    (read,) = results.read(self.path)
    self.assertEqual((read.mean, read.n), (float(np.float32(0.1)), 3))


if __name__ == '__main__':
  absltest.main()
