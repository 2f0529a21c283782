# SPDX-License-Identifier: Apache-2.0
"""The whole chain at a tiny scale; about a minute of processor time."""

import pathlib
from unittest import mock

from absl.testing import absltest

from experiment import errors
from regression import figure2
from report import output as report
from report.rows import regression as regression_rows
from report.rows import synthetic_gradients as table1_rows
from report.rows import table
import reproduce
from sg import candidates
from sg import presets
from sg import table1


class ReproduceTest(absltest.TestCase):

  def test_from_nothing_to_the_report(self):
    folder = pathlib.Path(self.create_tempdir().full_path)
    tiny = {'seeds': 2, 'steps': 20, 'evaluations': 3, 'hidden': (8, 8)}
    small = {**presets.PRESETS['smoke-cifar10'], 'width': 2, 'aligned': 2}
    with (
        mock.patch.dict(figure2.SCALES, {'smoke': tiny}),
        mock.patch.dict(presets.PRESETS, {'smoke-cifar10': small}),
    ):
      # Figure 4 has a test of its own, of all but this file's part.
      parts = ('figure2', 'figure3', 'table1')
      reproduce.run(
          reproduce.Settings(scale='smoke', parts=parts, output=str(folder))
      )
    report = (folder / 'report' / 'report.html').read_text(encoding='utf-8')
    self.assertIn('Styblinski-Tang', report)
    self.assertIn('smoke', report)
    networks = table.read(folder / 'results', regression_rows.Evaluation)
    # Two methods and seeds of 21 cells.
    self.assertLen({row[1:7] for row in networks}, 2 * 2 * 21)
    accuracies = table.read(folder / 'results', table1_rows.Accuracy)
    self.assertLen({row.method for row in accuracies}, 7)

  def test_table_1_has_the_settings_that_were_chosen(self):
    folder = pathlib.Path(self.create_tempdir().full_path)
    with (
        mock.patch.object(table1, 'check_data'),
        mock.patch.object(table1, 'run') as made,
        mock.patch.object(report, 'write'),
    ):
      for scale in ('laptop', 'smoke'):
        reproduce.run(
            reproduce.Settings(
                scale=scale, parts=('table1',), output=str(folder / scale)
            )
        )
    laptop, smoke = (call.args[0] for call in made.call_args_list)
    chosen = candidates.load(
        pathlib.Path(laptop.choices), 'true', 'cifar10/3', laptop.methods
    )
    self.assertContainsSubset(['vfbn', 'critic', 'sobolev'], chosen)
    self.assertEqual(smoke.choices, '')

  def test_not_over_the_results_of_the_repository(self):
    settings = reproduce.Settings(
        parts=('figure3',), output=str(reproduce._PAPER.parent)
    )
    with self.assertRaisesRegex(errors.UserError, '^--output=.*of the repos'):
      reproduce.run(settings)

  def test_parts_without_data_are_left_out(self):
    missing = errors.UserError('data/cifar10: no such folder')
    with mock.patch.object(table1, 'check_data', side_effect=missing):
      everything = reproduce.Settings(parts=('all',))
      self.assertEqual(
          reproduce.runnable(everything), ['figure2', 'figure3', 'figure4']
      )
      with self.assertRaisesRegex(errors.UserError, 'table1 is left out: data'):
        reproduce.runnable(reproduce.Settings(parts=('table1',)))


if __name__ == '__main__':
  absltest.main()
