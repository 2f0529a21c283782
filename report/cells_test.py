"""Tests of which cells a rule is about, and of what is said of the others."""

from absl.testing import absltest

from report import cells as cells_lib
from report import comparison
from report import evidence as evidence_lib
from report import testing


def _find(*rows, cases=('cifar10/3', 'imagenet'), min_seeds=3):
  """Finds cells of (case, method, mean, n)."""
  measured = [
      testing.row('table1', case, method, 'top1', mean, 0.5, n)
      for case, method, mean, n in rows
  ]
  return cells_lib.find(
      evidence_lib.Evidence('laptop', measured=measured),
      'table1',
      cases,
      ('top1', 'top5'),
      ('critic', 'sobolev'),
      min_seeds,
  )


_CIFAR = (('cifar10/3', 'critic', 93.2, 3), ('cifar10/3', 'sobolev', 93.5, 3))
_IMAGENET = (
    ('imagenet/1', 'critic', 71.71, 3),
    ('imagenet/1', 'sobolev', 72.0, 1),
)


class CellsTest(absltest.TestCase):

  def test_samples_are_in_the_order_of_the_methods(self):
    found = _find(*_CIFAR[::-1], cases=('cifar10',))
    self.assertEqual(
        {
            ('cifar10/3', 'top1'): [
                comparison.Sample(93.2, 0.5, 3),
                comparison.Sample(93.5, 0.5, 3),
            ]
        },
        found.samples,
    )
    self.assertEqual(
        ('holds', 'all better'), found.finding('holds', 'all better')
    )

  def test_cells_with_too_few_seeds_are_told_but_not_judged(self):
    found = _find(*_CIFAR, *_IMAGENET)
    self.assertEqual([('cifar10/3', 'top1')], list(found.samples))
    self.assertEqual(
        (
            'undecided',
            'cifar10/3 top1: all better; not enough seeds (1, 3 needed): '
            'imagenet/1 top1 critic 71.7, sobolev 72',
        ),
        found.finding('holds', 'all better'),
    )

  def _assert_insufficient(self, verdict, text, *rows):
    with self.assertRaises(evidence_lib.InsufficientError) as caught:
      _find(*rows)
    self.assertEqual((verdict, text), caught.exception.finding)

  def test_no_cell_has_enough_seeds(self):
    self._assert_insufficient(
        'undecided',
        'only 1 of 2 groups of cases were run; not enough seeds (1, 3 needed): '
        'imagenet/1 top1 critic 71.7, sobolev 72',
        *_IMAGENET,
    )

  def test_a_paper_that_does_not_tell_its_seeds(self):
    rows = [(*row[:3], None) for row in (*_CIFAR, *_IMAGENET)]
    self._assert_insufficient(
        'undecided',
        'not enough seeds (number not told, 3 needed): cifar10/3 top1 critic '
        '93.2, sobolev 93.5; imagenet/1 top1 critic 71.7, sobolev 72',
        *rows,
    )

  def test_a_method_was_not_run(self):
    self._assert_insufficient('not run', '', _CIFAR[0], _IMAGENET[1])

  def test_a_group_of_cases_was_not_run(self):
    found = _find(*_CIFAR)
    self.assertEqual(['only 1 of 2 groups of cases were run'], found.lacking)

  def test_percentages(self):
    measured = [
        testing.row('figure4', f'{game}/{percent}', 'sobolev', 'test_kl', 1.0)
        for game in ('pong', 'pong_two')
        for percent in ('0.5', '10', '1', '2.5')
    ]
    evidence = evidence_lib.Evidence('paper', measured=measured)
    for pattern, expected in (
        ('pong', ['pong/0.5', 'pong/1', 'pong/2.5', 'pong/10']),
        ('pong/least', ['pong/0.5']),
        ('pong/most', ['pong/10']),
        ('pong/2.5', ['pong/2.5']),
        ('pong/1', ['pong/1']),
    ):
      found = cells_lib.find(
          evidence, 'figure4', (pattern,), ('test_kl',), ('sobolev',), 3
      )
      self.assertEqual(
          [(case, 'test_kl') for case in expected], list(found.samples)
      )

  def test_grades(self):
    for good, verdict in (
        ([True, True], 'holds'),
        ([True, False], 'holds in part'),
        ([True, False, False], 'does not hold'),
    ):
      self.assertEqual(verdict, cells_lib.graded(good, 0.5))


if __name__ == '__main__':
  absltest.main()
