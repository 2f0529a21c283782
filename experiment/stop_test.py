# SPDX-License-Identifier: Apache-2.0
"""Tests for stop."""

import os
import signal
import sys
from unittest import mock

from absl.testing import absltest
from absl.testing import parameterized

from experiment import stop


class StopTest(parameterized.TestCase):

  @parameterized.parameters(*stop.SIGNALS)
  def test_a_signal_becomes_a_flag(self, signum):
    with stop.Stop() as stopping:
      self.assertFalse(stopping)
      self.assertIsNone(stopping.signum)
      os.kill(os.getpid(), signum)
      self.assertTrue(stopping)
      self.assertEqual(stopping.signum, signum)

  def test_a_second_signal_interrupts(self):
    with stop.Stop() as stopping:
      os.kill(os.getpid(), signal.SIGINT)
      with self.assertRaises(KeyboardInterrupt) as caught:
        os.kill(os.getpid(), signal.SIGTERM)
      self.assertEqual(caught.exception.args, (signal.SIGTERM,))
      self.assertEqual(stopping.signum, signal.SIGINT)
      self.assertEqual(stopping.requests, 2)

  def test_a_hangup_after_another_signal_changes_nothing(self):
    with stop.Stop() as stopping:
      os.kill(os.getpid(), signal.SIGTERM)
      os.kill(os.getpid(), signal.SIGHUP)
      self.assertEqual(stopping.signum, signal.SIGTERM)
      self.assertEqual(stopping.requests, 1)

  def test_nohup_keeps_hangups_away(self):
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    self.addCleanup(signal.signal, signal.SIGHUP, before)
    with stop.Stop() as stopping:
      os.kill(os.getpid(), signal.SIGHUP)
      self.assertFalse(stopping)

  def test_nobody_may_be_left_to_read_of_it(self):
    reader, writer = os.pipe()
    os.close(reader)
    with (
        open(writer, 'w', encoding='utf-8') as nobodys,
        mock.patch.object(sys, '__stderr__', nobodys),
        stop.Stop() as stopping,
    ):
      os.kill(os.getpid(), signal.SIGINT)
      self.assertTrue(stopping)

  def test_handlers_are_as_before_afterwards(self):
    before = [signal.getsignal(s) for s in stop.SIGNALS]
    with self.assertRaises(ZeroDivisionError):
      with stop.Stop():
        _ = 1 / 0
    after = [signal.getsignal(s) for s in stop.SIGNALS]
    self.assertEqual(after, before)


if __name__ == '__main__':
  absltest.main()
