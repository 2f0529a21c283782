# SPDX-License-Identifier: Apache-2.0
from absl.testing import absltest
from absl.testing import parameterized

from report import effects as effects_lib
from report import verdicts

S, C = verdicts.SUPPORTED, verdicts.CONTRADICTED
U, N = verdicts.INCONCLUSIVE, verdicts.NOT_TESTED


def measured(value, half, p, printed=None, n=5):
  effect = effects_lib.Effect(value, value - half, value + half, p, 2 * half, n)
  return verdicts.Comparison('a', effect, '', printed)


class VerdictsTest(parameterized.TestCase):

  @parameterized.parameters(
      # value, half of the interval, p, printed, verdict
      (1.0, 0.5, 0.001, None, S),
      (-1.0, 0.5, 0.001, None, C),
      (0.3, 0.5, 0.2, None, U),
      (-0.3, 0.5, 0.2, None, U),
      # A printed effect inside the interval is never contradicted.
      (-0.7, 3.5, 0.6, 0.3, U),
      (0.3, 0.5, 0.2, 0.7, U),
      (0.3, 0.2, 0.001, 5.0, S),
      (0.1, 0.2, 0.2, 5.0, C),
      (-1.0, 0.5, 0.001, 0.3, C),
  )
  def test_one_comparison(self, value, half, p, printed, verdict):
    (found,) = verdicts.signs([measured(value, half, p, printed)], 5)
    self.assertEqual(found.verdict, verdict)
    self.assertEqual(found.p, p)

  def test_several_are_corrected_by_holm(self):
    several = [measured(1.0, 0.5, 0.03) for _ in range(2)]
    self.assertEqual(
        [c.verdict for c in verdicts.signs(several, 5)], [U, U]
    )
    # Those that are not tested do not count.
    several[1] = verdicts.Comparison('b', None, 'not run')
    found = verdicts.signs(several, 5)
    self.assertEqual([c.verdict for c in found], [S, N])
    self.assertEqual(found[1].reason, 'not run')

  @parameterized.parameters(
      (1.5, 0.4, 1.0, S), (0.5, 0.4, 1.0, C), (1.2, 0.4, 1.0, U),
      # Non-inferiority by a margin.
      (-0.3, 0.5, -1.0, S), (-0.3, 0.9, -1.0, U), (-2.0, 0.9, -1.0, C),
  )
  def test_thresholds(self, value, half, threshold, verdict):
    (found,) = verdicts.above([measured(value, half, 1.0)], threshold, 5)
    self.assertEqual(found.verdict, verdict)

  def test_too_few_seeds(self):
    for found in (
        verdicts.signs([measured(1.0, 0.1, 0.001, n=1)], 3),
        verdicts.above([measured(1.0, 0.1, 0.001, n=1)], 0.0, 3),
    ):
      self.assertEqual(found[0].verdict, N)
      self.assertEqual(found[0].reason, '1 seed, 3 required')
      self.assertIsNone(found[0].effect)

  @parameterized.parameters(
      ([S, S], S), ([S, N], S), ([S, U], U), ([S, U, C], C), ([N, N], N),
      ([], N),
  )
  def test_all_of(self, found, verdict):
    self.assertEqual(verdicts.all_of(found), verdict)

  @parameterized.parameters(
      ([S, S, C], S), ([S, C, C], C), ([S, U, C], U), ([S, N, C], U),
      ([N, N, N], N), ([S, S, S], S), ([C, C, C], C), ([U, U, U], U),
  )
  def test_two_of_three(self, found, verdict):
    self.assertEqual(verdicts.k_of(found, 2), verdict)

  @parameterized.parameters(
      ([C, U], [S, S], S),
      ([C, U], [S, C], C),
      ([S, S], [S, C], C),
      ([C, C], [S, U], U),
      ([C, C], [S, N], U),
      ([S, U], [S, S], U),
      ([N, N], [N, N], N),
  )
  def test_only(self, exception, others, verdict):
    self.assertEqual(verdicts.only(exception, others), verdict)

  def test_counted(self):
    self.assertEqual(
        verdicts.counted({'A': S, 'B': C, 'C': S, 'D': N}, 'games'),
        '2 of 4 games supported; contradicted: B; not tested: D',
    )


if __name__ == '__main__':
  absltest.main()
