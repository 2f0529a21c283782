"""Tests of the report's files."""

from html import parser
import pathlib
import re
import shutil

from absl.testing import absltest

from experiment import errors
from report import document
from report import loading
from report import output
from report import testing

_BEGIN, _END = '<!-- results: begin -->', '<!-- results: end -->'
_README = f'# Title\n\n{_BEGIN}\nold\n{_END}\n\nAfter.\n'

_GAINS = {('ackley', 20): 1.5, ('ackley', 100): 1.5}


class _Page(parser.HTMLParser):
  """Collects what a page refers to, and where one can go in it."""

  def __init__(self, text):
    super().__init__()
    self.anchors, self.links, self.images = set(), [], []
    self.feed(text)

  def handle_starttag(self, tag, attrs):
    attributes = dict(attrs)
    if 'id' in attributes:
      self.anchors.add(attributes['id'])
    self.links += [attributes['href']] if tag == 'a' else []
    for name in ('src', 'srcset', 'data'):
      self.images += [attributes[name]] if name in attributes else []
    assert tag not in ('link', 'script', 'iframe'), tag


def _content(folder):
  return {
      path.relative_to(folder): path.read_bytes()
      for path in folder.rglob('*')
      if path.is_file()
  }


class OutputTest(absltest.TestCase):

  @classmethod
  def setUpClass(cls):
    super().setUpClass()
    cls.folder = pathlib.Path(absltest.get_default_test_tmpdir(), 'report')
    cls.results = cls.folder / 'results'
    cls.results.mkdir(parents=True, exist_ok=True)
    testing.write_results(cls.results, testing.networks(_GAINS, 4))
    cls.readme = cls.folder / 'README.md'
    cls.readme.write_text(_README)
    cls.docs = cls.folder / 'docs'
    cls.written = output.write(cls.results, cls.docs, cls.readme)

  def test_what_is_written(self):
    self.assertEqual(
        {
            'README.md',
            'docs/results.md',
            'docs/report.html',
            'docs/figures/figure2.png',
            'docs/figures/figure2_gradients.png',
            'docs/figures/figure2_steps.png',
            'docs/figures/figure2_seconds.png',
            'docs/figures/figure3_styblinski_tang.png',
        },
        {path.relative_to(self.folder).as_posix() for path in self.written},
    )
    for path in self.written:
      self.assertGreater(path.stat().st_size, 100, msg=str(path))

  def test_the_same_rows_give_the_same_bytes(self):
    before = _content(self.folder)
    output.write(self.results, self.docs, self.readme)
    self.assertEqual(before, _content(self.folder))

  def test_links_of_markdown_lead_somewhere(self):
    count = 0
    for path in (self.readme, self.docs / 'results.md'):
      text = path.read_text()
      headings = re.findall('^#+ (.+)$', text, re.MULTILINE)
      anchors = {document.slug(heading) for heading in headings}
      for target in re.findall(r'\]\((.+?)\)', text):
        file, _, anchor = target.partition('#')
        self.assertTrue((path.parent / file).exists(), msg=target)
        self.assertTrue(not anchor or anchor in anchors, msg=target)
        count += 1
    self.assertGreater(count, 8)

  def test_the_page_needs_no_other_file(self):
    text = (self.docs / 'report.html').read_text()
    page = _Page(text)
    self.assertNotEmpty(page.links)
    for link in page.links:
      self.assertIn(link, {f'#{anchor}' for anchor in page.anchors})
    self.assertNotEmpty(page.images)
    for image in page.images:
      self.assertStartsWith(image, 'data:')
    self.assertNotIn('@import', text)
    self.assertNotIn('$', re.sub(r'<svg.*?</svg>', '', text, flags=re.DOTALL))

  def test_the_readme_keeps_the_rest(self):
    text = self.readme.read_text()
    self.assertStartsWith(text, f'# Title\n\n{_BEGIN}\nOf 22 claims')
    self.assertEndsWith(text, f'{_END}\n\nAfter.\n')
    self.assertNotIn('\nold\n', text)
    self.assertIn('Not run: Figure 3 (2 claims), Figure 4 (4 claims), T', text)
    self.assertIn('](docs/figures/figure2.png)', text)

  def test_figures_of_the_readme(self):
    found = loading.read(self.results)
    for names, shown in (
        (('figure2', 'figure2_steps', 'figure4'), ['figure2', 'figure4']),
        (('figure4', 'figure4_teachers'), ['figure4']),
        ((), []),
    ):
      figures = {name: document.Figure(name, '', '') for name in names}
      text = output.summary(found, figures, self.readme, self.docs)
      self.assertEqual(
          shown, re.findall(r'\]\(docs/figures/(\w+)\.png\)', text)
      )

  def test_nothing_was_run(self):
    folder = pathlib.Path(self.create_tempdir())
    for name in ('claims.csv', 'paper.csv'):
      shutil.copyfile(testing.RESULTS / name, folder / name)
    written = output.write(folder, folder)
    self.assertEqual(
        [folder / 'results.md', folder / 'report.html'], written
    )
    for path in written:
      self.assertIn('None of the 22 claims', path.read_text())
      self.assertIn('93.5 ± 0.01', path.read_text())

  def test_a_readme_without_a_block(self):
    folder = pathlib.Path(self.create_tempdir())
    for text in ('# Title\n', f'{_BEGIN}\n', f'{_END}\n'):
      (folder / 'README.md').write_text(text)
      with self.assertRaisesRegex(
          errors.UserError, 'README.md: no block of results: expected a line <!'
      ):
        output.write(self.results, folder, folder / 'README.md')
      self.assertLen(list(folder.iterdir()), 1)  # Nothing written.

  def test_no_readme(self):
    folder = pathlib.Path(self.create_tempdir())
    with self.assertRaisesRegex(
        errors.UserError, 'no such file: choose another'
    ):
      output.write(self.results, folder, folder / 'README.md')


if __name__ == '__main__':
  absltest.main()
