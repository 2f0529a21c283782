# SPDX-License-Identifier: Apache-2.0
import pathlib
from unittest import mock

from absl.testing import absltest

from experiment import errors
from experiment import results
from report import table1_rows
from sg import candidates
from sg import choices
from sg import table1

TINY = {
    'image_size': 8, 'width': 2, 'module_channels': 2, 'aligned': 0,
    'epochs': 0.3, 'evaluations': 1,
}


class ChoicesTest(absltest.TestCase):

  def setUp(self):
    super().setUp()
    self.folder = pathlib.Path(self.create_tempdir().full_path)
    self.results = self.folder / 'results'

  def test_from_candidates_to_a_row_of_table_1(self):
    plan = choices.Sweep(
        preset='smoke-cifar10', methods=('critic',), seeds=(7,)
    )
    made = {'critic': (
        {'module_learning_rate': 1e-3},
        {'module_learning_rate': 1e-2, 'learning_rate': 1e30},
    )}
    given = {**TINY, 'validation': 100}
    path = self.results / table1_rows.CHOICES
    with mock.patch.object(candidates, 'CANDIDATES', made):
      choices.run(plan, given, self.folder, self.results)
      before = path.read_bytes()
      logs = sorted(self.folder.rglob('log.txt'))
      self.assertLen(logs, 2)
      said = [log.read_text() for log in logs]
      # The same again starts nothing: one has finished, one has diverged.
      choices.run(plan, given, self.folder, self.results)
      self.assertEqual([log.read_text() for log in logs], said)
    self.assertEqual(path.read_bytes(), before)
    rows = table1_rows.read_choices(path)
    self.assertEqual(
        [(row.learning_rate, row.diverged, row.chosen) for row in rows],
        [(1e-3, 0, 1), (1e-2, 1, 0)],
    )
    self.assertIsNone(rows[1].mean)
    final = table1.Sweep(
        preset='smoke-cifar10', methods=('critic',), seeds=1,
        choices=str(path), choices_case='synthetic/3',
    )
    table1.run(final, TINY, self.folder, self.results)
    (row,) = results.read(self.results / 'measured.csv')
    self.assertStartsWith(row.scale, 'smoke image_size=8')
    self.assertEndsWith(row.scale, 'chosen')
    self.assertIn('--module_learning_rate=0.001', row.command)

  def test_needs_images_to_choose_by(self):
    with self.assertRaisesRegex(errors.UserError, '^--validation=0: '):
      choices.run(choices.Sweep(preset='smoke-cifar10'), {}, self.folder)

  def test_rows_of_table_1_need_the_test_set(self):
    with self.assertRaisesRegex(
        errors.UserError, '^--validation=5: expected 0'
    ):
      table1.run(
          table1.Sweep(preset='smoke-cifar10'),
          {'validation': 5}, self.folder,
      )


if __name__ == '__main__':
  absltest.main()
