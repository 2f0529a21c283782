# SPDX-License-Identifier: Apache-2.0
"""Tests for pipelining."""

from absl.testing import absltest

from benchmarks import pipelining


class PipeliningTest(absltest.TestCase):

  def test_the_memory_of_a_process_of_its_own(self):
    self.assertGreater(pipelining._alone(pipelining._high_water), 1e6)


if __name__ == '__main__':
  absltest.main()
