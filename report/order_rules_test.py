"""Each rule on rows whose answer is known, by SciPy's Welch test or by hand."""

import dataclasses
import itertools

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np
from scipy import stats

from experiment import results
from report import claims as claims_lib
from report import evidence as evidence_lib
from report import order_rules
from report import testing

HOLDS = evidence_lib.HOLDS
PARTLY = evidence_lib.PARTLY
FAILS = evidence_lib.FAILS
UNDECIDED = evidence_lib.UNDECIDED

_SHARED = {
    'artifact': 'table1',
    'cases': ('cifar10/3',),
    'metrics': ('top1',),
    'partly': 0.5,
    'min_seeds': 3,
}


def _evidence(samples, n=3):
  """Evidence of one cell, from mean and deviation by method."""
  measured = [
      testing.row('table1', 'cifar10/3', method, 'top1', mean, std, n)
      for method, (mean, std) in samples.items()
  ]
  return evidence_lib.Evidence('laptop', measured=measured)


def _ordered(text, samples, alpha=0.05, n=3):
  order = order_rules.Order(text)
  evidence = _evidence(samples, n)
  return order_rules.ordered(evidence, order=order, alpha=alpha, **_SHARED)


def _scipy_p(better, worse, n):
  """Of the one-sided Welch test that `better` has the higher mean."""
  return stats.ttest_ind_from_stats(
      *better, n, *worse, n, equal_var=False, alternative='greater'
  ).pvalue


def _holm(p_values, alpha):
  """Which hypotheses Holm's method rejects, as he writes it."""
  rejected = [False] * len(p_values)
  for rank, k in enumerate(np.argsort(p_values)):
    if p_values[k] > alpha / (len(p_values) - rank):
      break
    rejected[k] = True
  return rejected


class OrderedTest(parameterized.TestCase):

  def test_strict_pairs_are_scipys(self):
    random = np.random.default_rng(0)
    names = [f'm{k}' for k in range(5)]
    counts = set()
    for n, alpha in itertools.product((3, 4), (0.01, 0.05, 0.2)):
      means = np.cumsum(random.uniform(-0.5, 2.5, 5))
      samples = {
          name: (mean, random.uniform(0.1, 1))
          for name, mean in zip(names, means, strict=True)
      }
      p_values = [
          _scipy_p(samples[b], samples[a], n)
          for a, b in itertools.pairwise(names)
      ]
      count = sum(_holm(p_values, alpha))
      counts.add(count)
      found = _ordered(' < '.join(names), samples, alpha, n)
      self.assertStartsWith(found.measured, f'{count} of 4 pairs of neighbours')
    self.assertGreater(len(counts), 2)  # The rows were not all alike.

  @parameterized.parameters(2.0, 0.1, -0.1, -1.0, -2.0)
  def test_a_weak_pair_is_broken_by_significance_alone(self, difference):
    critic, sobolev = (80.0, 0.5), (80 + difference, 0.7)
    broken = _scipy_p(critic, sobolev, 3) <= 0.05
    found = _ordered(
        'critic <= sobolev', {'critic': critic, 'sobolev': sobolev}
    )
    self.assertEqual(FAILS if broken else HOLDS, found.verdict)
    self.assertEqual(difference == -2.0, broken)

  def test_weak_pairs_leave_strict_ones_their_level(self):
    # Among two hypotheses the first would not be rejected, on its own it is.
    samples = {'a': (0.0, 1.0), 'b': (2.2, 1.0), 'c': (2.2, 1.0)}
    p = _scipy_p(samples['b'], samples['a'], 3)
    self.assertBetween(p, 0.025, 0.05)
    self.assertEqual(HOLDS, _ordered('a < b <= c', samples).verdict)
    self.assertEqual(FAILS, _ordered('a < b < c', samples).verdict)

  def test_what_is_not_so_is_told(self):
    samples = {'noprop': (50.0, 0.1), 'vfbn': (48.75, 0.1), 'critic': (60, 0.1)}
    self.assertEqual(
        (
            PARTLY,
            '1 of 2 pairs of neighbours; not cifar10/3 top1: noprop < vfbn '
            '(-1.25)',
        ),
        _ordered('noprop < vfbn < critic', samples),
    )

  @parameterized.parameters(
      '', 'a', 'a b c', 'a <', '< a', 'a < b <', 'a > b', 'a < b == c'
  )
  def test_what_is_no_order(self, text):
    with self.assertRaisesRegex(ValueError, 'expected methods with < or <='):
      order_rules.Order(text)


class FarBetterTest(parameterized.TestCase):

  def _judge(self, samples):
    return order_rules.far_better(
        _evidence(samples),
        method='sobolev',
        others=('noprop', 'direct_sg'),
        margin=10.0,
        alpha=0.05,
        **_SHARED,
    )

  @parameterized.parameters(
      (60, 0.1, HOLDS),
      (70, 0.1, HOLDS),  # Exactly the margin.
      (70.5, 0.1, PARTLY),  # Significant, but not far.
      (60, 15.0, PARTLY),  # Far, but not significant.
      (90, 0.1, PARTLY),
  )
  def test_a_margin_and_significance(self, direct, std, verdict):
    found = self._judge({
        'sobolev': (80.0, 0.1),
        'noprop': (50.0, 0.1),
        'direct_sg': (direct, std),
    })
    self.assertEqual(
        (
            verdict,
            '+30.0 over noprop (cifar10/3 top1), '
            f'{80 - direct:+.1f} over direct_sg (cifar10/3 top1)',
        ),
        found,
    )

  def test_neither(self):
    samples = {m: (80.0, 1.0) for m in ('sobolev', 'noprop', 'direct_sg')}
    self.assertEqual(FAILS, self._judge(samples).verdict)


class PaperTest(parameterized.TestCase):
  """The paper's rows, which do not tell their seeds."""

  def setUp(self):
    super().setUp()
    claims = claims_lib.read(testing.RESULTS / 'claims.csv')
    self.claims = [c for c in claims if c.rule in ('ordered', 'far_better')]
    self.assertLen(self.claims, 3)
    self.rows = results.read(testing.RESULTS / 'paper.csv')

  def _verdicts(self, rows):
    evidence = evidence_lib.Evidence('paper', measured=rows)
    return {claims_lib.judge(c, evidence).verdict for c in self.claims}

  @parameterized.parameters(3, 5, 10)
  def test_with_seeds_they_have_the_order_that_is_claimed(self, n):
    rows = [dataclasses.replace(row, n=n) for row in self.rows]
    self.assertEqual({HOLDS}, self._verdicts(rows))

  @parameterized.parameters(None, 1, 2)
  def test_without_they_are_undecided(self, n):
    rows = [dataclasses.replace(row, n=n) for row in self.rows]
    self.assertEqual({UNDECIDED}, self._verdicts(rows))

  def test_the_other_way_round_they_do_not_hold(self):
    rows = [
        dataclasses.replace(row, n=3, mean=100 - row.mean) for row in self.rows
    ]
    self.assertEqual({FAILS}, self._verdicts(rows))


if __name__ == '__main__':
  absltest.main()
