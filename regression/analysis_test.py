import csv
import json
import math
import pathlib

from absl.testing import absltest
import numpy as np

from experiment import results
from regression import analysis
from regression import datasets

_METRICS = """\
step,seconds,function,seed,train_loss,test_mse,test_gradient_mse,network_seconds
50,1,booth,0,4,10,1,0.5
50,1,booth,1,4,1000,1,0.5
75,2,booth,0,4,20,1,0.75
75,2,booth,1,4,50,1,0.75
100,3,booth,0,0,100,10,1
100,3,booth,1,4,10000,1000,1
"""

_CONFIG = {
    'settings': {'size': 20, 'method': 'sobolev'},
    'command': 'python -m regression.train',
    'commit': '0123456789abcdef',
    'dirty': False,
    'device': {'cpu': 'abacus', 'cores': 2, 'gpus': []},
}


def _read(path):
  with open(path, encoding='utf-8', newline='') as file:
    return list(csv.DictReader(file))


class AnalysisTest(absltest.TestCase):

  def setUp(self):
    super().setUp()
    self.folder = pathlib.Path(self.create_tempdir().full_path)
    run = self.folder / 'run'
    run.mkdir()
    (run / 'metrics.csv').write_text(_METRICS)
    (run / 'config.json').write_text(json.dumps(_CONFIG))
    self.output = self.folder / 'results'
    analysis.collect([run], 'smoke', self.output)

  def test_networks_are_where_they_ended(self):
    rows = _read(self.output / analysis.NETWORKS)
    self.assertEqual([row['test_mse'] for row in rows], ['100', '10000'])
    self.assertEqual([row['earlier_test_mse'] for row in rows], ['20', '50'])
    self.assertEqual([row['steps'] for row in rows], ['100', '100'])

  def test_curves_are_means_of_logarithms(self):
    rows = _read(self.output / analysis.CURVES)
    self.assertEqual([row['step'] for row in rows], ['50', '75', '100'])
    means = [float(row['log_test_mse_mean']) for row in rows]
    np.testing.assert_allclose(means, [2, 1.5, 3], atol=1e-4)
    losses = [float(row['log_train_loss_mean']) for row in rows]
    np.testing.assert_allclose(
        losses, [math.log10(4)] * 2 + [(math.log10(4) - 14) / 2], atol=1e-4
    )
    deviations = [float(row['log_test_mse_std']) for row in rows]
    np.testing.assert_allclose(
        deviations,
        [math.sqrt(2), math.log10(2.5) / math.sqrt(2), math.sqrt(2)],
        atol=1e-4,
    )

  def test_measured_rows(self):
    found = results.read(self.output / 'measured.csv')
    rows = {row.metric: row for row in found}
    row = rows['log_test_mse']
    self.assertEqual(row.case, 'booth/20')
    self.assertEqual((row.mean, row.n, row.scale), (3, 2, 'smoke'))
    self.assertAlmostEqual(row.std, math.sqrt(2), 4)
    self.assertEqual(row.commit, '0123456789ab')
    self.assertEqual(row.device, '2 cores of abacus')
    self.assertEqual(rows['log_test_gradient_mse'].mean, 2)

  def test_baseline_is_the_error_of_the_mean(self):
    (row,) = _read(self.output / analysis.BASELINES)
    test = datasets.test_set('booth')
    error = np.mean((test.y - np.mean(test.y, dtype=np.float64)) ** 2)
    self.assertAlmostEqual(float(row['log_test_mse']), math.log10(error), 4)

  def test_merging_replaces_the_same_and_keeps_the_rest(self):
    path = self.output / analysis.NETWORKS
    row = _read(path)[0]
    analysis.merge_table(path, [{**row, 'test_mse': '7'}])
    analysis.merge_table(path, [{**row, 'scale': 'paper'}])
    rows = _read(path)
    found = {(r['scale'], r['seed']): r['test_mse'] for r in rows}
    self.assertEqual(
        found,
        {('paper', '0'): '100', ('smoke', '0'): '7', ('smoke', '1'): '10000'},
    )

  def test_sizes_are_in_the_order_of_numbers(self):
    path = self.output / analysis.NETWORKS
    row = _read(path)[0]
    analysis.merge_table(
        path, [{**row, 'size': '10000'}, {**row, 'size': '100'}]
    )
    sizes = [r['size'] for r in _read(path)]
    self.assertEqual(sizes, ['20', '20', '100', '10000'])


if __name__ == '__main__':
  absltest.main()
