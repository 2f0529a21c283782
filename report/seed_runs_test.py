"""Tests of putting runs of several seeds side by side."""

import random
from typing import NamedTuple

from absl.testing import absltest
import numpy as np

from report import seed_runs


class _Row(NamedTuple):
  method: str
  seed: int
  step: int
  error: float | None


def _rows(*runs, method='regular'):
  """The rows of runs with these errors, a seed a run."""
  return [
      _Row(method, seed, 10 * k, error)
      for seed, run in enumerate(runs)
      for k, error in enumerate(run)
  ]


class SeedRunsTest(absltest.TestCase):

  def test_a_list_a_seed_in_the_order_of_the_steps(self):
    first, second = _rows([3, 2, 1])[:3], _rows([], [5, 4, 3])
    shuffled = first + second + _rows([9, 9], method='sobolev')
    random.Random(0).shuffle(shuffled)
    self.assertEqual(
        [first, second], seed_runs.of_method(shuffled, 'regular')
    )
    self.assertEmpty(seed_runs.of_method(shuffled, 'other'))

  def _aligned(self, *runs):
    found = seed_runs.of_method(_rows(*runs), 'regular')
    return seed_runs.aligned(found, 'step', 'error')

  def test_values_side_by_side(self):
    steps, values = self._aligned([3, 2, 1], [6, 5, 4])
    np.testing.assert_equal(steps, [0, 10, 20])
    np.testing.assert_equal(values, [[3, 2, 1], [6, 5, 4]])

  def test_where_fewer_seeds_have_been_is_left_out(self):
    steps, values = self._aligned([3, 2, 1], [6, 5])
    np.testing.assert_equal(steps, [0, 10])
    np.testing.assert_equal(values, [[3, 2], [6, 5]])

  def test_an_empty_number_is_none(self):
    _, values = self._aligned([3, None])
    np.testing.assert_equal(values, [[3, np.nan]])

  def test_no_runs(self):
    steps, values = self._aligned()
    self.assertEqual((0,), steps.shape)
    self.assertEqual((0, 0), values.shape)

  def test_numbers_of_seeds(self):
    for counts, text in (
        ([1], '1 seed'),
        ([3, 3], '3 seeds'),
        (iter([3, 1, 2]), '1 to 3 seeds'),
        ([0, 1], '0 to 1 seed'),
    ):
      self.assertEqual(text, seed_runs.told(counts))


if __name__ == '__main__':
  absltest.main()
