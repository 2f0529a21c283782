# SPDX-License-Identifier: Apache-2.0
"""Tests for document."""

import pathlib

from absl.testing import absltest
from absl.testing import parameterized

from benchmarks import document
from benchmarks import timing
from experiment import errors


def _ratios(*medians):
  return {f'case {m}': timing.Ratio(m, m - 0.5, m + 0.5) for m in medians}


class DocumentTest(parameterized.TestCase):

  def setUp(self):
    super().setUp()
    folder = pathlib.Path(self.create_tempdir().full_path)
    self.path = folder / 'docs/benchmarks.md'

  def test_table(self):
    self.assertEqual(
        document.table(('a', 'b'), [(1, timing.Ratio(2, 1, 3))]),
        '| a | b |\n| --- | --- |\n| 1 | 2.00 (1.00 to 3.00) |',
    )

  @parameterized.parameters(
      (1.2, False, 'reached', 1.2),
      (1.19, False, 'not reached', 1.2),
      (1.1, True, 'reached', 1.1),
      (1.11, True, 'not reached', 1.1),
  )
  def test_a_goal_is_judged_by_its_worst_case(
      self, bound, at_least, verdict, worst
  ):
    line = document.goal(
        'Fast', _ratios(1.1, 1.2), bound, at_least=at_least
    )
    self.assertStartsWith(line, f'- Fast: **{verdict}**; the worst is {worst}')
    self.assertEndsWith(line, f' at case {worst}.')

  def test_a_new_document_says_what_was_not_run(self):
    document.merge(self.path, 'second_order', '## Orders\n\nfast')
    text = self.path.read_text()
    self.assertStartsWith(text, '# Benchmarks\n')
    self.assertIn('\n## Orders\n\nfast\n', text)
    self.assertIn('Not run: `./bazelw run //benchmarks/peers:jax_peer`', text)
    self.assertNotIn('Not run: `./bazelw run //benchmarks:second_order`', text)

  def test_a_section_is_replaced_and_the_others_stay(self):
    document.merge(self.path, 'second_order', 'old orders')
    document.merge(self.path, 'sobolev_step', 'steps')
    before = self.path.read_text()
    document.merge(self.path, 'second_order', 'new orders')
    after = self.path.read_text()
    self.assertEqual(after, before.replace('old orders', 'new orders'))
    self.assertLess(after.index('steps'), after.index('new orders'))

  def test_a_backslash_stays_what_it_is(self):
    for text in (r'\1 \g<0>', 'last'):
      document.merge(self.path, 'second_order', text)
      self.assertIn(f'\n{text}\n', self.path.read_text())

  def test_a_folder_in_the_way_is_one_line(self):
    self.path.mkdir(parents=True)
    with self.assertRaisesRegex(errors.UserError, f'{self.path}: .*folder'):
      document.merge(self.path, 'second_order', 'fast')


if __name__ == '__main__':
  absltest.main()
