"""Tests of figure 2: what is drawn where."""

import pathlib

from absl.testing import absltest
import numpy as np

from report import figure2
from report import testing

_GAINS = {('booth', 20): 1.0, ('booth', 100): -1.0, ('ackley', 20): 0.5}


def _make(**arguments):
  baselines = list(testing.baselines().values())
  return figure2.make(testing.networks(_GAINS), baselines, **arguments)


class Figure2Test(absltest.TestCase):

  def test_a_panel_a_function_in_the_papers_order(self):
    ackley, booth, key = _make().axes
    self.assertEqual('Ackley', ackley.get_title('left'))
    self.assertEqual('Booth', booth.get_title('left'))
    labels = [text.get_text() for text in key.get_legend().get_texts()]
    self.assertIn('a seed (8 a bar)', labels)
    self.assertEqual(
        ['20', '100'], [t.get_text() for t in booth.get_xticklabels()]
    )

  def test_bars_hang_from_predicting_the_mean(self):
    booth = _make().axes[1]
    # From 3; Sobolev's errors are 1, regular ones the gain more.
    tops = [bar.get_y() for bar in booth.patches]
    ends = sorted(bar.get_y() + bar.get_height() for bar in booth.patches)
    np.testing.assert_allclose(tops, testing.BASELINE)
    np.testing.assert_allclose(ends, [0.0, 1.0, 1.0, 2.0], atol=1e-12)

  def test_a_decade_has_the_same_length_in_all_panels(self):
    ackley, booth, _ = _make().axes
    self.assertAlmostEqual(
        np.ptp(ackley.get_ylim()), np.ptp(booth.get_ylim())
    )

  def test_all_bars_fit(self):
    for panel in _make().axes[:2]:
      low, high = panel.get_ylim()
      for bar in panel.patches:
        self.assertBetween(bar.get_y() + bar.get_height(), low, high)

  def test_errors_of_the_gradients(self):
    booth = _make(metric='test_gradient_mse').axes[1]
    ends = [bar.get_y() + bar.get_height() for bar in booth.patches]
    self.assertAlmostEqual(np.log10(2), min(ends))  # Twice those above.

  def test_one_seed_has_no_interval(self):
    figure = figure2.make(
        testing.networks(_GAINS, seeds=1), list(testing.baselines().values())
    )
    self.assertEmpty(figure.axes[0].containers[0].errorbar or ())
    self.assertLen(figure.axes[0].containers, 2)  # Bars alone.

  def test_scales_are_not_mixed(self):
    networks = testing.networks(_GAINS) + testing.networks(
        _GAINS, scale='smoke'
    )
    with self.assertRaisesRegex(ValueError, 'expected one scale'):
      figure2.make(networks, list(testing.baselines().values()))

  def test_draw_reads_the_results(self):
    folder = pathlib.Path(self.create_tempdir())
    testing.write_results(folder, testing.networks(_GAINS, 2, scale='smoke'))
    figure2.draw(folder, 'smoke', folder / 'figure2.png')
    self.assertStartsWith((folder / 'figure2.png').read_bytes(), b'\x89PNG')
    with self.assertRaisesRegex(ValueError, r'expected one scale, got \[\]'):
      figure2.draw(folder, 'paper', folder / 'figure2.png')


if __name__ == '__main__':
  absltest.main()
