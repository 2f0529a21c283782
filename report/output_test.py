# SPDX-License-Identifier: Apache-2.0
"""Tests of the report's files: all rows, some, none, and hostile ones."""

import html.parser
import pathlib
import re
from unittest import mock

from absl.testing import absltest
from absl.testing import parameterized

from experiment import errors
from report import drawings
from report import output
from report import results as results_lib
from report import testing
from report.claims import section as section_lib
from report.pages import judged as judged_lib
from report.rows import distillation
from report.rows import paper
from report.rows import regression
from report.rows import runs
from report.rows import synthetic_gradients
from report.rows import table

_README = (
    '# Title\n\n<!-- results: begin -->\nBEFORE\n<!-- results: end -->\nEnd.\n'
)

_POISON = (
    '</code><script>alert(1)</script> "><img src=x onerror=alert(1)> '
    '[a](javascript:alert(1)) ![b](javascript:alert(2)) | `c` <b onclick="d">'
)


class _Page(html.parser.HTMLParser):
  """Collects the tags of a page, their attributes, and its text."""

  def __init__(self, text):
    super().__init__()
    self.tags, self.text = [], ''
    self.feed(text)

  def handle_starttag(self, tag, attrs):
    self.tags.append((tag, dict(attrs)))

  def handle_data(self, data):
    self.text += data


def effect(function, size):
  del size
  return -1.0 if function == 'ackley' else 1.5


def everything():
  """Rows of all kinds."""
  accuracies = testing.accuracies()
  return [
      testing.RUN,
      *testing.baselines(),
      *testing.evaluations(effect),
      *testing.evaluations(effect, scale='laptop', seeds=5),
      *testing.evaluations(effect, scale='laptop steps=9', held_out=False),
      *testing.surfaces(),
      *testing.students(lambda game, percent: 0.2),
      distillation.Candidate(
          'laptop', 'pong', 10.0, 'regular', 1e-3, 0.0, 1000, 0.1, 7.0, 1,
          testing.RUN.run,
      ),
      distillation.Teacher('pong', 'greedy', 400, 3, 9, 20.0, None, None),
      distillation.TeacherCurve('pong', 200, None, -20.0, None),
      synthetic_gradients.Method('sobolev', 'Sobolev', 1.0, '#0072b2'),
      *accuracies,
      *testing.alignment(accuracies),
      *testing.choices(),
      *(
          paper.Printed(case, method, 'top1', 60.0 + k, 0.1, 'Table 1 [V]')
          for case in ('cifar10/3', 'imagenet/1', 'imagenet/3')
          for k, method in enumerate(testing.ACCURACIES)
      ),
  ]


class OutputTest(parameterized.TestCase):

  def setUp(self):
    super().setUp()
    self.folder = pathlib.Path(self.create_tempdir().full_path)
    self.output = self.folder / 'docs'
    self.readme = self.folder / 'README.md'
    self.readme.write_text(_README)
    # A figure takes a second; `drawings_test` draws them.
    self.enter_context(
        mock.patch.object(
            drawings.Drawing, 'make', lambda drawing: mock.Mock()
        )
    )
    self.enter_context(
        mock.patch.object(
            output.style, 'save',
            lambda figure, path, dpi: path.write_bytes(b'a PNG'),
        )
    )

  def _write(self, rows, html_too=True):
    results = self.folder / 'results'
    table.merge(results, rows)
    output.write(results, self.output, self.readme, html_too)
    text = (self.output / 'results.md').read_text()
    # Whatever is missing, every table's rows have as many cells as its header.
    for block in re.findall(r'(?:^\|.*\|\n)+', text, re.MULTILINE):
      lines = block.splitlines()
      counts = {len(re.findall(r'(?<!\\)\|', line)) for line in lines}
      self.assertLen(counts, 1, block)
      # And no column is empty.
      if len(lines) > 2:
        cells = [re.split(r'(?<!\\)\|', line)[1:-1] for line in lines[2:]]
        for column in zip(*cells, strict=True):
          self.assertTrue(any(map(str.strip, column)), block)
    return text

  def test_everything(self):
    text = self._write(everything())
    self.assertIn('Of 22 claims of the paper', text)
    numbers = re.findall(r'^\| (\d+) \| .* \| \*\*[\w ]+\*\* \|', text, re.M)
    self.assertEqual(numbers, [str(number) for number in range(1, 23)])
    self.assertIn('https://arxiv.org/abs/1706.04859', text)
    self.assertIn('Czarnecki', text)
    for image in re.findall(r'!\[.*\]\((.*)\)', text):
      self.assertTrue((self.output / image).exists(), image)
    # A number below 100,000 is written out.
    self.assertNotRegex(text, r'\d[eE]\+')
    page = (self.output / 'report.html').read_text()
    self.assertNotIn('figures/', page)  # All in one file.
    self.assertIn('data:image/png;base64,', page)

  def test_the_readme_keeps_the_rest(self):
    self._write(everything())
    text = self.readme.read_text()
    self.assertStartsWith(text, '# Title\n\n<!-- results: begin -->\nOf ')
    self.assertEndsWith(text, '<!-- results: end -->\nEnd.\n')
    self.assertNotIn('BEFORE', text)
    self.assertIn('(docs/figures/verdict_map.png)', text)
    self.assertIn('(docs/results.md)', text)
    # A row per section of the paper.
    rows = re.findall(r'^\| (\d[.\d]*), ', text, re.MULTILINE)
    self.assertEqual(rows, ['3', '4.1', '4.2', '4.3'])

  def test_what_is_not_tested_is_not_explained(self):
    kind = synthetic_gradients.Accuracy
    text = self._write([r for r in everything() if not isinstance(r, kind)])
    self.assertIn('Matching the gradient does not pay', text)
    self.assertNotIn('VFBN is ahead', text + self.readme.read_text())

  def test_verdicts_are_about_the_fullest_scale_that_decides(self):
    text = self._write(everything())
    self.assertIn('Judged at `paper`.', text)
    self.assertIn('| At `laptop` |', text)
    self.assertNotIn('At `laptop steps=9`', text)
    registered = next(
        line for line in text.splitlines() if line.startswith('| 4.1 |')
    )
    self.assertIn('`laptop steps=9`', registered)
    self.assertIn('`abcdef123456`', registered)
    self.assertRegex(text, r'\| 4.3 \| `\w+`, the choice `5b62c2fa473b` \|')

  def test_students_of_other_settings_stand_beside_those_that_decide(self):
    decided = testing.students(lambda *cell: 0.2)
    tried = [
        row._replace(scale='laptop steps=9')
        for row in testing.students(lambda *cell: -0.3, percents=(1.0,))
    ]
    before = self._write([testing.RUN, *decided])
    self.assertNotIn('Other settings', before)
    text = self._write([testing.RUN, *decided, *tried])
    table_of = text.partition('`laptop steps=9`')[2].partition('###')[0]
    self.assertEqual(table_of.count('0.30 ('), 3)
    self.assertNotIn('+0.20 (', table_of)
    self.assertEqual(text.count('+0.20 ('), before.count('+0.20 ('))

  def test_the_first_row_is_not_guessed(self):
    def registered(*runs):
      rows = [row for row in everything() if row != testing.RUN]
      some = [row for row in rows if isinstance(row, regression.Evaluation)]
      of = {row.seed: runs[row.seed % len(runs)] for row in some}
      rows = [
          row._replace(run=of[row.seed].run) if row in some else row
          for row in rows
      ]
      text = self._write([testing.RUN, *runs, *rows])
      return next(
          line for line in text.splitlines() if line.startswith('| 4.1 |')
      )

    late = testing.RUN._replace(run='2', commit='2' * 12, started='2026-02')
    early = testing.RUN._replace(run='1', commit='1' * 12, started='2026-01')
    self.assertIn('| `111111111111` | 2026-01 |', registered(late, early))
    former = early._replace(started='')
    self.assertIn('| not recorded |', registered(late, former))

  def test_a_scale_that_is_run_in_part_does_not_hide_another(self):
    rows = [
        row
        for row in everything()
        if not isinstance(row, regression.Evaluation)
        or row.scale != 'paper' or row.function == 'ackley'
    ]
    text = self._write(rows)
    self.assertIn('Judged at `laptop`.', text)
    self.assertIn('| At `paper` |', text)

  def test_without_rows_it_writes_nothing(self):
    with self.assertRaisesRegex(errors.UserError, 'results: no rows, such as'):
      self._write([])
    self.assertFalse(self.output.exists())
    self.assertEqual(self.readme.read_text(), _README)

  def test_the_paper_alone(self):
    rows = [row for row in everything() if isinstance(row, paper.Printed)]
    text = self._write(rows)
    self.assertIn('Of 22 claims of the paper, 22 are not tested.', text)
    self.assertIn('Not run.', text)

  def test_a_method_that_has_gradients_alone(self):
    rows = testing.alignment(testing.accuracies({'mine': 60.0}))
    alone = [row for row in rows if row.method == 'mine']
    self.assertIn('| Mine |', self._write([*everything(), *alone]))

  @parameterized.parameters(*results_lib.KINDS)
  def test_without_one_file(self, kind):
    rows = [row for row in everything() if not isinstance(row, kind)]
    self.assertIn('Of 22 claims', self._write(rows, html_too=False))

  @parameterized.parameters(*results_lib.KINDS)
  def test_with_one_file_alone(self, kind):
    rows = [row for row in everything() if isinstance(row, kind)]
    self.assertIn('Of 22 claims', self._write(rows, html_too=False))

  def test_half_of_the_rows_of_scales_and_methods_that_nobody_knows(self):
    rows = everything()[::2]
    changed = [
        row._replace(method='a new method')
        if getattr(row, 'method', '') in ('critic', 'regular')
        else row
        for row in rows
    ]
    self.assertIn('A new method', self._write(changed, html_too=False))
    self.assertIn('not tested', self.readme.read_text())

  def test_whatever_the_rows_say_the_page_is_safe(self):
    rows = []
    for row in everything():
      changes = dict.fromkeys(
          ('device', 'command', 'commit', 'policy', 'title', 'source'), _POISON
      )
      changes['scale'] = f'{getattr(row, "scale", "")} {_POISON}'
      rows.append(
          row._replace(**{k: v for k, v in changes.items() if k in row._fields})
      )
    rows += [
        regression.Evaluation(
            'paper', _POISON, 20, _POISON, 1.0, _POISON, 0, 1, 1.0, 1.0, None,
            1.0, 1.0, 'x',
        ),
        runs.Run('x', _POISON, _POISON, _POISON, _POISON, 1.0),
        synthetic_gradients.Method('vfbn', _POISON, 1.0, f'red;{_POISON}'),
        *testing.accuracies(cases=(_POISON,)),
    ]
    self._write(rows)
    page = _Page((self.output / 'report.html').read_text())
    self.assertIn('onerror=alert(1)', page.text)  # It is there, as text.
    for tag, attributes in page.tags:
      self.assertNotIn(tag, ('script', 'iframe', 'object', 'b', 'link'))
      for name, value in attributes.items():
        self.assertNotStartsWith(name, 'on')
        self.assertNotIn('javascript:', value or '')
        self.assertNotIn('alert', value or '')
    images = [a for tag, a in page.tags if tag == 'img']
    self.assertTrue(images)
    for image in images:
      self.assertStartsWith(image['src'], 'data:image/png;base64,')

  def test_a_readme_without_a_block_is_left_alone(self):
    self.readme.write_text('# Title\n')
    with self.assertRaisesRegex(errors.UserError, 'no block of results'):
      self._write([])
    self.assertEqual(self.readme.read_text(), '# Title\n')
    self.readme.unlink()
    with self.assertRaisesRegex(errors.UserError, 'no such file'):
      self._write([])

  def test_a_claim_is_a_function(self):
    section = section_lib.Section(
        '9', 'Anything', says='It works.', why='It does.',
        kind=regression.Evaluation, evidence=lambda results, scale: 'evidence',
        registered='abc', unit='points',
    )

    @section.claim('All is well', rule='always')
    def _(evidence):
      self.assertEqual(evidence, 'evidence')
      return {'one': judged_lib.verdicts.Finding('supported', [])}

    sections = (*judged_lib.SECTIONS, section)
    with mock.patch.object(judged_lib, 'SECTIONS', sections):
      text = self._write(everything(), html_too=False)
    self.assertIn('| 23 | All is well | **supported** |', text)
    self.assertIn('| 9, Anything |', self.readme.read_text())


if __name__ == '__main__':
  absltest.main()
