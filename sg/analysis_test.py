# SPDX-License-Identifier: Apache-2.0
import csv
import json
import pathlib

from absl.testing import absltest

from experiment import errors
from report.rows import runs
from report.rows import synthetic_gradients as rows
from report.rows import table
from sg import analysis


def write_run(folder, method, seed, top1, aligned):
  folder.mkdir()
  config = {
      'settings': {
          'dataset': 'imagenet', 'cuts': 1, 'method': method, 'seed': seed,
          'classes': 20,
      },
      'command': f'python -m sg.train --method={method} --seed={seed}',
      'commit': '0123456789abcdef', 'dirty': True,
      'device': {'cores': 2, 'cpu': 'a CPU', 'gpus': []},
  }
  (folder / 'config.json').write_text(json.dumps(config))
  found = []
  for step in (5, 10):
    row = {
        'step': step, 'seconds': step * 2, 'epoch': step / 5,
        'top1': top1 - 10 + step, 'top5': 90, 'train_loss': 1.5,
    }
    if aligned:
      row |= {
          'cosine_1': 0.5, 'norm_ratio_1': 2, 'asymmetry_1': 'nan',
          'gradient_pull_1': 0.25,
      }
    found.append(row)
  with open(folder / 'metrics.csv', 'w', newline='') as file:
    writer = csv.DictWriter(file, list(found[0]))
    writer.writeheader()
    writer.writerows(found)
  return folder


class AnalysisTest(absltest.TestCase):

  def setUp(self):
    super().setUp()
    self.folder = pathlib.Path(self.create_tempdir().full_path)
    self.output = self.folder / 'results'
    folders = [
        write_run(self.folder / 'a', 'direct_sg', 0, 40, True),
        write_run(self.folder / 'b', 'direct_sg', 1, 44, True),
        write_run(self.folder / 'c', 'backprop', 0, 70, False),
    ]
    analysis.collect(folders, 'laptop', self.output)
    self.runs = table.read(self.output, runs.Run)

  def test_accuracies(self):
    found = table.read(self.output, rows.Accuracy)
    self.assertLen(found, 6)
    run = next(r for r in self.runs if r.command.endswith('direct_sg --seed=1'))
    self.assertEqual(
        found[-1],
        ('laptop', 'imagenet/1', 'direct_sg', 1, 10, 2.0, 44.0, 90.0, 1.5, 20,
         run.run),
    )
    self.assertEqual(
        run[2:],
        ('0123456789ab+', '2 cores of a CPU', '', 20.0),
    )

  def test_alignment(self):
    found = table.read(self.output, rows.Alignment)
    self.assertLen(found, 4)  # Backpropagation has none.
    self.assertEqual(
        found[0][5:-1], (1.0, 1, 0.5, 2.0, None, None, None, 0.25)
    )

  def test_methods_bring_how_they_are_shown(self):
    self.assertEqual(
        table.read(self.output, rows.Method),
        [('backprop', 'Backprop', 0.0, '#1d2127'),
         ('direct_sg', 'Direct SG', 2.0, '#d55e00')],
    )

  def test_again_replaces(self):
    before = table.read(self.output, rows.Accuracy)
    analysis.collect([self.folder / 'c'], 'laptop', self.output)
    self.assertEqual(table.read(self.output, rows.Accuracy), before)
    # Not by fewer seeds, in any file.
    kinds = rows.Accuracy, rows.Alignment
    before = [table.read(self.output, kind) for kind in kinds]
    with self.assertRaisesRegex(errors.UserError, 'direct_sg has seeds that'):
      analysis.collect([self.folder / 'a'], 'laptop', self.output)
    self.assertEqual([table.read(self.output, kind) for kind in kinds], before)


if __name__ == '__main__':
  absltest.main()
