# SPDX-License-Identifier: Apache-2.0
import multiprocessing
import pathlib

from absl.testing import absltest

from experiment import errors
from experiment import tables


def _merge_one_by_one(path, name):
  for step in range(30):
    row = {'name': name, 'step': step, 'value': 0}
    tables.merge(path, [row], keys=2)


class TablesTest(absltest.TestCase):

  def setUp(self):
    super().setUp()
    self.path = pathlib.Path(self.create_tempdir().full_path, 'new', 'a.csv')

  def row(self, name, step, value):
    return {'name': name, 'step': step, 'value': value}

  def test_sorts_by_key_numbers_by_size(self):
    tables.merge(
        self.path,
        [self.row('b', 2, 1), self.row('a', 10, 2), self.row('a', 9, None)],
        keys=2,
    )
    self.assertEqual(
        self.path.read_text(), 'name,step,value\na,9,\na,10,2\nb,2,1\n'
    )

  def test_replaces_rows_with_the_same_key(self):
    tables.merge(self.path, [self.row('a', 1, 5), self.row('a', 2, 6)], keys=2)
    tables.merge(self.path, [self.row('a', 2, 7)], keys=2)
    self.assertEqual(
        self.path.read_text(), 'name,step,value\na,1,5\na,2,7\n'
    )

  def test_replaces_what_belongs_together(self):
    rows = [self.row('a', 1, 5), self.row('a', 2, 6), self.row('b', 2, 8)]
    tables.merge(self.path, rows, keys=2, whole=1)
    tables.merge(self.path, [self.row('a', 3, 7)], keys=2, whole=1)
    self.assertEqual(
        self.path.read_text(), 'name,step,value\na,3,7\nb,2,8\n'
    )

  def test_processes_wait_for_each_other(self):
    context = multiprocessing.get_context('spawn')
    processes = [
        context.Process(target=_merge_one_by_one, args=(self.path, name))
        for name in 'ab'
    ]
    for process in processes:
      process.start()
    for process in processes:
      process.join()
    self.assertLen(self.path.read_text().splitlines(), 61)

  def test_a_broken_file_is_one_line_and_stays(self):
    rows = [self.row('a', 1, 5)]
    tables.merge(self.path, rows, keys=2)
    for content, message in (
        (b'name,step,value\na,1,5\n<<<<\n', 'line 3: expected 3 values: mend'),
        (b'name,step,value\na,1,5,6\n', 'line 2: expected 3 values'),
        (b'name,step\na,1\n', 'expected the columns name, step, value'),
        (b'name,step,value\n\xff,1,5\n', 'no CSV file'),
    ):
      self.path.write_bytes(content)
      with self.assertRaisesRegex(errors.UserError, f'a.csv: {message}'):
        tables.merge(self.path, rows, keys=2)
      self.assertEqual(self.path.read_bytes(), content)

  def test_no_rows_change_nothing(self):
    tables.merge(self.path, [], keys=1)
    self.assertFalse(self.path.exists())


if __name__ == '__main__':
  absltest.main()
