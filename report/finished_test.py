# SPDX-License-Identifier: Apache-2.0
import json
import math
import pathlib

from absl.testing import absltest

from experiment import errors
from report import finished

CONFIG = {
    'settings': {'seed': 1},
    'command': 'a --data=/b --seed=1 --recording=/c --teacher=/d',
    'commit': 'abcdef' * 7,
    'dirty': True,
    'device': {'cores': 2, 'cpu': 'x', 'gpus': []},
    'started': '2026-01-02T03:04:05+00:00',
}


class FinishedTest(absltest.TestCase):

  def setUp(self):
    super().setUp()
    self.folder = pathlib.Path(self.create_tempdir().full_path)
    (self.folder / 'config.json').write_text(json.dumps(CONFIG))
    (self.folder / 'metrics.csv').write_text(
        'step,seconds,game,score\n1,2.5,go,nan\n2,4.25,go,3\n'
    )

  def test_reads_settings_numbers_and_what_made_them(self):
    found = finished.read(self.folder, 'score', strings=['game'])
    self.assertEqual(found.settings, {'seed': 1})
    self.assertTrue(math.isnan(found.metrics[0]['score']))
    self.assertEqual(
        found.metrics[1],
        {'step': 2, 'seconds': 4.25, 'game': 'go', 'score': 3},
    )
    self.assertEqual(
        found.run[1:],
        (
            'a --seed=1', 'abcdefabcdef+', '2 cores of x',
            '2026-01-02T03:04:05+00:00', 4.25,
        ),
    )

  def test_another_command_is_another_run(self):
    first = finished.read(self.folder, strings=['game']).run
    for key, value in (('command', 'b'), ('dirty', False)):
      (self.folder / 'config.json').write_text(
          json.dumps({**CONFIG, key: value})
      )
      other = finished.read(self.folder, strings=['game']).run
      self.assertNotEqual(first.run, other.run, key)

  def test_damaged_metrics(self):
    for content in (
        '', 'step\n', 'step\nx\n', 'step,seconds\n1\n', 'step,seconds\n1,2,3\n',
        'step,score\n1,2\n', None,
    ):
      (self.folder / 'metrics.csv').unlink(missing_ok=True)
      if content is not None:
        (self.folder / 'metrics.csv').write_text(content)
      with self.assertRaisesRegex(
          errors.UserError, 'metrics.csv: missing or damaged: remove'
      ):
        finished.read(self.folder)

  def test_a_column_that_is_not_there(self):
    with self.assertRaisesRegex(errors.UserError, 'missing or damaged'):
      finished.read(self.folder, 'scores', strings=['game'])

  def test_a_config_without_provenance(self):
    unclosed = CONFIG | {'command': 'a --seed="1'}
    for damaged in (unclosed, *(
        {k: v for k, v in CONFIG.items() if k != key}
        for key in ('command', 'commit', 'device')
    )):
      (self.folder / 'config.json').write_text(json.dumps(damaged))
      with self.assertRaisesRegex(
          errors.UserError, 'config.json: damaged: remove'
      ):
        finished.read(self.folder, strings=['game'])


if __name__ == '__main__':
  absltest.main()
