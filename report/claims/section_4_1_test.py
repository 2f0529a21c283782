# SPDX-License-Identifier: Apache-2.0
import math

from absl.testing import absltest
from absl.testing import parameterized

from report import networks as networks_lib
from report import testing
from report import verdicts
from report.claims import section_4_1 as claims

S, C = verdicts.SUPPORTED, verdicts.CONTRADICTED
U, N = verdicts.INCONCLUSIVE, verdicts.NOT_TESTED
LAST, EARLY = networks_lib.LAST, networks_lib.EARLY


def networks(effect, **arguments):
  """Networks with an effect in each cell, or the same one in all."""
  of_cell = effect if callable(effect) else lambda function, size: effect
  return networks_lib.Networks(
      testing.evaluations(of_cell, **arguments), testing.baselines()
  )


def paper(function, size):
  """What the paper's figure shows."""
  if function == 'ackley':
    return 0.5 if size == 10_000 else -0.5
  return {20: 2.5, 100: 2.3, 10_000: 1.5}[size]


def words(readings):
  return [finding.verdict for finding in readings.values()]


class Section41Test(parameterized.TestCase):

  def test_the_paper_s_figure_supports_the_paper_s_claims(self):
    found = networks(paper)
    for claim in claims.SECTION.claims:
      first = words(claim.judge(found))[0]
      self.assertEqual(first, S, claim.sentence)

  def test_the_opposite_contradicts_them(self):
    found = networks(lambda function, size: -paper(function, size))
    for claim in claims.SECTION.claims:
      self.assertEqual(words(claim.judge(found))[0], C, claim.sentence)

  def test_noise_decides_nothing_but_thresholds(self):
    found = networks(0.0)
    thresholds = (
        claims.orders_of_magnitude, claims.captures_shape,
        claims.stark_difference,
    )
    for claim in claims.SECTION.claims:
      expected = U
      if claim.judge in thresholds:
        # An error of 10 is 1 % of the variance.
        expected = S if claim.judge is claims.captures_shape else C
      self.assertEqual(words(claim.judge(found))[0], expected, claim.sentence)

  def test_every_size_and_pooled_over_sizes_are_two_readings(self):
    found = networks(lambda function, size: -0.3 if size == 20 else 1.5)
    self.assertEqual(
        {k: f.verdict for k, f in claims.six_of_seven(found).items()},
        {
            f'{LAST}, at every size': C,
            f'{LAST}, pooled over the sizes': S,
            f'{EARLY}, at every size': C,
            f'{EARLY}, pooled over the sizes': S,
        },
    )

  def test_ten_and_a_hundred_times_are_two_readings(self):
    self.assertEqual(
        {
            k: f.verdict
            for k, f in claims.orders_of_magnitude(networks(1.5)).items()
        },
        {
            f'{LAST}, 10 times': S, f'{LAST}, 100 times': C,
            f'{EARLY}, 10 times': S, f'{EARLY}, 100 times': C,
        },
    )

  def test_early_stopping_looks_at_held_out_points_alone(self):
    rows = testing.evaluations(paper)
    # Held out, the Sobolev networks are best at the first evaluation.
    rows = [
        row._replace(validation_mse=row.step * 1.0)
        if row.method == 'sobolev' else row
        for row in rows
    ]
    found = networks_lib.Networks(rows, testing.baselines())
    last, early = (
        claims.stark_difference(found)[when].comparisons[0].effect.value
        for when in (LAST, EARLY)
    )
    self.assertAlmostEqual(last, 2.5, delta=0.1)
    # Ten times the regular error at the start, less half of the effect.
    self.assertAlmostEqual(early, 2.5 / 2 - 1, delta=0.1)

  def test_without_held_out_points_that_reading_is_not_tested(self):
    found = networks(paper, held_out=False)
    for claim in claims.SECTION.claims:
      for reading, finding in claim.judge(found).items():
        self.assertEqual(finding.verdict == N, EARLY in reading, reading)

  def test_networks_that_have_not_learned_anything_are_not_tested(self):
    found = networks(0.0, regular=2 * testing.MEAN)
    readings = claims.six_of_seven(found)
    self.assertEqual(words(readings)[0], N)
    self.assertIn(
        'neither method does better than predicting the mean',
        readings[f'{LAST}, at every size'].comparisons[0].reason,
    )

  def test_one_counter_example_is_enough_against_only(self):
    found = networks(
        lambda f, size: -0.5 if (f, size) == ('bukin', 100) else paper(f, size)
    )
    readings = claims.only_ackley(found)
    self.assertEqual(words(readings), [C, C])
    self.assertIn('Bukin N.6, 100 points', readings[LAST].counted)

  @parameterized.parameters(0, 1, 4)
  def test_too_few_seeds(self, seeds):
    found = networks(paper, seeds=seeds)
    for claim in claims.SECTION.claims:
      self.assertEqual(set(words(claim.judge(found))), {N}, claim.sentence)

  def test_some_functions_only(self):
    found = networks(paper, functions=('booth', 'beale'))
    self.assertEqual(words(claims.six_of_seven(found))[0], U)
    self.assertEqual(words(claims.ackley_with_many(found))[0], N)

  def test_effects_are_paired_by_seed(self):
    found = networks(paper)
    effect = claims.stark_difference(found)[LAST].comparisons[0].effect
    # Seeds differ by 0.3, and pairs by 0.05 only.
    self.assertLess(effect.high - effect.low, 0.15)
    self.assertLess(effect.visible, 0.15)
    self.assertGreater(math.inf, effect.visible)


if __name__ == '__main__':
  absltest.main()
