# SPDX-License-Identifier: Apache-2.0
import csv
import json
import pathlib

from absl.testing import absltest

from experiment import results
from report import table1_rows
from sg import analysis


def write_run(folder, method, seed, top1, aligned):
  folder.mkdir()
  config = {
      'settings': {
          'dataset': 'imagenet', 'cuts': 1, 'method': method, 'seed': seed
      },
      'command': f'python -m sg.train --seed={seed}',
      'commit': '0123456789abcdef', 'dirty': True,
      'device': {'cores': 2, 'cpu': 'a CPU', 'gpus': []},
  }
  (folder / 'config.json').write_text(json.dumps(config))
  rows = []
  for step in (5, 10):
    row = {
        'step': step, 'seconds': step * 2, 'epoch': step / 5,
        'top1': top1 - 10 + step, 'top5': 90, 'train_loss': 1.5,
    }
    if aligned:
      row |= {'cosine_1': 0.5, 'norm_ratio_1': 2, 'asymmetry_1': 0}
    rows.append(row)
  with open(folder / 'metrics.csv', 'w', newline='') as file:
    writer = csv.DictWriter(file, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
  return folder


def read(path):
  with open(path, newline='') as file:
    return list(csv.DictReader(file))


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

  def test_measured(self):
    rows = results.read(self.output / 'measured.csv')
    found = {(row.method, row.metric): row for row in rows}
    self.assertLen(found, 4)
    direct = found['direct_sg', 'top1']
    # 40 and 44 at the last step: the mean 42, the deviation sqrt(8).
    self.assertEqual((direct.mean, direct.n, direct.unit), (42, 2, '%'))
    self.assertAlmostEqual(direct.std, 8**0.5, 3)
    self.assertEqual(direct.case, 'imagenet/1')
    self.assertEqual(direct.seconds, 40)
    self.assertEqual(direct.commit, '0123456789ab+')
    self.assertEqual(direct.device, '2 cores of a CPU')
    self.assertIsNone(found['backprop', 'top5'].std)

  def test_curves(self):
    rows = read(self.output / table1_rows.CURVES)
    self.assertLen(rows, 6)
    self.assertEqual(tuple(rows[0]), table1_rows.Curve._fields)
    last = [row for row in rows if row['seed'] == '1'][-1]
    self.assertEqual((last['step'], last['top1']), ('10', '44.00'))

  def test_alignment(self):
    rows = read(self.output / table1_rows.ALIGNMENT)
    self.assertLen(rows, 4)  # Backpropagation has none.
    self.assertEqual(tuple(rows[0]), table1_rows.Alignment._fields)
    self.assertEqual((rows[0]['cosine'], rows[0]['loss_error']), ('0.5', ''))
    self.assertEqual(rows[0]['asymmetry'], '0')

  def test_methods_bring_how_they_are_shown(self):
    self.assertEqual(
        [tuple(row.values()) for row in read(self.output / analysis.METHODS)],
        [('backprop', 'Backprop', '0', '#1d2127'),
         ('direct_sg', 'Direct SG', '2', '#d55e00')],
    )

  def test_again_replaces(self):
    paths = [self.output / name for name in (
        table1_rows.CURVES, table1_rows.ALIGNMENT, 'measured.csv'
    )]
    before = [path.read_text() for path in paths]
    analysis.collect([self.folder / 'c'], 'laptop', self.output)
    self.assertEqual([path.read_text() for path in paths], before)
    # Fewer seeds, in all files.
    analysis.collect([self.folder / 'a'], 'laptop', self.output)
    for path in paths[:2]:
      seeds = {r['seed'] for r in read(path) if r['method'] == 'direct_sg'}
      self.assertEqual(seeds, {'0'})
    measured = results.read(self.output / 'measured.csv')
    self.assertEqual([r.n for r in measured], 4 * [1])


if __name__ == '__main__':
  absltest.main()
