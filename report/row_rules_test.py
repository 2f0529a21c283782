"""Each rule on made-up rows whose answer is known, both ways."""

from absl.testing import absltest
from absl.testing import parameterized

from report import evidence as evidence_lib
from report import row_rules
from report import testing

HOLDS = evidence_lib.HOLDS
PARTLY = evidence_lib.PARTLY
FAILS = evidence_lib.FAILS
UNDECIDED = evidence_lib.UNDECIDED
NOT_RUN = evidence_lib.NOT_RUN


def _evidence(*cells, metric='top1', std=0.1, n=6):
  """Evidence of table 1 from (case, method, mean) or (..., mean, std)."""
  measured = [
      testing.row('table1', case, method, metric, mean, *(rest or [std]), n)
      for case, method, mean, *rest in cells
  ]
  return evidence_lib.Evidence('paper', measured=measured)


def _judge(rule, evidence, **parameters):
  shared = {'artifact': 'table1', 'partly': 0.5, 'min_seeds': 5}
  try:
    return rule(evidence, **shared, **parameters)
  except evidence_lib.InsufficientError as error:
    return error.finding


class BetterTest(parameterized.TestCase):

  def _judge(self, *cells, lower=False, cases=('cifar10/3', 'imagenet'), n=6):
    return _judge(
        row_rules.better,
        _evidence(*cells, n=n),
        cases=cases,
        metrics=('top1', 'top5'),
        lower=lower,
        method='sobolev',
        other='critic',
        alpha=0.05,
    )

  @parameterized.parameters(
      (94, 73, HOLDS, 'better in 2 of 2 cells'),
      (94, 72, PARTLY, 'better in 1 of 2 cells'),
      (94, 71, PARTLY, 'better in 1 of 2 cells, worse in 1'),
      (92, 71, FAILS, 'better in 0 of 2 cells, worse in 2'),
  )
  def test_higher_is_better(self, cifar, imagenet, verdict, text):
    found = self._judge(
        ('cifar10/3', 'sobolev', cifar),
        ('cifar10/3', 'critic', 93),
        ('imagenet/1', 'sobolev', imagenet),
        ('imagenet/1', 'critic', 72),
    )
    self.assertEqual((verdict, text), found)

  def test_lower_is_better(self):
    cells = [('cifar10/3', 'sobolev', 0.5), ('cifar10/3', 'critic', 2.0)]
    for lower, verdict in ((True, HOLDS), (False, FAILS)):
      found = self._judge(*cells, lower=lower, cases=('cifar10/3',))
      self.assertEqual(verdict, found.verdict)

  def test_some_cases_were_not_run(self):
    cells = [('cifar10/3', 'sobolev', 94), ('cifar10/3', 'critic', 93)]
    self.assertEqual(
        (
            UNDECIDED,
            'cifar10/3 top1: better in 1 of 1 cells; only 1 of 2 groups of '
            'cases were run',
        ),
        self._judge(*cells),
    )

  def test_the_other_method_was_not_run(self):
    self.assertEqual(NOT_RUN, self._judge(('cifar10/3', 'sobolev', 94)).verdict)

  def test_nothing_was_run(self):
    self.assertEqual(NOT_RUN, self._judge().verdict)

  @parameterized.parameters((1, '1'), (4, '4'), (None, 'number not told'))
  def test_too_few_seeds(self, n, told):
    cells = [('cifar10/3', 'sobolev', 94), ('cifar10/3', 'critic', 93)]
    self.assertEqual(
        (
            UNDECIDED,
            f'not enough seeds ({told}, 5 needed): cifar10/3 top1 sobolev 94, '
            'critic 93',
        ),
        self._judge(*cells, cases=('cifar10/3',), n=n),
    )


class LargerEffectTest(parameterized.TestCase):

  def _judge(self, *cells, lower, first, second):
    return _judge(
        row_rules.larger_effect,
        _evidence(*cells, std=0.05),
        first=first,
        second=second,
        metric='top1',
        lower=lower,
        method='sobolev',
        other='vfbn',
        alpha=0.05,
    )

  @parameterized.parameters((88, HOLDS), (80, FAILS), (79, FAILS))
  def test_difference(self, imagenet, verdict):
    # On CIFAR-10 the gain is 10.
    found = self._judge(
        ('imagenet/1', 'sobolev', imagenet),
        ('imagenet/1', 'vfbn', 70),
        ('cifar10/3', 'sobolev', 90),
        ('cifar10/3', 'vfbn', 80),
        lower=False,
        first=('imagenet/1',),
        second=('cifar10/3',),
    )
    self.assertEqual(verdict, found.verdict)

  @parameterized.parameters(
      (1.0, 1.0, HOLDS), (1.0, 2.0, PARTLY), (2.0, 2.0, FAILS)
  )
  def test_ratio_by_the_amount_of_data(self, pong, breakout, verdict):
    # With the most data, Sobolev's divergence is half the other's; `5` is less
    # than `50`, and `10` in between.
    cells = []
    for game, least in (('pong', pong), ('breakout', breakout)):
      cells += [
          (f'{game}/5', 'sobolev', least),
          (f'{game}/5', 'vfbn', 4),
          (f'{game}/10', 'sobolev', 9),
          (f'{game}/10', 'vfbn', 9),
          (f'{game}/50', 'sobolev', 1),
          (f'{game}/50', 'vfbn', 2),
      ]
    found = self._judge(
        *cells,
        lower=True,
        first=('pong/least', 'breakout/least'),
        second=('pong/most', 'breakout/most'),
    )
    self.assertEqual(verdict, found.verdict)

  def test_nothing_was_run(self):
    found = self._judge(
        lower=True, first=('pong/least',), second=('pong/most',)
    )
    self.assertEqual(NOT_RUN, found.verdict)


class OtherRulesTest(parameterized.TestCase):

  @parameterized.parameters(
      (1.05, 2.1, HOLDS, '1.05 times the lowest at most'),
      (1.05, 3.0, PARTLY, '1.50 times the lowest at most'),
      (1.2, 3.0, FAILS, '1.50 times the lowest at most'),
  )
  def test_little_overfitting(self, pong, breakout, verdict, text):
    measured = [
        testing.row('table1', case, 'sobolev', metric, mean)
        for case, metric, mean in (
            ('pong/10', 'kl', pong),
            ('pong/10', 'lowest_kl', 1.0),
            ('breakout/10', 'kl', breakout),
            ('breakout/10', 'lowest_kl', 2.0),
        )
    ]
    found = _judge(
        row_rules.little_overfitting,
        evidence_lib.Evidence('paper', measured=measured),
        cases=('pong', 'breakout'),
        metric='kl',
        lowest='lowest_kl',
        method='sobolev',
        ratio=1.1,
    )
    self.assertEqual((verdict, text), found)

  @parameterized.parameters(
      (2.0, 2.0, HOLDS), (2.0, 0.2, PARTLY), (0.2, 0.05, FAILS)
  )
  def test_steadier(self, vfbn, critic, verdict):
    # Five degrees of freedom each: a ratio of 20 is significant, of 2 is not.
    found = _judge(
        row_rules.steadier,
        _evidence(
            ('cifar10/3', 'sobolev', 94, 0.1),
            ('cifar10/3', 'vfbn', 88, vfbn),
            ('cifar10/3', 'critic', 93, critic),
        ),
        cases=('cifar10/3',),
        metrics=('top1',),
        method='sobolev',
        others=('vfbn', 'critic'),
        alpha=0.05,
    )
    self.assertEqual(verdict, found.verdict)


if __name__ == '__main__':
  absltest.main()
