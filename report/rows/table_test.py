# SPDX-License-Identifier: Apache-2.0
import pathlib
from typing import NamedTuple

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

from experiment import errors
from report.rows import table


class Curve(NamedTuple):
  name: str
  size: table.Count
  step: int
  error: table.Positive
  share: table.Fraction | None
  note: str = ''

  FILE = 'curves.csv'
  KEY = 3
  WHOLE = 2


HEADER = 'name,size,step,error,share,note\n'


class TableTest(parameterized.TestCase):

  def setUp(self):
    super().setUp()
    self.folder = pathlib.Path(self.create_tempdir().full_path) / 'results'
    self.path = self.folder / 'curves.csv'

  def _write(self, content):
    self.folder.mkdir(exist_ok=True)
    if isinstance(content, str):
      content = content.encode()
    self.path.write_bytes(content)

  def test_what_is_merged_is_read(self):
    rows = [
        Curve('a, "b"\n|', 20, 1, 0.25, None),
        Curve('b', 20, 1, 1e-30, 1.0, 'x=y'),
    ]
    table.merge(self.folder, rows)
    self.assertEqual(table.read(self.folder, Curve), rows)

  def test_no_file_has_no_rows(self):
    self.assertEqual(table.read(self.folder, Curve), [])

  def test_numbers_have_six_digits_whatever_brings_them(self):
    table.merge(self.folder, [
        Curve('a', np.int64(20), np.int32(3), np.float32(1 / 3), 0.5)
    ])
    self.assertEqual(
        self.path.read_text(), f'{HEADER}a,20,3,0.333333,0.5,\n'
    )

  def test_rows_are_sorted_by_number(self):
    table.merge(self.folder, [
        Curve('a', size, step, 1.0, None)
        for size, step in ((10000, 9), (20, 100), (100, 1), (20, 20))
    ])
    self.assertEqual(
        [(row.size, row.step) for row in table.read(self.folder, Curve)],
        [(20, 20), (20, 100), (100, 1), (10000, 9)],
    )

  def test_new_rows_replace_what_belongs_together(self):
    old = [
        Curve(name, size, step, 1.0, None)
        for name in 'ab' for size in (20, 100) for step in (1, 2)
    ]
    table.merge(self.folder, old)
    new = Curve('a', 100, 5, 2.0, None)
    table.merge(self.folder, [new])
    kept = [row for row in old if row[:2] != ('a', 100)]
    self.assertEqual(table.read(self.folder, Curve), sorted([new, *kept]))

  def test_columns_with_defaults_may_be_absent_and_in_any_order(self):
    self._write('step,size,name,share,error\n1,20,a,,0.5\n')
    self.assertEqual(
        table.read(self.folder, Curve), [Curve('a', 20, 1, 0.5, None)]
    )

  @parameterized.parameters(
      ('', 'line 1: expected a header with name, size, step, error, share'),
      ('name,size,step,error\n', 'line 1: expected a header with share'),
      (f'other,{HEADER}x,a,1,1,1,1,\n', 'line 2: no column other is known'),
      (f'name,{HEADER}', 'line 1: a column is there twice'),
      (f'{HEADER}a,1,1,1,1,x,y\n', 'line 2: expected 6 cells, got 7'),
      (f'{HEADER}a,1,1,1\n', 'line 2: expected 6 cells, got 4'),
      (
          f'{HEADER}a,1,1,1,1,\na,1,1,2,1,\n',
          'line 3: a, 1, 1 is in line 2 already',
      ),
      (
          f'{HEADER}a,1,1,nan,1,\n',
          "line 2: error: expected a finite number above 0, got 'nan'",
      ),
      (f'{HEADER}a,1,1,inf,1,\n', "line 2: error: .* got 'inf'"),
      (f'{HEADER}a,1,1,0,1,\n', "line 2: error: .* got '0'"),
      (
          f'{HEADER}a,1,1,1,1.5,\n',
          "line 2: share: expected a finite number from 0 to 1 or nothing, "
          "got '1.5'",
      ),
      (f'{HEADER}a,{"9" * 400},1,1,1,\n', 'size: expected an integer'),
      (f'{HEADER}a,-1,1,1,1,\n', 'size: expected an integer of at least 0'),
      (f'{HEADER}a,1,1.0,1,1,\n', "step: expected an integer, got '1.0'"),
      (f'{HEADER},1,1,1,1,\n', 'name: expected a string'),
      (f'{HEADER}a,1,,1,1,\n', 'step: expected an integer'),
      (f'{HEADER}{"a" * 200_000},1,1,1,1,\n', 'line 2: field larger than'),
      (HEADER.encode() + b'\xff,1,1,1,1,\n', 'not UTF-8 text'),
  )
  def test_damage_is_named(self, content, message):
    self._write(content)
    with self.assertRaisesRegex(errors.UserError, message) as caught:
      table.read(self.folder, Curve)
    self.assertStartsWith(str(caught.exception), str(self.path))

  @parameterized.parameters(
      (Curve('b', 1, 1, float('nan'), None), 'error: expected a finite'),
      (Curve('b', 1, 1, float('-inf'), None), 'error: expected a finite'),
      (Curve('b', 1, 1, 1e-400, None), 'error: expected a finite'),
      (Curve('', 1, 1, 1.0, None), 'name: expected a string'),
      (Curve('b', 1, None, 1.0, None), 'step: expected an integer'),
      (Curve('a', 20, 1, 2.0, None), 'a, 20, 1 was measured twice'),
  )
  def test_nothing_is_merged_with_a_row_that_cannot_be_read(
      self, row, message
  ):
    table.merge(self.folder, [Curve('a', 20, 1, 0.5, None)])
    before = self.path.read_text()
    with self.assertRaisesRegex(errors.UserError, message):
      table.merge(self.folder, [Curve('a', 20, 1, 0.75, None), row])
    self.assertEqual(self.path.read_text(), before)

  def test_seeds_are_not_lost(self):
    class Seeded(NamedTuple):
      name: str
      seed: int
      error: float
      FILE = 'seeded.csv'
      KEY = 2
      WHOLE = 1

    five = [Seeded('a', seed, 1.0) for seed in range(5)]
    table.merge(self.folder, [*five, Seeded('b', 0, 1.0)])
    with self.assertRaisesRegex(
        errors.UserError, 'seeded.csv: a has seeds that .* lack, such as 3: no'
    ):
      table.merge(self.folder, [one._replace(error=2.0) for one in five[:3]])
    more = [one._replace(seed=one.seed + 2) for one in five]
    for new in (five, more):  # As many, and others.
      table.merge(self.folder, [one._replace(error=3.0) for one in new])
    self.assertEqual(
        [row.seed for row in table.read(self.folder, Seeded)],
        [2, 3, 4, 5, 6, 0],
    )

  def test_rows_that_are_made_of_what_is_there(self):
    table.merge(self.folder, [Curve('a', 20, 1, 0.5, None)])

    def halved():
      return [
          row._replace(error=row.error / 2)
          for row in table.read(self.folder, Curve)
      ]

    table.merge(self.folder, halved)
    self.assertEqual(table.read(self.folder, Curve)[0].error, 0.25)

  def test_nothing_is_merged_beside_a_damaged_file(self):
    class Other(NamedTuple):
      name: str
      FILE = 'others.csv'
      KEY = 1

    self._write('name\n')
    with self.assertRaisesRegex(errors.UserError, 'curves.csv, line 1'):
      table.merge(self.folder, [Other('a'), Curve('a', 20, 1, 0.75, None)])
    self.assertEqual([p.name for p in self.folder.iterdir()], ['curves.csv'])


if __name__ == '__main__':
  absltest.main()
