# SPDX-License-Identifier: Apache-2.0
import json
import pathlib

from absl.testing import absltest
import numpy as np

from regression import analysis
from regression import datasets
from report.rows import regression as rows
from report.rows import runs
from report.rows import table

_METRICS = """\
step,seconds,function,seed,train_loss,test_mse,test_gradient_mse,network_seconds
50,1,booth,0,4,10,1,0.5
50,1,booth,1,4,1000,1,0.5
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


class AnalysisTest(absltest.TestCase):

  def setUp(self):
    super().setUp()
    self.folder = pathlib.Path(self.create_tempdir().full_path)
    self.output = self.folder / 'results'

  def _collect(self, metrics=_METRICS, **settings):
    run = self.folder / 'run'
    run.mkdir(exist_ok=True)
    (run / 'metrics.csv').write_text(metrics)
    config = {**_CONFIG, 'settings': _CONFIG['settings'] | settings}
    (run / 'config.json').write_text(json.dumps(config))
    analysis.collect([run], 'smoke', self.output)
    return table.read(self.output, rows.Evaluation)

  def test_every_evaluation_of_a_network_is_a_row(self):
    found = self._collect()
    (run,) = table.read(self.output, runs.Run)
    self.assertEqual(run[2:], ('0123456789ab', '2 cores of abacus', '', 3.0))
    cell = ('smoke', 'booth', 20, 'sobolev', 1.0, 'squared_l2')
    self.assertEqual(
        found,
        [
            (*cell, 0, 50, 10.0, 1.0, None, 4.0, 0.5, run.run),
            (*cell, 0, 100, 100.0, 10.0, None, 0.0, 1.0, run.run),
            (*cell, 1, 50, 1000.0, 1.0, None, 4.0, 0.5, run.run),
            (*cell, 1, 100, 10000.0, 1000.0, None, 4.0, 1.0, run.run),
        ],
    )

  def test_held_out_errors_where_they_were_measured(self):
    header, *lines = _METRICS.splitlines()
    metrics = '\n'.join(
        [f'{header},validation_mse', *(f'{line},7' for line in lines)]
    )
    found = self._collect(metrics)
    self.assertEqual({row.validation_mse for row in found}, {7.0})

  def test_gradient_terms_stand_beside_each_other(self):
    for settings in (
        {'method': 'regular', 'gradient_weight': 0.5},
        {'gradient_weight': 0.1, 'distance': 'squared_l2'},
        {'gradient_weight': 1.0, 'distance': 'huber'},
        {},
    ):
      found = self._collect(**settings)
    self.assertEqual(
        {row[3:6] for row in found},
        {
            ('regular', 0.0, 'none'),
            ('sobolev', 0.1, 'squared_l2'),
            ('sobolev', 1.0, 'huber'),
            ('sobolev', 1.0, 'squared_l2'),
        },
    )

  def test_baseline_is_the_error_of_the_mean(self):
    self._collect()
    (row,) = table.read(self.output, rows.Baseline)
    test = datasets.test_set('booth')
    error = np.mean((test.y - np.mean(test.y, dtype=np.float64)) ** 2)
    np.testing.assert_allclose(row.test_mse, error, rtol=1e-5)
    norm = np.mean(np.sum(test.gradient.astype(np.float64) ** 2, -1))
    np.testing.assert_allclose(row.test_gradient_mse, norm, rtol=1e-5)

  def test_again_replaces_a_network_whole_and_leaves_others(self):
    self._collect()
    found = self._collect('\n'.join(_METRICS.splitlines()[:2]) + '\n')
    self.assertEqual(
        [(row.seed, row.step) for row in found], [(0, 50), (1, 50), (1, 100)]
    )


if __name__ == '__main__':
  absltest.main()
