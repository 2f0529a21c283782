# SPDX-License-Identifier: Apache-2.0
import json
import pathlib

from absl.testing import absltest

from experiment import errors
from experiment import finished_runs

CONFIG = {
    'settings': {'seed': 1},
    'command': 'a --data=/b --seed=1 --recording=/c --teacher=/d',
    'commit': 'abcdef' * 7,
    'dirty': True,
    'device': {'cores': 2, 'cpu': 'x', 'gpus': []},
}
ABOUT = {
    'artifact': 'table1', 'case': 'a/1', 'method': 'b', 'metric': 'top1',
    'scale': 'smoke', 'unit': '%',
}


class FinishedRunsTest(absltest.TestCase):

  def setUp(self):
    super().setUp()
    self.folder = pathlib.Path(self.create_tempdir().full_path)
    (self.folder / 'config.json').write_text(json.dumps(CONFIG))
    (self.folder / 'metrics.csv').write_text(
        'step,seconds,score\n1,2.5,nan\n2,4.25,3\n'
    )

  def test_reads_numbers(self):
    run, metrics = finished_runs.read(self.folder)
    self.assertEqual(run, CONFIG)
    self.assertEqual(metrics[1], {'step': 2, 'seconds': 4.25, 'score': 3})
    self.assertNotEqual(metrics[0]['score'], metrics[0]['score'])

  def test_broken_metrics(self):
    for content in ('', 'step\n', 'step\nx\n', 'step\n1,2\n', None):
      (self.folder / 'metrics.csv').unlink(missing_ok=True)
      if content is not None:
        (self.folder / 'metrics.csv').write_text(content)
      with self.assertRaisesRegex(
          errors.UserError, 'metrics.csv: missing or broken: remove'
      ):
        finished_runs.read(self.folder)

  def test_a_config_without_provenance(self):
    for key in ('command', 'commit', 'device'):
      broken = {k: v for k, v in CONFIG.items() if k != key}
      (self.folder / 'config.json').write_text(json.dumps(broken))
      with self.assertRaisesRegex(errors.UserError, 'config.json: broken: rem'):
        finished_runs.read(self.folder)

  def test_a_column_that_is_not_there(self):
    finished_runs.read(self.folder, 'score')
    with self.assertRaisesRegex(errors.UserError, 'metrics.csv: missing or'):
      finished_runs.read(self.folder, 'scores')

  def test_a_row_over_seeds(self):
    run = finished_runs.read(self.folder)
    row = finished_runs.row([run, run], [1.0, 2.0], **ABOUT)
    self.assertEqual((row.mean, row.std, row.n), (1.5, 0.70711, 2))
    self.assertEqual((row.seconds, row.commit), (8.5, 'abcdefabcdef+'))
    self.assertEqual(row.command, 'a --seed=1')
    self.assertEqual(row.key, ('table1', 'a/1', 'b', 'top1', 'smoke'))

  def test_one_seed_has_no_deviation(self):
    run = finished_runs.read(self.folder)
    self.assertIsNone(finished_runs.row([run], [1.0], **ABOUT).std)


if __name__ == '__main__':
  absltest.main()
