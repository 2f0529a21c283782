# SPDX-License-Identifier: Apache-2.0
"""Tests for timing."""

import functools
import os
import time
from unittest import mock

from absl.testing import absltest
import numpy as np

from benchmarks import timing


def _spin(seconds):
  end = time.process_time() + seconds
  while time.process_time() < end:
    pass


class TimingTest(absltest.TestCase):

  def test_sides_take_turns_and_the_first_round_does_not_count(self):
    calls = []

    def clock(run):
      run()
      return len(calls), 10 * len(calls)

    sides = {name: functools.partial(calls.append, name) for name in 'ab'}
    with mock.patch.object(timing, 'clock', clock):
      times = timing.interleave(sides, 2)
    self.assertEqual(''.join(calls), 'ababab')
    self.assertEqual(times['a'].cpu.tolist(), [3, 5])
    self.assertEqual(times['a'].wall.tolist(), [30, 50])
    self.assertEqual(times['b'].cpu.tolist(), [4, 6])

  def test_cpu_time_leaves_out_waiting(self):
    cpu, wall = timing.clock(time.sleep, 0.2)
    self.assertLess(cpu, 0.1)
    self.assertGreaterEqual(wall, 0.2)

  def test_ratio_of_work(self):
    long, short = (timing.clock(_spin, seconds)[0] for seconds in (0.09, 0.03))
    # The clock is read every microsecond or so.
    self.assertAlmostEqual(long / short, 3, delta=0.3)

  def test_ratio_is_the_median_over_rounds(self):
    # The ratio of the medians would be 2 / 2.
    ratio = timing.ratio(np.array([1.0, 2, 6, 8]), np.array([2.0, 1, 2, 2]))
    self.assertEqual(ratio, timing.Ratio(2.5, 1.625, 3.25))
    self.assertEqual(str(ratio), '2.50 (1.62 to 3.25)')

  def test_steps_for(self):
    # A step takes 1 ms, the first call a minute more.
    now = [0.0, 60.0]

    def run(steps):
      now[0] += steps * 1e-3 + now[1]
      now[1] = 0.0

    with mock.patch.object(time, 'process_time', lambda: now[0]):
      self.assertEqual(timing.steps_for(0.5, run), 500)
      self.assertEqual(timing.steps_for(0.0001, run), 1)

  def test_cpu_of_steps(self):
    sides = {
        'one': lambda steps: _spin(steps * 1e-3),
        'two': lambda steps: _spin(steps * 2e-3),
    }
    times = timing.cpu_of_steps(sides, 0.02, 3)
    self.assertEqual(times['one'].shape, (3,))
    np.testing.assert_allclose(np.median(times['one']), 1e-3, rtol=0.1)
    np.testing.assert_allclose(np.median(times['two']), 2e-3, rtol=0.1)

  def test_one_core(self):
    new = {'create': True}  # macOS does not have them.
    with (
        mock.patch.object(os, 'sched_getaffinity', lambda _: {1, 3}, **new),
        mock.patch.object(os, 'sched_setaffinity', **new) as pin,
    ):
      timing.use_one_core()
    pin.assert_called_once_with(0, {3})


if __name__ == '__main__':
  absltest.main()
