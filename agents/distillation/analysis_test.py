# SPDX-License-Identifier: Apache-2.0
import json
import pathlib

from absl.testing import absltest

from agents.distillation import analysis
from experiment import errors
from report.rows import distillation as rows
from report.rows import runs
from report.rows import table

COLUMNS = (
    'step', 'seconds', 'train_kl', 'test_kl', 'test_action_error', 'score'
)


class AnalysisTest(absltest.TestCase):

  def setUp(self):
    super().setUp()
    self.folder = pathlib.Path(self.create_tempdir().full_path)

  def _run(self, seed, alpha, last, episodes=''):
    folder = self.folder / f'{seed}-{alpha}'
    folder.mkdir()
    config = {
        'settings': {
            'game': 'pong', 'percent': 10.0, 'alpha': alpha, 'seed': seed,
        },
        'command': f'a --recording=/b.npz --teacher=/c.npz --seed={seed}',
        'commit': 'c' * 40,
        'dirty': False,
        'device': {'cores': 2, 'cpu': 'x', 'gpus': []},
    }
    (folder / 'config.json').write_text(json.dumps(config))
    lines = [
        COLUMNS + ('episodes',) * bool(episodes),
        (0, 1, 0.9, 0.8, 0.5, 'nan', *episodes),
        (9, 2, *last, *episodes),
    ]
    (folder / 'metrics.csv').write_text(
        '\n'.join(','.join(map(str, line)) for line in lines)
    )
    return folder

  def test_rows(self):
    folders = [
        self._run(0, 0.0, (0.1, 0.2, 0.25, 3), '4'),
        self._run(1, 1.0, (0.1, 0.4, 0.35, 'nan')),
    ]
    analysis.collect(folders, 'laptop', self.folder)
    found = {run.command: run.run for run in table.read(self.folder, runs.Run)}
    # Without what is of one machine only.
    self.assertEqual(found.keys(), {'a --seed=0', 'a --seed=1'})
    about = ('laptop', 'pong', 10.0)
    first, second = found['a --seed=0'], found['a --seed=1']
    self.assertEqual(
        table.read(self.folder, rows.Student),
        [
            (*about, 'regular', 0, 0, 0.8, 0.5, 0.9, 4, None, first),
            (*about, 'regular', 0, 9, 0.2, 0.25, 0.1, 4, 3.0, first),
            # Its episodes were not counted, and it did not play.
            (*about, 'sobolev', 1, 0, 0.8, 0.5, 0.9, None, None, second),
            (*about, 'sobolev', 1, 9, 0.4, 0.35, 0.1, None, None, second),
        ],
    )

  def test_a_student_whose_divergence_is_no_number_is_not_merged(self):
    folders = [self._run(0, 0.0, (0.1, 'nan', 0.25, 3))]
    with self.assertRaisesRegex(errors.UserError, 'test_kl: expected a finite'):
      analysis.collect(folders, 'laptop', self.folder)
    self.assertEmpty(table.read(self.folder, rows.Student))


if __name__ == '__main__':
  absltest.main()
