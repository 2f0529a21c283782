"""Tests of what the report says about figure 2."""

import collections
import pathlib

from absl.testing import absltest

from report import document
from report import evidence as evidence_lib
from report import loading
from report import regression_part
from report import testing

# Figures by name, without drawing them.
_DRAWN = collections.defaultdict(
    lambda: document.Figure('name', 'alt', ''),
    {'figure2_steps': document.Figure('steps', 'alt', '')},
)


class RegressionPartTest(absltest.TestCase):

  def _read(self, networks):
    folder = pathlib.Path(self.create_tempdir())
    return loading.read(testing.write_results(folder, networks))

  def _tables(self, blocks):
    return [b for b in blocks if isinstance(b, document.Table)]

  def test_a_row_a_cell(self):
    found = self._read(testing.networks({('booth', 20): 1.5}, seeds=6))
    errors, gradients = self._tables(regression_part.figure2(found, _DRAWN))
    self.assertLen(errors.rows, 21)
    by_cell = {tuple(row[:2]): row[2:] for row in errors.rows}
    # Deviations of +-0.1, 0.101, 0.102 (n - 1): 0.11; of the difference 0.22,
    # half an interval 2.5706 x 0.2213 / sqrt(6) = 0.2322, a factor of 1.707.
    self.assertEqual(
        ['3.00', '2.50 ± 0.11', '1.00 ± 0.11', '32', '19 to 54', '< 0.001'],
        by_cell['Booth', '20'][:6],
    )
    self.assertEqual('0.031', by_cell['Booth', '20'][6])  # 2 / 2^6.
    self.assertEqual(['not run'] * 7, by_cell['Beale', '20'])
    gradient = {tuple(row[:2]): row[2:] for row in gradients.rows}
    self.assertEqual('2.80 ± 0.11', gradient['Booth', '20'][1])

  def test_scales_have_tables_of_their_own(self):
    networks = testing.networks({('booth', 20): 1.5}, seeds=1, scale='laptop')
    networks += testing.networks({('beale', 20): 1.0}, seeds=1, scale='smoke')
    blocks = list(regression_part.figure2(self._read(networks), _DRAWN))
    tables = self._tables(blocks)
    self.assertEqual(
        [['Booth', 'Booth', 'Beale'], ['20'] * 3],
        [[table.rows[0][k] for table in tables] for k in range(2)],
    )
    self.assertIn(document.Heading(3, 'Figure 2 at scale smoke'), blocks)
    # The first seed's noise adds 0.2 to the 1.5.
    self.assertEqual(['50', 'one seed', '–', '–'], tables[0].rows[0][5:])

  def test_how_much_was_run(self):
    networks = testing.networks({('booth', 20): 1.0, ('booth', 100): 1.0})
    networks = [n._replace(steps=20000) for n in networks]
    found = evidence_lib.Evidence('paper', networks)
    self.assertEqual(
        '1 function, 20, 100 points, 8 seeds a method, 20,000 steps',
        regression_part.extent(found),
    )

  def _text(self, networks):
    blocks = regression_part.figure2(self._read(networks), _DRAWN)
    return ' '.join(
        block.text for block in blocks if isinstance(block, document.Paragraph)
    )

  def test_plateau(self):
    gains = {cell: 1.5 for cell in testing.CELLS}
    text = self._text(testing.networks(gains, seeds=6))
    # The earlier error is 1.1 times the last.
    self.assertIn('by 10 % (median; 95th percentile 10 %)', text)
    self.assertIn('no verdict would be another', text)

  def test_verdicts_before_the_plateau(self):
    gains = {cell: 1.5 for cell in testing.CELLS}
    networks = [
        n._replace(earlier_test_mse=n.test_mse * (100 if n.size == 20 else 1))
        if n.method == 'sobolev'
        else n
        for n in testing.networks(gains, seeds=6)
    ]
    self.assertRegex(
        self._text(networks),
        'these verdicts would be others: "Sobolev Training has the '
        'significantly lower test error on six .*" does not hold',
    )

  def test_equal_time(self):
    # Both curves fall in a straight line from 3 in 1 s and 2 s, regular to 2.1
    # and Sobolev to 0.9 or, in the other cell, to 1.9: at 1 s the former is
    # ahead, the latter is not.
    networks = testing.networks({('booth', 20): 1.0}, 2, sobolev=1.0)
    networks += testing.networks({('booth', 100): 0.0}, 2, sobolev=2.0)
    text = self._text(networks)
    self.assertIn('took 2.00 times as long (median)', text)
    self.assertIn('the lower one in 1 of 2 cells', text)

  def test_nothing_was_run(self):
    found = loading.Results('auto', [], [], {}, [], [], [])
    (*_, last) = regression_part.figure2(found, {})
    self.assertEqual(document.Paragraph('Not run.'), last)


if __name__ == '__main__':
  absltest.main()
