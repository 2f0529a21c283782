"""Tests of reading files in which no two rows are about the same."""

import pathlib
from typing import NamedTuple

from absl.testing import absltest

from experiment import errors
from report import keyed_rows
from report import testing


class _Score(NamedTuple):
  player: str
  seed: int
  score: float


class KeyedRowsTest(absltest.TestCase):

  def setUp(self):
    super().setUp()
    self.path = pathlib.Path(self.create_tempdir(), 'scores.csv')

  def _read(self, *found):
    if found:
      testing.write(self.path, [_Score(*row) for row in found])
    return keyed_rows.read(
        self.path, _Score, ('player', 'seed'), {'player': ('ann', 'bob')}
    )

  def test_rows_in_the_order_of_the_file(self):
    self.assertEqual(
        [('bob', 1, 2.5), ('ann', 0, 2.5), ('bob', 0, 1.0)],
        self._read(('bob', 1, 2.5), ('ann', 0, 2.5), ('bob', 0, 1)),
    )

  def test_no_file_has_no_rows(self):
    self.assertEmpty(self._read())

  def test_two_rows_about_the_same(self):
    with self.assertRaisesRegex(
        errors.UserError,
        'scores.csv: line 4: player, seed: bob, 1 is in line 2 already: delete',
    ):
      self._read(('bob', 1, 2.5), ('ann', 0, 2.5), ('bob', 1, 1))

  def test_a_value_that_is_none_of_the_choices(self):
    with self.assertRaisesRegex(
        errors.UserError,
        "scores.csv: line 3: player is 'eve', expected one of ann, bob",
    ):
      self._read(('bob', 1, 2.5), ('eve', 0, 2.5))

  def test_what_is_no_number(self):
    with self.assertRaisesRegex(
        errors.UserError, "scores.csv: line 2: score is 'inf', expected a fin"
    ):
      self._read(('bob', 1, float('inf')))


if __name__ == '__main__':
  absltest.main()
