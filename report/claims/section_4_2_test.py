# SPDX-License-Identifier: Apache-2.0
from absl.testing import absltest
from absl.testing import parameterized

from report import students as students_lib
from report import testing
from report import verdicts
from report.claims import section_4_2 as claims

S, C = verdicts.SUPPORTED, verdicts.CONTRADICTED
U, N = verdicts.INCONCLUSIVE, verdicts.NOT_TESTED


def students(effect, **arguments):
  return students_lib.Students(testing.students(effect, **arguments))


def paper(game, percent):
  """What the paper says."""
  return (0.1 if game == 'pong' else 0.4) + (0.1 if percent == 1 else 0.0)


def judge(found):
  (finding,) = (
      readings['divergence'] for readings in [found] if len(readings) == 1
  )
  return finding


class Section42Test(parameterized.TestCase):

  def test_what_the_paper_says_is_supported(self):
    found = students(paper)
    for claim in claims.SECTION.claims:
      self.assertEqual(judge(claim.judge(found)).verdict, S, claim.sentence)

  def test_the_opposite_is_contradicted(self):
    found = students(lambda *cell: -paper(*cell), overfitting=2.0)
    for claim in claims.SECTION.claims:
      self.assertEqual(judge(claim.judge(found)).verdict, C, claim.sentence)

  def test_each_game_has_an_interval_of_its_own(self):
    found = students(lambda game, percent: -0.3 if game == 'pong' else 0.3)
    finding = judge(claims.closer_to_teacher(found))
    self.assertEqual(finding.verdict, C)
    self.assertEqual([c.verdict for c in finding.comparisons], [C, S, S])
    self.assertEqual(
        finding.counted, '2 of 3 games supported; contradicted: Pong'
    )

  def test_the_least_and_the_largest_percentage_are_compared(self):
    # What lies between does not count.
    found = students(
        lambda game, percent: {1: 0.5, 10: -3.0, 50: 0.1}[percent]
    )
    finding = judge(claims.larger_with_few_states(found))
    self.assertEqual(finding.verdict, S)
    self.assertAlmostEqual(
        finding.comparisons[0].effect.value, 0.4, delta=0.02
    )

  def test_one_percentage(self):
    found = students(paper, percents=(10.0,))
    finding = judge(claims.larger_with_few_states(found))
    self.assertEqual(finding.verdict, N)
    self.assertEqual(
        finding.comparisons[0].reason, '1 % and 50 % not run'
    )
    self.assertEqual(judge(claims.closer_to_teacher(found)).verdict, S)

  def test_pong_is_beside_the_percentages_that_both_have(self):
    effects = {1: 0.5, 10: 0.1}
    rows = [
        row
        for row in testing.students(
            lambda game, percent: 0.1 if game == 'pong' else effects[percent],
            percents=(1.0, 10.0),
        )
        if row.game == 'pong' or row.percent == 10
    ]
    finding = judge(claims.smaller_on_pong(students_lib.Students(rows)))
    # Not 0.1, nor the 0.2 that 1 % would add.
    self.assertAlmostEqual(finding.comparisons[0].effect.value, 0, delta=0.02)

  def test_seeds_that_no_method_shares(self):
    rows = [
        row._replace(seed=row.seed + 10 * (row.method == 'sobolev'))
        for row in testing.students(paper)
    ]
    finding = judge(claims.closer_to_teacher(students_lib.Students(rows)))
    self.assertEqual(finding.verdict, N)
    self.assertIn('no seed by both', finding.comparisons[0].reason)

  @parameterized.parameters((1.05, S), (1.2, C))
  def test_overfitting(self, times, verdict):
    found = students(paper, overfitting=times)
    self.assertEqual(
        judge(claims.little_overfitting(found)).verdict, verdict
    )

  @parameterized.parameters(0, 1, 4)
  def test_too_few_seeds(self, seeds):
    found = students(paper, seeds=seeds)
    for claim in claims.SECTION.claims:
      self.assertEqual(judge(claim.judge(found)).verdict, N, claim.sentence)

  def test_a_divergence_of_zero_breaks_nothing(self):
    rows = [row._replace(test_kl=0.0) for row in testing.students(paper)]
    found = students_lib.Students(rows)
    for claim in claims.SECTION.claims:
      self.assertIn(judge(claim.judge(found)).verdict, (S, U))


if __name__ == '__main__':
  absltest.main()
