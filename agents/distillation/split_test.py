from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

from agents.distillation import split
from experiment import errors


def _episodes(lengths):
  return np.repeat(np.arange(len(lengths)), lengths)


class SplitTest(parameterized.TestCase):

  def test_a_small_case_by_hand(self):
    # Episodes of 4 states: 0-3, 4-7, 8-11, 12-15, 16-19.
    found = split.split(_episodes([4] * 5), percent=30, validation_percent=10)
    np.testing.assert_array_equal(found.train, range(6))
    # States 6 and 7 belong to an episode that trains.
    np.testing.assert_array_equal(found.test, range(8, 16))
    np.testing.assert_array_equal(found.validation, range(16, 20))

  @parameterized.parameters(range(20))
  def test_no_episode_is_on_two_sides(self, seed):
    rng = np.random.default_rng(seed)
    episodes = _episodes(rng.integers(1, 60, size=50))
    percent = rng.uniform(1, 70)
    found = split.split(episodes, percent, 10)
    self.assertLen(found.train, round(len(episodes) * percent / 100))
    sides = [set(episodes[chosen]) for chosen in found]
    self.assertEqual(
        len(set.union(*sides)), sum(map(len, sides)), 'an episode twice'
    )
    self.assertGreaterEqual(len(found.validation), 0.1 * len(episodes) - 1)
    # In time: training before tests, and tests before validation.
    self.assertLess(found.train[-1], found.test[0])
    self.assertLess(found.test[-1], found.validation[0])

  def test_validation_is_the_same_at_every_percentage(self):
    episodes = _episodes([7] * 40)
    found = [split.split(episodes, p, 10).validation for p in (1, 10, 60)]
    np.testing.assert_array_equal(found[0], found[1])
    np.testing.assert_array_equal(found[0], found[2])

  @parameterized.parameters(
      ([10, 10], 90, 'no test states of 20 in 2 episodes'),
      ([100], 1, 'no test states'),
      ([1000, 1000, 1000], 0.01, 'no training states'),
  )
  def test_refuses_what_leaves_nothing(self, lengths, percent, message):
    with self.assertRaisesRegex(errors.UserError, message):
      split.split(_episodes(lengths), percent, 10)

  def test_spread(self):
    found = split.spread(np.arange(100, 200), 4)
    np.testing.assert_array_equal(found, [100, 133, 166, 199])
    self.assertLen(split.spread(np.arange(5), 0), 5)
    self.assertLen(split.spread(np.arange(5), 9), 5)


if __name__ == '__main__':
  absltest.main()
