# SPDX-License-Identifier: Apache-2.0
"""Tests of the statistics, against SciPy's own tests and simulations."""

import math

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np
from scipy import stats

from report import effects as effects_lib

# Both sides are the same formulas in float64.
_TOLERANCE = 1e-12

_FIRST = np.array([1.2, 0.7, 1.9, 1.1, 0.4, 1.3])
_SECOND = np.array([0.9, 0.2, 1.1, 1.2, 0.1, 0.6])


class EffectsTest(parameterized.TestCase):

  def test_pairs(self):
    found = effects_lib.paired(_FIRST - _SECOND)
    expected = stats.ttest_rel(_FIRST, _SECOND)
    low, high = expected.confidence_interval(0.95)
    np.testing.assert_allclose(
        found[:4],
        (np.mean(_FIRST - _SECOND), low, high, expected.pvalue),
        rtol=_TOLERANCE,
    )
    self.assertEqual(found.n, 6)

  def test_no_pairs_but_samples(self):
    samples = [effects_lib.sample(v) for v in (_FIRST, _SECOND[:4])]
    found = effects_lib.contrast(samples[:1], samples[1:])
    expected = stats.ttest_ind(_FIRST, _SECOND[:4], equal_var=False)
    low, high = expected.confidence_interval(0.95)
    np.testing.assert_allclose(
        found[1:4], (low, high, expected.pvalue), rtol=_TOLERANCE
    )
    self.assertEqual(found.n, 4)

  def test_a_difference_of_differences_covers_the_truth(self):
    rng = np.random.default_rng(0)
    scales, sizes = (1.0, 3.0, 2.0, 0.5), (3, 5, 4, 6)
    inside = 0
    for _ in range(1000):
      a, b, c, d = (
          effects_lib.sample(rng.normal(k, scale, size))
          for k, (scale, size) in enumerate(zip(scales, sizes, strict=True))
      )
      found = effects_lib.contrast([a, d], [b, c])
      inside += found.low < 0 + 3 - 1 - 2 < found.high
    # Welch's approximation is good to a percent or two.
    self.assertBetween(inside / 1000, 0.92, 0.98)

  @parameterized.parameters(5, 10)
  def test_the_smallest_visible_effect_is_seen_with_80_percent(self, n):
    # Of differences of standard deviation 1: visible = factor * std.
    factor = effects_lib.paired(np.tile([-1.0, 1.0], n)[:n]).visible / np.std(
        np.tile([-1.0, 1.0], n)[:n], ddof=1
    )
    power = stats.nct.sf(
        stats.t.ppf(0.975, n - 1), n - 1, factor * math.sqrt(n)
    )
    # The usual approximation of the noncentral t.
    self.assertAlmostEqual(power, 0.8, delta=0.02)

  def test_ratio_of_standard_deviations_covers_the_truth(self):
    rng = np.random.default_rng(0)
    inside, seen = 0, 0
    for _ in range(1000):
      first, second = (
          effects_lib.sample(rng.normal(0, scale, size))
          for scale, size in ((3.0, 5), (1.0, 4))
      )
      found = effects_lib.log_ratio_of_stds(first, second)
      inside += found.low < math.log10(3) < found.high
      # And with the smallest visible ratio in place of 3.
      wide = effects_lib.Sample(0, first.std / 3 * 10**found.visible, 5)
      seen += effects_lib.log_ratio_of_stds(wide, second).low > 0
    self.assertAlmostEqual(inside / 1000, 0.95, delta=0.02)
    self.assertAlmostEqual(seen / 1000, 0.8, delta=0.04)

  def test_ratio_of_standard_deviations_and_its_p_value_agree(self):
    for ratio in np.geomspace(0.1, 10, 31):
      found = effects_lib.log_ratio_of_stds(
          effects_lib.Sample(0, ratio, 5), effects_lib.Sample(0, 1, 4)
      )
      self.assertEqual(found.p <= 0.05, found.low >= 0 or found.high <= 0)

  def test_one_seed_says_nothing(self):
    one = effects_lib.Sample(5.0, 0.0, 1)
    for found in (
        effects_lib.paired([5.0]),
        effects_lib.contrast([one], [one._replace(mean=1.0)]),
        effects_lib.log_ratio_of_stds(one, one),
    ):
      self.assertEqual((found.low, found.high), (-math.inf, math.inf))
      self.assertEqual((found.p, found.visible), (1.0, math.inf))

  def test_seeds_that_agree(self):
    found = effects_lib.paired([2.0, 2.0, 2.0])
    self.assertEqual(found[:4], (2.0, 2.0, 2.0, 0.0))
    self.assertEqual(effects_lib.paired([0.0, 0.0]).p, 1.0)

  def test_holm(self):
    # Holm (1979): 0.01 * 4, 0.02 * 3, then not below the ones before.
    np.testing.assert_allclose(
        effects_lib.holm([0.04, 0.01, 0.03, 0.02]), [0.06, 0.04, 0.06, 0.06]
    )
    self.assertEqual(effects_lib.holm([0.7, 0.6]), [1.0, 1.0])
    self.assertEqual(effects_lib.holm([]), [])


if __name__ == '__main__':
  absltest.main()
