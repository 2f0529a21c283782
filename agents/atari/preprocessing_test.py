# SPDX-License-Identifier: Apache-2.0
from fractions import Fraction

from absl.testing import absltest
import gymnasium
import numpy as np

from agents.atari import preprocessing


def _exact_mean(screen, row, column):
  """The mean of a target pixel's area, in fractions."""
  total = Fraction(0)
  for i in range(210):
    top = max(Fraction(i), row * Fraction(210, 84))
    bottom = min(Fraction(i + 1), (row + 1) * Fraction(210, 84))
    for j in range(160) if bottom > top else ():
      left = max(Fraction(j), column * Fraction(160, 84))
      right = min(Fraction(j + 1), (column + 1) * Fraction(160, 84))
      if right > left:
        total += int(screen[i, j]) * (bottom - top) * (right - left)
  return total / (Fraction(210, 84) * Fraction(160, 84))


class _Film(gymnasium.Env):
  """Shows one intensity per frame, and ends after the last."""

  def __init__(self, intensities):
    self.action_space = gymnasium.spaces.Discrete(2)
    self.observation_space = gymnasium.spaces.Box(0, 255, (210, 160), np.uint8)
    self._intensities = intensities
    self._frame = 0

  def _screen(self):
    return np.full((210, 160), self._intensities[self._frame], np.uint8)

  def reset(self, seed=None, options=None):
    self._frame = 0
    return self._screen(), {}

  def step(self, action):
    self._frame += 1
    end = self._frame == len(self._intensities) - 1
    return self._screen(), 1.0 + action, end, False, {}


class PreprocessingTest(absltest.TestCase):

  def test_area_resize_is_the_rounded_mean_of_each_area(self):
    rng = np.random.default_rng(0)
    screen = rng.integers(256, size=(210, 160)).astype(np.uint8)
    found = preprocessing.area_resize(screen)
    for row, column in [(0, 0), (83, 83), *rng.integers(84, size=(60, 2))]:
      exact = _exact_mean(screen, int(row), int(column))
      # A half, in single precision, may go either way.
      self.assertLessEqual(
          abs(int(found[row, column]) - exact), Fraction(1, 2) + 1e-5
      )

  def test_area_resize_keeps_one_colour(self):
    for colour in (0, 87, 255):
      found = preprocessing.area_resize(np.full((210, 160), colour, np.uint8))
      np.testing.assert_array_equal(found, np.full((84, 84), colour))

  def test_repeats_takes_the_brighter_of_two_and_keeps_four(self):
    film = [10, 90, 90, 20, 30, 91, 91, 50, 40, 92, 92, 92, 60, 7, 7, 7, 7]
    env = preprocessing.Preprocess(_Film(film), max_noops=0)
    seen = [env.reset()[0]]
    for _ in range(4):
      observation, reward, *_ = env.step(1)
      self.assertEqual(reward, 8)
      seen.append(observation)
    found = [list(o[:, 0, 0]) for o in seen]
    self.assertEqual(found[0], [0, 0, 0, 10])
    self.assertEqual(found[1], [0, 0, 10, 30])
    self.assertEqual(found[3], [10, 30, 50, 92])
    self.assertEqual(found[4], [30, 50, 92, 7])

  def test_ends_within_the_four_frames(self):
    env = preprocessing.Preprocess(_Film([1, 2, 3]), max_noops=0)
    env.reset()
    observation, reward, over, _, _ = env.step(0)
    self.assertTrue(over)
    self.assertEqual(reward, 2)
    self.assertEqual(observation[-1, 0, 0], 3)

  def test_truncates(self):
    env = preprocessing.Preprocess(_Film([0] * 99), max_noops=0, max_steps=3)
    for _ in range(2):
      env.reset()
      self.assertEqual([env.step(0)[3] for _ in range(3)], [False, False, True])

  def test_starts_differ_and_repeat_with_the_seed(self):
    env = preprocessing.Preprocess(_Film([0] * 99))
    starts = [env.reset()[1]['noops'] for _ in range(300)]
    self.assertEqual((min(starts), max(starts)), (1, 30))
    again = [env.reset(seed=4)[1]['noops'] for _ in range(5)]
    self.assertLen(set(again), 1)


if __name__ == '__main__':
  absltest.main()
