"""Tests of the statistics, against SciPy's own tests and worked examples."""

import math

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np
from scipy import stats

from report import comparison

# Both sides are the same formulas in float64.
_TOLERANCE = 1e-12

_FIRST = np.array([1.2, 0.7, 1.9, 1.1, 0.4, 1.3])
_SECOND = np.array([0.9, 0.2, 1.1, 1.2, 0.1, 0.6])


class ComparisonTest(parameterized.TestCase):

  def test_pairs(self):
    found = comparison.of_differences(_FIRST - _SECOND)
    expected = stats.ttest_rel(_FIRST, _SECOND)
    low, high = expected.confidence_interval(0.95)
    np.testing.assert_allclose(
        (found.gain, found.low, found.high, found.p),
        (
            np.mean(_FIRST - _SECOND),
            low,
            high,
            expected.pvalue,
        ),
        rtol=_TOLERANCE,
    )
    self.assertEqual(6, found.n)

  def test_no_pairs_but_samples(self):
    samples = [comparison.sample(v) for v in (_FIRST, _SECOND[:4])]
    found = comparison.unpaired(*samples)
    expected = stats.ttest_ind(_FIRST, _SECOND[:4], equal_var=False)
    low, high = expected.confidence_interval(0.95)
    np.testing.assert_allclose(
        (found.low, found.high, found.p),
        (low, high, expected.pvalue),
        rtol=_TOLERANCE,
    )
    self.assertEqual(4, found.n)

  @parameterized.parameters(1.0, 0.0, -1.0)
  def test_one_sided(self, shift):
    samples = [comparison.sample(v) for v in (_FIRST + shift, _SECOND[:3])]
    found = comparison.unpaired(*samples)
    above, below = (
        stats.ttest_ind_from_stats(
            *samples[0], *samples[1], equal_var=False, alternative=side
        ).pvalue
        for side in ('greater', 'less')
    )
    np.testing.assert_allclose(
        (comparison.above(found), comparison.below(found)),
        (above, below),
        rtol=_TOLERANCE,
    )

  def test_one_seed_tells_nothing(self):
    single = comparison.Sample(2.0, 0.0, 1)
    for found in (
        comparison.of_differences([2.0]),
        comparison.unpaired(single, comparison.Sample(0.0, 0.0, 1)),
    ):
      self.assertEqual((2.0, -math.inf, math.inf), found[:3])
      self.assertEqual(1.0, found.p)

  def test_differences_without_spread(self):
    found = comparison.of_differences([0.5] * 6)
    self.assertEqual((0.5, 0.5, 0.5, 6, 0.0), found)
    self.assertEqual(1.0, comparison.of_differences([0.0] * 6).p)

  def test_signed_rank_by_counting(self):
    # Of the 2^5 ways to give signs to the ranks 1 to 5, two have a sum of
    # positive ranks of at least 14: all positive, and all but the first.
    self.assertAlmostEqual(
        2 * 2 / 32, comparison.signed_rank([-0.1, 0.2, 0.3, 0.4, 0.5])
    )
    self.assertEqual(1.0, comparison.signed_rank([0.0] * 5))

  def test_interval_of_a_mean(self):
    # A table of Student's t has 2.571 for 5 degrees of freedom and 97.5 %.
    half = 2.570582 * np.std(_FIRST, ddof=1) / math.sqrt(6)
    np.testing.assert_allclose(
        comparison.interval(_FIRST),
        (_FIRST.mean() - half, _FIRST.mean() + half),
        rtol=1e-6,  # The table's digits.
    )

  def test_holm_by_hand(self):
    # Sorted: 0.01 x 4, 0.02 x 3, 0.03 x 2 and 0.9 x 1, never decreasing.
    np.testing.assert_allclose(
        comparison.holm([0.03, 0.01, 0.9, 0.02]),
        [0.06, 0.04, 0.9, 0.06],
        rtol=_TOLERANCE,
    )
    self.assertEqual([1.0, 1.0], comparison.holm([0.8, 0.9]))
    self.assertEmpty(comparison.holm([]))

  @parameterized.parameters(
      ([0.001, 0.03, 0.03], [1, 0, 0]),  # 0.03 alone would do.
      ([0.001, 0.02, 0.03], [1, -1, 1]),
  )
  def test_directions_after_correction(self, p_values, expected):
    gains = [1.0, -1.0, 2.0]
    made = [
        comparison.Comparison(gain, 0, 0, 9, p)
        for gain, p in zip(gains, p_values, strict=True)
    ]
    self.assertEqual(expected, comparison.directions(made, 0.05))


if __name__ == '__main__':
  absltest.main()
