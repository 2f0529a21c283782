# SPDX-License-Identifier: Apache-2.0
"""Tests of the program, and that what is committed is what it writes."""

import contextlib
import io
import pathlib
import subprocess
import sys

from absl.testing import absltest

from report import drawings
from report import output
from report import report
from report import results as results_lib
from report import testing
from report.pages import judged as judged_lib
from report.rows import runs
from report.rows import table

# The project itself, not a copy of some of its files.
_ROOT = pathlib.Path(__file__).resolve().parents[1]


class ReportTest(absltest.TestCase):

  def test_it_writes_the_report_and_says_where(self):
    folder = pathlib.Path(self.create_tempdir())
    rows = testing.students(lambda *cell: 0.2, percents=(1.0,))
    table.merge(folder, [testing.RUN, *rows])
    printed = io.StringIO()
    settings = report.Config(str(folder), str(folder), readme='', html=True)
    with contextlib.redirect_stdout(printed):
      report.run(settings)
    written = [pathlib.Path(line) for line in printed.getvalue().splitlines()]
    self.assertEqual(
        [path.name for path in written],
        ['figure4.png', 'figure4_episodes.png', 'results.md', 'report.html'],
    )
    for path in written:
      self.assertGreater(path.stat().st_size, 1000)

  def test_it_needs_no_tensorflow_and_no_family(self):
    code = (
        'import sys, report.report; print(*sorted({m.split(".")[0] for m in '
        'sys.modules} & {"tensorflow", "regression", "sg", "agents"}))'
    )
    found = subprocess.run(
        [sys.executable, '-c', code], cwd=_ROOT, check=True, text=True,
        capture_output=True,
    )
    self.assertEqual(found.stdout.strip(), '')


class CommittedTest(absltest.TestCase):
  """What nobody wrote by hand stays that of results/."""

  def setUp(self):
    super().setUp()
    self.found = results_lib.read(_ROOT / 'results')
    self.judged = judged_lib.judge(self.found)
    self.drawn = {
        drawing.name
        for drawing in drawings.drawings(self.found, self.judged)
    }

  def _check(self, path, expected):
    self.assertEqual(
        expected,
        path.read_text(encoding='utf-8'),
        msg=f'{path.name} is out of date: ./bazelw run //report',
    )

  def test_results(self):
    docs = _ROOT / 'docs'
    expected = output.page(self.found, self.judged, self.drawn, docs)
    self._check(docs / 'results.md', expected)

  def test_readme(self):
    readme = _ROOT / 'README.md'
    content = output.summary(self.judged, self.drawn, readme, _ROOT / 'docs')
    self._check(readme, output.with_block(readme, content))

  def test_figures(self):
    for name in self.drawn:
      self.assertTrue((_ROOT / f'docs/figures/{name}.png').exists(), name)

  def test_every_row_says_what_made_it(self):
    made_by = {run.run for run in self.found.rows(runs.Run)}
    for kind in results_lib.KINDS:
      for row in self.found.rows(kind):
        if getattr(row, 'run', ''):
          self.assertIn(row.run, made_by, row)


if __name__ == '__main__':
  absltest.main()
