"""Tests of the report's part on synthetic gradients."""

import pathlib

from absl.testing import absltest

from experiment import results
from report import document
from report import loading
from report import table1_part
from report import table1_rows
from report import table1_testing as fake
from report import testing

_DRAWN = {
    name: document.Figure(name, '', '')
    for name in ('table1_curves', 'table1_alignment')
}


class Table1PartTest(absltest.TestCase):

  def setUp(self):
    super().setUp()
    self.folder = pathlib.Path(self.create_tempdir())
    testing.write_results(
        self.folder, testing.networks({('booth', 20): 1.0}, 1)
    )

  def _measure(self, case, method, mean, std, n, scale='laptop'):
    row = testing.row('table1', case, method, 'top1', mean, std, n, scale)
    results.merge(self.folder / 'measured.csv', [row])

  def _blocks(self):
    return list(table1_part.table1(loading.read(self.folder), _DRAWN))

  def _tables(self):
    return [b for b in self._blocks() if isinstance(b, document.Table)]

  def test_nothing_was_run(self):
    blocks = self._blocks()
    texts = [b.text for b in blocks if isinstance(b, document.Paragraph)]
    self.assertEqual(2, texts.count('Not run.'))
    self.assertFalse([b for b in blocks if isinstance(b, document.Figure)])
    (table,) = self._tables()
    self.assertLen(table.rows, 5 * 6)  # Without the variant with labels.
    self.assertEqual(
        [
            'CIFAR-10, 3 modules', 'top-1', 'Sobolev', '93.5 ± 0.01', '-0.8',
            'not run', '',
        ],
        table.rows[5],
    )
    self.assertEqual(
        ['ImageNet, 1 module', 'top-1', 'Direct SG', '–', '', 'not run', ''],
        table.rows[8],
    )

  def test_ours_beside_the_papers_at_each_scale(self):
    self._measure('cifar10/3', 'backprop', 84.0, 0.4, 3)
    self._measure('cifar10/3', 'sobolev', 79.25, 0.5, 3)
    self._measure('cifar10/3', 'direct_sg_plain', 61.0, None, 1)
    self._measure('cifar10/3', 'sobolev', 30.0, None, 1, 'smoke')
    (table,) = self._tables()
    self.assertEqual(
        [
            'Case', 'Accuracy', 'Method', "The paper's", '− backprop',
            'Ours, scale `laptop`', '− backprop', 'Ours, scale `smoke`',
            '− backprop',
        ],
        list(table.header),
    )
    self.assertEqual(
        {
            'Backprop': ['94.3', '', '84.0 ± 0.40 (3)', '', 'not run', ''],
            # Without its backpropagation, no difference can be told.
            'Sobolev': [
                '93.5 ± 0.01', '-0.8', '79.2 ± 0.50 (3)', '-4.8', '30.0 (1)', ''
            ],
            'Direct SG, plain': [
                '–', '', '61.0 (1)', '-23.0', 'not run', ''
            ],
        },
        {
            row[2]: row[3:]
            for row in table.rows[:7]
            if row[2] in ('Backprop', 'Sobolev', 'Direct SG, plain')
        },
    )

  def test_a_case_of_ones_own(self):
    self._measure('mine/2', 'vfbn', 50.0, None, 1)
    (table,) = self._tables()
    self.assertEqual(
        ['mine/2', 'top-1', 'VFBN', '–', '', '50.0 (1)', ''], table.rows[-3]
    )

  def test_figures_and_where_training_ended(self):
    self._measure('cifar10/3', 'sobolev', 79.2, 0.5, 3)
    testing.write(self.folder / table1_rows.CURVES, fake.accuracies())
    testing.write(self.folder / table1_rows.ALIGNMENT, fake.alignment())
    drawn = [b.name for b in self._blocks() if isinstance(b, document.Figure)]
    self.assertEqual(['table1_curves', 'table1_alignment'], drawn)
    (_, table) = self._tables()
    self.assertLen(table.rows, 4 * 3)
    # Cosines 0.41, 0.51, 0.61 and ratios 1, 2, 4 (deviation 1.53).
    self.assertEqual(
        [
            'CIFAR-10, 3 modules', 'Direct SG', '1', '0.51 ± 0.1 (3)',
            '2.3 ± 2 (3)', '–', '0.90 ± 0.1 (3)',
        ],
        table.rows[0],
    )
    self.assertEqual(
        ['Sobolev', '3', '0.53 ± 0.1 (3)', '2.3 ± 2 (3)', '0.25 ± 0 (3)'],
        table.rows[-1][1:6],
    )

  def test_one_seed_has_no_deviation(self):
    self._measure('imagenet/1', 'sobolev', 79.2, None, 1)
    testing.write(
        self.folder / table1_rows.ALIGNMENT,
        fake.alignment('imagenet/1', seeds=1),
    )
    (_, table) = self._tables()
    self.assertEqual('0.41 (1)', table.rows[0][3])


if __name__ == '__main__':
  absltest.main()
