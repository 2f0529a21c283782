"""Each rule on made-up rows whose answer is known, both ways."""

import math

from absl.testing import absltest
from absl.testing import parameterized

from report import evidence as evidence_lib
from report import regression_rules
from report import rows
from report import testing

HOLDS = evidence_lib.HOLDS
PARTLY = evidence_lib.PARTLY
FAILS = evidence_lib.FAILS

_NAMES = list(rows.TITLES)
_COUNT = {'functions': ('all',), 'need': 6, 'partly': 4, 'min_seeds': 5}


def _gains(better, gain=1.0, other=0.0):
  """The gain in every cell of the first few functions, and of the others."""
  return {
      (name, size): gain if name in _NAMES[:better] else other
      for name, size in testing.CELLS
  }


class CountingRulesTest(parameterized.TestCase):

  @parameterized.parameters(
      (7, HOLDS), (6, HOLDS), (5, PARTLY), (4, PARTLY), (3, FAILS), (0, FAILS)
  )
  def test_lower_error(self, better, verdict):
    found = regression_rules.lower_error(
        testing.regression(_gains(better)),
        sizes=rows.SIZES,
        alpha=0.05,
        **_COUNT,
    )
    self.assertEqual(verdict, found.verdict)
    self.assertStartsWith(
        found.measured,
        f'{better} of 7 functions at all 3 sizes, {3 * better} of 21 cells',
    )

  def test_lower_error_means_at_every_size(self):
    gains = _gains(7)
    gains['booth', 100] = gains['beale', 20] = -1.0
    found = regression_rules.lower_error(
        testing.regression(gains), sizes=rows.SIZES, alpha=0.05, **_COUNT
    )
    self.assertEqual(PARTLY, found.verdict)
    self.assertEndsWith(
        found.measured, '19 of 21 cells; not Beale (20), Booth (100)'
    )

  def test_lower_error_must_be_significant(self):
    # Over seeds, differences have a standard deviation of about 0.2.
    found = regression_rules.lower_error(
        testing.regression(_gains(7, gain=0.02)),
        sizes=rows.SIZES,
        alpha=0.05,
        **_COUNT,
    )
    self.assertEqual(FAILS, found.verdict)

  def test_lower_error_at_one_size(self):
    found = regression_rules.lower_error(
        testing.regression({(name, 10000): 1.0 for name in _NAMES}),
        sizes=(10000,),
        alpha=0.05,
        **_COUNT,
    )
    self.assertEqual((HOLDS, '7 of 7 functions with 10,000 points'), found)

  @parameterized.parameters(
      (_gains(6, gain=1.01), HOLDS, '6 of 7 functions at all 3 sizes, 6 at'),
      (_gains(6, gain=0.99), FAILS, '0 of 7 functions at all 3 sizes, 0 at'),
      (_gains(4, gain=1.01), PARTLY, '4 of 7 functions at all 3 sizes, 4 at'),
  )
  def test_ratio_at_least(self, gains, verdict, text):
    found = regression_rules.ratio_at_least(
        testing.regression(gains), sizes=rows.SIZES, ratio=10, **_COUNT
    )
    self.assertEqual(verdict, found.verdict)
    self.assertIn(text, found.measured)

  def test_ratio_at_least_in_part_at_one_size(self):
    gains = _gains(0) | {(name, 20): 2.0 for name in _NAMES[:4]}
    found = regression_rules.ratio_at_least(
        testing.regression(gains), sizes=rows.SIZES, ratio=10, **_COUNT
    )
    self.assertEqual(PARTLY, found.verdict)
    self.assertIn('4 at one or more, 4 of 21 cells; median 1.0 times', found[1])

  def test_ratio_on_one_function(self):
    found = regression_rules.ratio_at_least(
        testing.regression({('booth', 20): 2.0, ('booth', 100): 1.0}),
        functions=('booth',),
        sizes=(20, 100),
        ratio=10,
        need=1,
        partly=1,
        min_seeds=5,
    )
    self.assertEqual(
        (HOLDS, 'lower by 100 times with 20 points, 10 times with 100 points'),
        (found.verdict, found.measured),
    )

  @parameterized.parameters(
      (7, HOLDS), (6, HOLDS), (5, PARTLY), (4, PARTLY), (3, FAILS)
  )
  def test_stronger_with_few(self, stronger, verdict):
    gains = _gains(7, gain=0.5)
    gains |= {(name, 20): 1.5 for name in _NAMES[:stronger]}
    found = regression_rules.stronger_with_few(
        testing.regression(gains), few=20, many=10000, alpha=0.05, **_COUNT
    )
    self.assertEqual(verdict, found.verdict)
    self.assertStartsWith(found.measured, f'{stronger} of 7 functions')

  def test_weaker_with_few(self):
    gains = _gains(7, gain=0.5) | {('booth', 20): -0.5}
    found = regression_rules.stronger_with_few(
        testing.regression(gains), few=20, many=10000, alpha=0.05, **_COUNT
    )
    self.assertEqual(
        (FAILS, '0 of 7 functions; significantly weaker: Booth'), found
    )


class RulesOnOneFunctionTest(parameterized.TestCase):

  @parameterized.parameters(
      ('regular', -1.0, -1.0, HOLDS),
      ('regular', -1.0, 0.0, PARTLY),
      ('regular', -1.0, 1.0, PARTLY),
      ('regular', 1.0, 0.0, FAILS),
      ('regular', 0.0, 0.0, evidence_lib.UNDECIDED),
      ('sobolev', 1.0, 1.0, HOLDS),
      ('sobolev', -1.0, -1.0, FAILS),
  )
  def test_which_is_better(self, method, with_20, with_100, verdict):
    gains = {('ackley', 20): with_20, ('ackley', 100): with_100}
    found = regression_rules.which_is_better(
        testing.regression(gains),
        function='ackley',
        sizes=(20, 100),
        method=method,
        alpha=0.05,
        min_seeds=5,
    )
    self.assertEqual(verdict, found.verdict)

  def test_which_is_better_tells_how_much(self):
    found = regression_rules.which_is_better(
        testing.regression({('ackley', 20): math.log10(0.5)}),
        function='ackley',
        sizes=(20,),
        method='regular',
        alpha=0.05,
        min_seeds=5,
    )
    # Differences vary by 0.2 around their mean: half an interval is
    # 2.365 x 0.2 x sqrt(8 / 7) / sqrt(8) = 0.1788, a factor of 1.509.
    self.assertStartsWith(
        found.measured, '20 points: Sobolev 2.0 times higher (1.3 to 3.0, p = '
    )

  @parameterized.parameters(
      ({('ackley', 20)}, HOLDS, 'regular better: Ackley (20)'),
      (
          {('ackley', 20), ('bukin', 100)},
          PARTLY,
          'regular better: Ackley (20), Bukin N.6 (100)',
      ),
      ({('bukin', 100)}, FAILS, 'regular better: Bukin N.6 (100)'),
      (set(), FAILS, 'regular better: nowhere'),
  )
  def test_only_exception(self, worse, verdict, text):
    gains = _gains(7) | {cell: -1.0 for cell in worse}
    found = regression_rules.only_exception(
        testing.regression(gains),
        function='ackley',
        sizes=rows.SIZES,
        alpha=0.05,
        min_seeds=5,
    )
    self.assertEqual((verdict, text), found)

  @parameterized.parameters(
      (testing.BASELINE - 1.2, HOLDS, '6.3 %'),
      (testing.BASELINE - 1.0, evidence_lib.UNDECIDED, '10 %'),
      (testing.BASELINE - 0.8, FAILS, '16 %'),
  )
  def test_captures_shape(self, error, verdict, share):
    found = regression_rules.captures_shape(
        testing.regression({('booth', 20): 0.0}, sobolev=error),
        function='booth',
        sizes=(20,),
        method='sobolev',
        remaining=0.1,
        min_seeds=5,
    )
    self.assertEqual(
        (verdict, f'Sobolev leaves {share} with 20 points of the variance'),
        found,
    )

  def test_captures_shape_at_one_size_of_two(self):
    # The regular networks' errors are those of Sobolev and the gain.
    gains = {('booth', 20): 0.0, ('booth', 100): -1.0}
    found = regression_rules.captures_shape(
        testing.regression(gains, sobolev=testing.BASELINE - 0.5),
        function='booth',
        sizes=(20, 100),
        method='regular',
        remaining=0.1,
        min_seeds=5,
    )
    self.assertEqual(PARTLY, found.verdict)

  def test_captures_shape_needs_the_baseline(self):
    networks = testing.networks({('booth', 20): 0.0})
    with self.assertRaisesRegex(
        evidence_lib.InsufficientError, 'figure2_baselines'
    ):
      regression_rules.captures_shape(
          evidence_lib.Evidence('paper', networks),
          function='booth',
          sizes=(20,),
          method='sobolev',
          remaining=0.1,
          min_seeds=5,
      )


if __name__ == '__main__':
  absltest.main()
