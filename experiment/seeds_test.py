# SPDX-License-Identifier: Apache-2.0
"""Tests for seeds."""

import itertools

from absl.testing import absltest
import numpy as np

from experiment import seeds


class SeedsTest(absltest.TestCase):

  def test_values_are_those_of_the_documented_scheme(self):
    # printf '[7, "weights", 3]' | sha256sum, its first 8 bytes as two
    # little-endian numbers.
    self.assertEqual(
        seeds.stateless(7, 'weights', 3).tolist(), [-31965353, -494575261]
    )

  def test_streams_of_numpy_are_those_of_the_documented_scheme(self):
    # The first draw of PCG64 seeded with the first 16 bytes, little-endian.
    entropy = 0xee8d70c793b1ae7fe2856163fe183f57
    expected = np.random.Generator(np.random.PCG64(entropy)).random(3)
    actual = seeds.generator(7, 'weights', 3).random(3)
    np.testing.assert_array_equal(actual, expected)

  def test_is_a_pair_of_int32(self):
    seed = seeds.stateless(0, 'a')
    self.assertEqual((seed.dtype, seed.shape), (np.int32, (2,)))

  def test_all_differ(self):
    # No two of a million 64-bit seeds agree, but with probability 3e-8; here
    # fewer, and with names that would meet if they were only joined.
    names = ['', 'a', 'a/1', 'b', '1']
    pairs = {
        tuple(seeds.stateless(seed, name, index))
        for seed, name, index in itertools.product(range(20), names, range(20))
    }
    self.assertLen(pairs, 20 * len(names) * 20)

  def test_numpy_integers_are_integers(self):
    np.testing.assert_array_equal(
        seeds.stateless(np.int64(3), 'a', np.int32(4)),
        seeds.stateless(3, 'a', 4),
    )


if __name__ == '__main__':
  absltest.main()
