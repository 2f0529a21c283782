"""Tests of claims.csv and of what is made of it."""

import pathlib

from absl.testing import absltest
from absl.testing import parameterized

from experiment import errors
from experiment import results
from report import claims as claims_lib
from report import evidence as evidence_lib
from report import table1_rows
from report import testing

_COLUMNS = ','.join(claims_lib.Claim._fields)
_GOOD = 'functions=all; sizes=20 100; need=6; partly=4; alpha=0.05; min_seeds=5'


class TrueClaimsTest(absltest.TestCase):

  def setUp(self):
    super().setUp()
    self.claims = claims_lib.read(testing.RESULTS / 'claims.csv')

  def test_all_sections_with_results_have_claims(self):
    self.assertEqual(
        {
            ('figure2', '4.1'),
            ('figure3', '4.1'),
            ('figure4', '4.2'),
            ('table1', '4.3'),
        },
        {(claim.artifact, claim.section) for claim in self.claims},
    )
    self.assertLen({claim.id for claim in self.claims}, len(self.claims))

  def test_nothing_was_run(self):
    empty = evidence_lib.Evidence('paper')
    for claim in self.claims:
      self.assertEqual(
          (evidence_lib.NOT_RUN, ''), claims_lib.judge(claim, empty)
      )

  def test_a_world_in_which_regression_is_as_the_paper_says(self):
    gains = {
        (name, size): {20: 2.5, 100: 2.0, 10000: 1.2}[size]
        for name, size in testing.CELLS
    }
    gains |= {('ackley', 20): -0.5, ('ackley', 100): -0.5}
    evidence = testing.regression(gains, sobolev=testing.BASELINE - 2)
    for claim in self.claims:
      if claim.section == '4.1':
        found = claims_lib.judge(claim, evidence)
        self.assertEqual(evidence_lib.HOLDS, found.verdict, msg=claim.id)

  def test_a_world_in_which_it_is_the_other_way_round(self):
    gains = {
        (name, size): {20: -2.5, 100: -2.0, 10000: -1.2}[size]
        for name, size in testing.CELLS
    }
    gains |= {('ackley', 20): 0.5, ('ackley', 100): 0.5}
    evidence = testing.regression(gains, sobolev=testing.BASELINE)
    for claim in self.claims:
      if claim.section == '4.1':
        found = claims_lib.judge(claim, evidence)
        # Even then Ackley is among those where regular training is better.
        expected = evidence_lib.FAILS
        if claim.id == 'only_ackley':
          expected = evidence_lib.PARTLY
        self.assertEqual(expected, found.verdict, msg=claim.id)

  def test_other_sections_can_be_judged_on_the_rows_they_name(self):
    methods = ('regular', *table1_rows.METHODS)
    metrics = ('test_kl', 'lowest_test_kl', 'action_error', 'top1', 'top5')
    cases = ['cifar10/3', 'imagenet/1', 'imagenet/3']
    for game in ('pong', 'breakout', 'space_invaders'):
      cases += [f'{game}/10', f'{game}/50']
    measured = [
        testing.row(artifact, case, method, metric, 50)
        for artifact in ('figure4', 'table1')
        for case in cases
        for method in methods
        for metric in metrics
    ]
    evidence = evidence_lib.Evidence('paper', measured=measured)
    for claim in self.claims:
      if claim.section != '4.1':
        verdict = claims_lib.judge(claim, evidence).verdict
        self.assertIn(
            verdict,
            (evidence_lib.HOLDS, evidence_lib.FAILS),
            msg=claim.id,
        )

  def test_rules_are_explained(self):
    for claim in self.claims:
      self.assertRegex(claims_lib.explanation(claim), r'^[A-Z`].+\.$')

  def test_the_papers_numbers(self):
    rows = results.read(testing.RESULTS / 'paper.csv')
    self.assertLen(rows, 26)  # Five rows of six, less four dashes.
    found = {(r.case, r.method, r.metric): (r.mean, r.std) for r in rows}
    self.assertEqual((87.4, 0.11), found['imagenet/3', 'sobolev', 'top5'])
    self.assertEqual((54.5, 1.15), found['cifar10/3', 'noprop', 'top1'])
    self.assertEqual((94.3, None), found['cifar10/3', 'backprop', 'top1'])


class ReadTest(parameterized.TestCase):

  def _read(self, text, header=_COLUMNS):
    path = pathlib.Path(self.create_tempdir()) / 'claims.csv'
    path.write_text(f'{header}\n{text}\n')
    return claims_lib.read(path)

  def test_thresholds_are_read(self):
    (claim,) = self._read(f'c,figure2,4.1,Something,lower_error,{_GOOD}')
    self.assertEqual(
        {
            'functions': ('all',),
            'sizes': (20, 100),
            'need': 6,
            'partly': 4,
            'alpha': 0.05,
            'min_seeds': 5,
        },
        claims_lib.parameters(claim),
    )

  def test_an_order_is_read(self):
    (claim,) = self._read(
        'c,table1,4.3,Something,ordered,artifact=a; cases=b; metrics=c; '
        'order=d < e <= f; partly=0.5; alpha=0.05; min_seeds=5'
    )
    order = claims_lib.parameters(claim)['order']
    self.assertEqual(('d', 'e', 'f'), order.methods)
    self.assertEqual((True, False), order.strict)

  @parameterized.parameters(
      ('no_rule', _GOOD, "claim c: no rule 'no_rule': expected one of better,"),
      (
          'lower_error',
          _GOOD.replace('need=6', 'needs=6'),
          'claim c: lower_error takes functions, sizes, need.*; got.*needs',
      ),
      (
          'lower_error',
          _GOOD.replace('=6', '=six'),
          'claim c: need=six: expected a whole number',
      ),
      (
          'lower_error',
          _GOOD.replace('20 100', '20 many'),
          'claim c: sizes=20 many: expected whole numbers',
      ),
      (
          'lower_error',
          _GOOD.replace('0.05', 'low'),
          'claim c: alpha=low: expected a number',
      ),
      (
          'better',
          'artifact=a; cases=b; metrics=c; lower=perhaps; method=d; other=e; '
          'partly=0.5; alpha=0.05; min_seeds=5',
          'claim c: lower=perhaps: expected yes or no',
      ),
      (
          'ordered',
          'artifact=a; cases=b; metrics=c; order=d < e f; partly=0.5; '
          'alpha=0.05; min_seeds=5',
          'claim c: order=d < e f: expected methods with < or <= between them',
      ),
  )
  def test_wrong_rows(self, rule, thresholds, message):
    with self.assertRaisesRegex(errors.UserError, message):
      self._read(f'c,figure2,4.1,Something,{rule},{thresholds}')

  def test_wrong_columns(self):
    with self.assertRaisesRegex(
        errors.UserError, f'wrong columns: expected {_COLUMNS}'
    ):
      self._read('c,d', header='id,claims')

  def test_no_file(self):
    with self.assertRaisesRegex(errors.UserError, 'no such file: --results is'):
      claims_lib.read(pathlib.Path('nowhere/claims.csv'))


if __name__ == '__main__':
  absltest.main()
