"""Tests of the learning curves."""

from absl.testing import absltest
import numpy as np

from report import learning_curves
from report import testing

_GAINS = {('booth', 20): 1.0, ('booth', 100): 1.0, ('beale', 20): 1.0}


def _make(**arguments):
  curves = testing.curves(testing.networks(_GAINS))
  return learning_curves.make(
      curves, list(testing.baselines().values()), **arguments
  )


class LearningCurvesTest(absltest.TestCase):

  def test_a_row_a_function_and_a_column_a_size(self):
    titles = [panel.get_title('left') for panel in _make().axes]
    self.assertEqual(['Beale', '', 'Booth', ''], titles)
    sizes = [panel.get_title('right') for panel in _make().axes]
    self.assertEqual(['20 points', '100 points', '', ''], sizes)

  def test_curves_end_where_networks_do(self):
    booth = _make().axes[2]
    regular, sobolev = booth.lines[:2]
    # The first seed's noise is 0.1 up for regular and down for Sobolev.
    np.testing.assert_allclose(regular.get_ydata()[-1], 2.1)
    np.testing.assert_allclose(sobolev.get_ydata()[-1], 0.9)
    self.assertEqual([100, 500, 1000], list(sobolev.get_xdata()))

  def test_over_seconds(self):
    regular, sobolev = _make(axis='seconds').axes[2].lines[:2]
    self.assertEqual([0.1, 0.5, 1.0], list(regular.get_xdata()))
    self.assertEqual([0.2, 1.0, 2.0], list(sobolev.get_xdata()))

  def test_a_cell_that_was_not_run_is_empty(self):
    beale_100 = _make().axes[1]
    self.assertLen(beale_100.lines, 1)  # The line of the mean.

  def test_bands_are_confidence_intervals(self):
    band = _make().axes[2].collections[0].get_paths()[0].vertices
    end = band[band[:, 0] == 1000][:, 1]
    # Student's t has 2.364624 for 7 degrees of freedom.
    self.assertAlmostEqual(2 * 2.364624 * 0.1 / 8**0.5, np.ptp(end), 6)

  def test_scales_are_not_mixed(self):
    curves = testing.curves(
        testing.networks(_GAINS) + testing.networks(_GAINS, scale='smoke')
    )
    with self.assertRaisesRegex(ValueError, 'expected one scale'):
      learning_curves.make(curves, list(testing.baselines().values()))


if __name__ == '__main__':
  absltest.main()
