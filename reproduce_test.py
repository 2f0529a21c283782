"""The whole chain at a tiny scale; about a minute of processor time."""

import pathlib
from unittest import mock

from absl.testing import absltest

from regression import figure2
import reproduce


class ReproduceTest(absltest.TestCase):

  def test_from_nothing_to_the_report(self):
    folder = pathlib.Path(self.create_tempdir().full_path)
    tiny = {'seeds': 2, 'steps': 20, 'evaluations': 3, 'hidden': (8, 8)}
    with mock.patch.dict(figure2.SCALES, {'smoke': tiny}):
      reproduce.run(reproduce.Settings(scale='smoke', output=str(folder)))
    report = (folder / 'report' / 'report.html').read_text(encoding='utf-8')
    self.assertIn('Styblinski-Tang', report)
    self.assertIn('smoke', report)
    rows = (folder / 'results' / 'measured.csv').read_text().splitlines()
    # A header, and two metrics of 42 cells.
    self.assertLen(rows, 1 + 2 * 42)


if __name__ == '__main__':
  absltest.main()
