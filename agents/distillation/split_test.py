# SPDX-License-Identifier: Apache-2.0
from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

from agents.distillation import split
from experiment import errors


def _episodes(lengths):
  return np.repeat(np.arange(len(lengths)), lengths)


class SplitTest(parameterized.TestCase):

  @parameterized.parameters(range(20))
  def test_sides_are_what_the_percentages_say(self, seed):
    rng = np.random.default_rng(seed)
    episodes = _episodes(rng.integers(1, 60, size=50))
    percent = rng.uniform(1, 70)
    found = split.split(episodes, percent, 10, seed)
    self.assertLen(found.train, round(len(episodes) * percent / 100))
    sides = [set(episodes[chosen]) for chosen in found]
    self.assertEqual(
        len(set.union(*sides)), sum(map(len, sides)), 'an episode twice'
    )
    # Whole episodes, and as few of them as are enough.
    lengths = np.bincount(episodes)
    held_out = lengths[list(sides[2])]
    self.assertLen(found.validation, held_out.sum())
    self.assertGreaterEqual(held_out.sum(), 0.1 * len(episodes))
    self.assertLess(held_out.sum() - held_out.max(), 0.1 * len(episodes))
    # All but one of the episodes that train do so from end to end.
    counts = np.bincount(episodes[found.train], minlength=50)
    partly = (counts > 0) & (counts < lengths)
    self.assertLessEqual(partly.sum(), 1)
    # And nothing is left over but the rest of that one.
    used = len(found.train) + len(found.test) + len(found.validation)
    self.assertEqual(used, len(episodes) - (lengths - counts)[partly].sum())
    for chosen in found:
      self.assertTrue((np.diff(chosen) > 0).all())

  def test_a_seed_draws_the_episodes(self):
    episodes = _episodes([5] * 40)
    trained = [
        frozenset(episodes[split.split(episodes, 10, 10, seed).train])
        for seed in range(200)
    ]
    self.assertEqual({len(chosen) for chosen in trained}, {4})
    # Of 36, each is drawn by a ninth of the seeds: 22 of 200, +- 5 standard
    # deviations; and the 4 of the validation by none.
    counts = np.bincount([e for chosen in trained for e in chosen])
    self.assertEqual((counts == 0).sum(), 4)
    self.assertBetween(counts[counts > 0].min(), 1, 22)
    self.assertBetween(counts.max(), 22, 44)
    again = split.split(episodes, 10, 10, 3)
    self.assertEqual(frozenset(episodes[again.train]), trained[3])

  def test_validation_is_the_same_for_all_seeds_and_percentages(self):
    episodes = _episodes([7] * 40)
    first, *others = [
        split.split(episodes, percent, 10, seed).validation
        for percent in (1, 10, 60)
        for seed in range(5)
    ]
    for other in others:
      np.testing.assert_array_equal(first, other)

  def test_more_states_are_fewer_and_some(self):
    episodes = _episodes([7] * 40)
    few, many = (
        set(split.split(episodes, percent, 10, 3).train)
        for percent in (5, 50)
    )
    self.assertLess(few, many)

  @parameterized.parameters(
      ([10, 10], 60, 'no test states of 20 in 2 episodes'),
      ([100], 1, 'no training states'),
      ([1000, 1000, 1000], 0.01, 'no training states'),
  )
  def test_refuses_what_leaves_nothing(self, lengths, percent, message):
    with self.assertRaisesRegex(errors.UserError, message):
      split.split(_episodes(lengths), percent, 10, 0)

  def test_spread(self):
    found = split.spread(np.arange(100, 200), 4)
    np.testing.assert_array_equal(found, [100, 133, 166, 199])
    self.assertLen(split.spread(np.arange(5), 0), 5)
    self.assertLen(split.spread(np.arange(5), 9), 5)


if __name__ == '__main__':
  absltest.main()
