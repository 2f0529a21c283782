"""Tests of the report's part on distillation."""

import pathlib

from absl.testing import absltest

from experiment import errors
from experiment import results
from report import document
from report import figure4_part
from report import figure4_rows
from report import figure4_testing as fake
from report import loading
from report import testing

_DRAWN = {
    name: document.Figure(name, '', '')
    for name in ('figure4', 'figure4_teachers')
}


class Figure4PartTest(absltest.TestCase):

  def setUp(self):
    super().setUp()
    self.folder = pathlib.Path(self.create_tempdir())
    testing.write_results(
        self.folder, testing.networks({('booth', 20): 1.0}, 1)
    )

  def _measure(self, case, method, metric, mean, std, n, scale='laptop'):
    row = testing.row('figure4', case, method, metric, mean, std, n, scale)
    results.merge(self.folder / 'measured.csv', [row])

  def _blocks(self, kind):
    found = loading.read(self.folder)
    blocks = figure4_part.figure4(found, _DRAWN)
    return [block for block in blocks if isinstance(block, kind)]

  def _paragraphs(self):
    return [block.text for block in self._blocks(document.Paragraph)]

  def test_nothing_was_run(self):
    texts = self._paragraphs()
    self.assertEqual(3, texts.count('Not run.'))
    self.assertIn('gives no numbers in its text', texts[0])
    self.assertEmpty(self._blocks(document.Table))
    self.assertEmpty(self._blocks(document.Figure))
    self.assertEqual(
        [
            'Figure 4: distillation',
            'Test errors during training',
            'The teachers',
        ],
        [block.text for block in self._blocks(document.Heading)],
    )

  def test_where_students_ended(self):
    for case, metric, regular, sobolev in (
        ('space_invaders/10', 'test_kl', 0.25, 0.1),
        ('pong/10', 'action_error', 12.0, 16.0),
        ('pong/0.5', 'lowest_test_kl', 0.3, 0.25),
        ('pong/0.5', 'test_kl', 40.0, 0.25),
        ('pong/0.5', 'student_score', -20.0, 15.5),
    ):
      self._measure(case, 'regular', metric, regular, 0.05, 5)
      self._measure(case, 'sobolev', metric, sobolev, None, 1)
    (table,) = self._blocks(document.Table)
    self.assertEqual(
        [
            'Game', 'States', 'Measured', 'Regular, scale `laptop`',
            'Sobolev, scale `laptop`', 'Regular / Sobolev',
        ],
        list(table.header),
    )
    kl, lowest, score, action, last = table.rows
    self.assertEqual(
        [
            'Pong', '0.5 %', 'KL divergence, nats', '40 ± 0.05 (5)',
            '0.25 (1)', '160',
        ],
        kl,
    )
    self.assertEqual(['0.3 ± 0.05 (5)', '0.25 (1)', '1.20'], lowest[3:])
    self.assertEqual(
        ["The student's score", '-20.0 ± 0.1 (5)', '15.5 (1)', ''], score[2:]
    )
    self.assertEqual(
        [
            'Pong', '10 %', 'Action prediction error, %', '12.0 ± 0.05 (5)',
            '16.0 (1)', '0.750',
        ],
        action,
    )
    self.assertEqual(['Space Invaders', '10 %'], last[:2])

  def test_what_was_run_at_one_scale_alone(self):
    self._measure('pong/1', 'regular', 'test_kl', 0.25, 0.05, 5)
    self._measure('pong/1', 'sobolev', 'test_kl', 0.0, 0.0, 2)
    self._measure('pong/1', 'regular', 'test_kl', 0.5, None, 1, 'smoke')
    (table,) = self._blocks(document.Table)
    self.assertEqual(
        ['Regular, scale `smoke`', 'Sobolev, scale `smoke`'],
        list(table.header[6:8]),
    )
    # Nothing can be divided by zero, or by what was not run.
    self.assertEqual(
        ['0.25 ± 0.05 (5)', '0 ± 0 (2)', '', '0.5 (1)', 'not run', ''],
        table.rows[0][3:],
    )

  def test_a_broken_case(self):
    self._measure('pong', 'regular', 'test_kl', 0.25, 0.05, 5)
    with self.assertRaisesRegex(errors.UserError, "figure 4, case 'pong': exp"):
      self._blocks(document.Table)

  def test_the_figure_of_the_scale_shown(self):
    points = fake.curves(scale='smoke')
    testing.write(self.folder / figure4_rows.CURVES, points)
    self.assertEmpty(self._blocks(document.Figure))  # No rows of that scale.
    self._measure('pong/1', 'regular', 'test_kl', 0.5, None, 1, 'smoke')
    (figure,) = self._blocks(document.Figure)
    self.assertEqual('figure4', figure.name)
    self.assertEqual(1, self._paragraphs().count('Not run.'))

  def test_teachers(self):
    teachers = fake.teachers('breakout') + fake.teachers('pong')
    testing.write(self.folder / figure4_rows.TEACHERS, teachers)
    (table,) = self._blocks(document.Table)
    self.assertEqual(
        [
            ['Pong', 'stochastic'],
            ['Pong', 'greedy'],
            ['Breakout', 'stochastic'],
            ['Breakout', 'greedy'],
        ],
        [row[:2] for row in table.rows],
    )
    self.assertEqual(
        ['8 M', '80 M', '30', '27,000', '16.0', '13.5 to 18.5', '`0123abc`'],
        table.rows[0][2:],
    )
    # A greedy policy's games are no sample.
    self.assertEqual([row[7] for row in table.rows[1::2]], ['', ''])
    self.assertEmpty(self._blocks(document.Figure))
    testing.write(
        self.folder / figure4_rows.TEACHER_CURVES, fake.teacher_curves()
    )
    (figure,) = self._blocks(document.Figure)
    self.assertEqual('figure4_teachers', figure.name)
    self.assertTrue(
        any('80 million agent steps' in text for text in self._paragraphs())
    )


if __name__ == '__main__':
  absltest.main()
