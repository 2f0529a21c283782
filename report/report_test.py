"""Tests of the program, and that what is committed is what it writes."""

import contextlib
import io
import pathlib

from absl.testing import absltest
from absl.testing import flagsaver

from report import document
from report import drawings
from report import loading
from report import output
from report import overview
from report import report
from report import testing

# So that a phone can open it, and a repository hold it.
_LARGEST_PAGE = 1_500_000


class ReportTest(absltest.TestCase):

  def test_it_writes_the_report_and_says_where(self):
    folder = pathlib.Path(self.create_tempdir())
    testing.write_results(
        folder, testing.networks({('booth', 20): 1.0}, 1, scale='smoke')
    )
    printed = io.StringIO()
    with (
        flagsaver.flagsaver(
            results=str(folder),
            output=str(folder),
            readme='',
            deviations='',
            scale='smoke',
        ),
        contextlib.redirect_stdout(printed),
    ):
      report.main([])
    self.assertIn(str(folder / 'report.html'), printed.getvalue())
    self.assertIn('judged at scale', (folder / 'results.md').read_text())


class CommittedTest(absltest.TestCase):
  """Tables that nobody wrote by hand stay those of results/."""

  def setUp(self):
    super().setUp()
    # The project itself, not a copy of some of its files.
    self.root = pathlib.Path(__file__).resolve().parents[1]
    self.found = loading.read(self.root / 'results')
    self.figures = {
        drawing.name: document.Figure(drawing.name, drawing.alt, '')
        for drawing in drawings.drawings(self.found)
    }

  def _check(self, path, expected):
    self.assertEqual(
        expected,
        path.read_text(encoding='utf-8'),
        msg=f'{path.name} is out of date: ./bazelw run //report',
    )

  def test_results(self):
    expected = output.markdown(self.found, self.figures)
    self._check(self.root / 'docs/results.md', expected)

  def test_readme(self):
    readme = self.root / 'README.md'
    content = output.summary(
        self.found, self.figures, readme, self.root / 'docs'
    )
    self._check(readme, output.with_block(readme, output.RESULTS, content))

  def test_deviations(self):
    path = self.root / 'docs/deviations.md'
    content = output.choices(self.found)
    self._check(path, output.with_block(path, output.CHOICES, content))

  def test_page(self):
    page = self.root / 'docs/report.html'
    self.assertLess(page.stat().st_size, _LARGEST_PAGE)
    summary = document.inline(overview.summary(self.found))
    self.assertIn(summary, page.read_text('utf-8'))

  def test_figures(self):
    for name in self.figures:
      self.assertTrue((self.root / f'docs/figures/{name}.png').exists(), name)


if __name__ == '__main__':
  absltest.main()
