# SPDX-License-Identifier: Apache-2.0
import pathlib

from absl.testing import absltest
from absl.testing import parameterized

from report import accuracies
from report import names
from report import testing
from report import verdicts
from report.claims import section_4_3 as claims
from report.rows import paper
from report.rows import table

S, C = verdicts.SUPPORTED, verdicts.CONTRADICTED
U, N = verdicts.INCONCLUSIVE, verdicts.NOT_TESTED

_RESULTS = pathlib.Path(__file__).parents[2] / 'results'


def table1(changes=None, printed=None, **arguments):
  rows = testing.accuracies(changes, **arguments)
  return claims.Table1(accuracies.measured(rows), printed or {})


def judge(readings):
  return readings['top-1']


def verdict_of(claim, found):
  return judge(claim(found)).verdict


class Section43Test(parameterized.TestCase):

  def setUp(self):
    super().setUp()
    self.printed = table.read(_RESULTS, paper.Printed)

  @parameterized.parameters(
      # If each number were of three runs, or of five.
      (3, (U, U, S, S, U, U, U, S)), (5, (U, S, S, S, U, S, S, S))
  )
  def test_the_paper_s_own_table(self, seeds, expected):
    rows = accuracies.printed(self.printed, seeds)
    found = claims.Table1(rows, rows)
    for claim, verdict in zip(claims.SECTION.claims, expected, strict=True):
      finding = judge(claim.judge(found))
      self.assertEqual(finding.verdict, verdict, claim.sentence)
      # Its numbers never speak against its sentences.
      for comparison in finding.comparisons:
        self.assertIn(comparison.verdict, (S, U), claim.sentence)

  def test_a_clear_order_is_supported(self):
    found = table1()
    for claim in (
        claims.better_than_critic, claims.better_than_vfbn,
        claims.better_than_direct, claims.ordering_on_cifar10,
        claims.ordering_on_imagenet, claims.far_better,
    ):
      self.assertEqual(verdict_of(claim, found), S, claim.__name__)

  def test_the_opposite_is_contradicted(self):
    found = table1({'sobolev': 55.0, 'direct_sg': 75.0})
    for claim in (
        claims.better_than_critic, claims.better_than_vfbn,
        claims.better_than_direct, claims.ordering_on_cifar10,
        claims.ordering_on_imagenet, claims.far_better,
    ):
      self.assertEqual(verdict_of(claim, found), C, claim.__name__)

  def test_an_effect_far_below_the_printed_one_is_contradicted(self):
    printed = accuracies.printed(self.printed, 3)
    # 5.0 points over VFBN on CIFAR-10 are printed.
    for ours, verdict in ((72.2, C), (76.0, S)):
      found = table1({'sobolev': ours}, printed, cases=('cifar10/3',))
      self.assertEqual(verdict_of(claims.better_than_vfbn, found), verdict)

  def test_a_critic_may_be_better_by_less_than_the_margin(self):
    for sobolev, spread, verdict in (
        (77.7, 0.2, S), (77.0, 1.0, U), (75.0, 0.2, C)
    ):
      found = table1({'sobolev': sobolev}, spread=spread)
      link = next(
          c for c in judge(claims.ordering_on_cifar10(found)).comparisons
          if '≥' in c.name
      )
      self.assertEqual(link.verdict, verdict)

  @parameterized.parameters(
      ({'backprop': 39.0, 'noprop': 12.0}, 'below 4 times chance'),
      ({'backprop': 60.0, 'noprop': 46.0}, 'less than 15 points above Noprop'),
  )
  def test_rows_whose_controls_fail_are_not_tested(self, changes, reason):
    found = table1(changes, cases=('cifar10/3',))
    for claim in claims.SECTION.claims:
      finding = judge(claim.judge(found))
      self.assertEqual(finding.verdict, N, claim.sentence)
    comparison = judge(claims.better_than_direct(found)).comparisons[0]
    self.assertIn(reason, comparison.reason)

  def test_chance_is_of_the_row_s_own_classes(self):
    # 25 % is five times the chance of 20 classes, but not of 10.
    changes = {'backprop': 25.0, 'noprop': 5.0}
    found = table1(changes)
    comparisons = judge(claims.better_than_vfbn(found)).comparisons
    self.assertEqual(
        [c.verdict == N for c in comparisons], [True, False, False]
    )

  def test_the_uncut_network_counts_for_all_rows_of_its_data(self):
    rows = [
        row
        for row in testing.accuracies()
        if (row.case, row.method) != ('imagenet/1', 'backprop')
    ]
    found = claims.Table1(accuracies.measured(rows), {})
    self.assertEqual(verdict_of(claims.ordering_on_imagenet, found), S)

  def test_less_variance(self):
    rows = testing.accuracies(spread=0.05)
    rows = [
        row
        if row.method == 'sobolev'
        else row._replace(top1=row.top1 + 5 * testing.wave(row.seed))
        for row in rows
    ]
    found = claims.Table1(accuracies.measured(rows), {})
    self.assertEqual(verdict_of(claims.steadier, found), S)
    self.assertEqual(verdict_of(claims.steadier, table1()), U)

  def test_supervising_the_loss(self):
    rows = testing.accuracies()
    for gain, verdict in ((9.0, S), (-9.0, C), (0.0, U)):
      changed = [
          row._replace(top1=row.top1 + gain)
          if (row.case, row.method) == ('imagenet/1', 'sobolev')
          else row
          for row in rows
      ]
      found = claims.Table1(accuracies.measured(changed), {})
      self.assertEqual(verdict_of(claims.loss_supervision, found), verdict)

  @parameterized.parameters(0, 1, 2)
  def test_too_few_seeds(self, seeds):
    found = table1(seeds=seeds)
    for claim in claims.SECTION.claims:
      self.assertEqual(judge(claim.judge(found)).verdict, N, claim.sentence)

  def test_every_case_has_a_row_in_the_paper(self):
    self.assertEqual({row.case for row in self.printed}, set(names.CASES))


if __name__ == '__main__':
  absltest.main()
