# SPDX-License-Identifier: Apache-2.0
import json
import pathlib

from absl.testing import absltest

from agents.distillation import analysis
from experiment import results
from report import figure4_rows

COLUMNS = (
    'step', 'seconds', 'train_kl', 'test_kl', 'test_action_error',
    'lowest_test_kl', 'score', 'episodes',
)


class AnalysisTest(absltest.TestCase):

  def setUp(self):
    super().setUp()
    self.folder = pathlib.Path(self.create_tempdir().full_path)

  def _run(self, seed, alpha, last):
    folder = self.folder / f'{seed}-{alpha}'
    folder.mkdir()
    config = {
        'settings': {
            'game': 'pong', 'percent': 10.0, 'alpha': alpha, 'seed': seed,
        },
        'command': 'a --recording=/b.npz --teacher=/c.npz --alpha=1',
        'commit': 'c' * 40,
        'dirty': False,
        'device': {'cores': 2, 'cpu': 'x', 'gpus': []},
    }
    (folder / 'config.json').write_text(json.dumps(config))
    lines = [COLUMNS, (0, 1, 0.9, 0.8, 0.5, 0.8, 'nan', 4), (9, 2, *last, 4)]
    (folder / 'metrics.csv').write_text(
        '\n'.join(','.join(map(str, line)) for line in lines)
    )
    return folder

  def test_rows(self):
    folders = [
        self._run(0, 0.0, (0.1, 0.2, 0.25, 0.15, 3)),
        self._run(1, 0.0, (0.1, 0.4, 0.35, 0.35, 5)),
        self._run(0, 1.0, (0.1, 0.1, 0.05, 0.1, 'nan')),
    ]
    analysis.collect(folders, 'laptop', self.folder)
    measured = {
        (row.method, row.metric): row
        for row in results.read(self.folder / analysis.MEASURED)
    }
    # Without what is of one machine only.
    commands = {row.command for row in measured.values()}
    self.assertEqual(commands, {'a --alpha=1'})
    regular = measured['regular', 'test_kl']
    self.assertEqual(
        (regular.artifact, regular.case, regular.scale, regular.n),
        ('figure4', 'pong/10', 'laptop', 2),
    )
    self.assertAlmostEqual(regular.mean, 0.3)
    self.assertAlmostEqual(regular.std, 0.1414, places=4)
    self.assertEqual(regular.seconds, 4)
    self.assertAlmostEqual(measured['regular', 'action_error'].mean, 30)
    self.assertAlmostEqual(measured['regular', 'lowest_test_kl'].mean, 0.25)
    self.assertAlmostEqual(measured['regular', 'student_score'].mean, 4)
    self.assertIsNone(measured['sobolev', 'test_kl'].std)
    # A student that did not play has no score.
    self.assertNotIn(('sobolev', 'student_score'), measured)
    curves = figure4_rows.read_curves(self.folder)
    self.assertLen(curves, 6)
    self.assertEqual(
        {(c.game, c.percent, c.scale, c.episodes) for c in curves},
        {('pong', 10.0, 'laptop', 4)},
    )


if __name__ == '__main__':
  absltest.main()
