"""Tests for stop."""

import os
import pathlib
import signal
import sys
import time
from unittest import mock

from absl.testing import absltest
from absl.testing import parameterized

from experiment import stop
from experiment import testing


class StopTest(parameterized.TestCase):

  @parameterized.parameters(signal.SIGINT, signal.SIGTERM)
  def test_a_signal_becomes_a_flag(self, signum):
    with stop.Stop() as stopping:
      self.assertFalse(stopping)
      self.assertIsNone(stopping.signum)
      os.kill(os.getpid(), signum)
      self.assertTrue(stopping)
      self.assertEqual(stopping.signum, signum)

  def test_a_second_signal_interrupts(self):
    with stop.Stop():
      os.kill(os.getpid(), signal.SIGTERM)
      with self.assertRaises(KeyboardInterrupt):
        os.kill(os.getpid(), signal.SIGINT)

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
    before = [signal.getsignal(s) for s in (signal.SIGINT, signal.SIGTERM)]
    with self.assertRaises(ZeroDivisionError):
      with stop.Stop():
        _ = 1 / 0
    after = [signal.getsignal(s) for s in (signal.SIGINT, signal.SIGTERM)]
    self.assertEqual(after, before)


def _parent_of_one_that_waits_for_sigterm(folder: pathlib.Path) -> None:
  os.environ.update(stop.environment_of_child())
  if os.fork():
    os.wait()
    return
  stop.end_with_parent()
  with stop.Stop() as stopping:
    (folder / 'ready').touch()
    while not stopping:
      time.sleep(0.01)
  (folder / 'told').touch()


class EndWithParentTest(absltest.TestCase):

  def test_does_nothing_by_itself(self):
    stop.end_with_parent()  # Or this test would be killed later on.

  def test_the_death_of_the_parent_is_told(self):
    folder = pathlib.Path(self.create_tempdir().full_path)
    process = testing.Process(
        folder / 'output.txt', _parent_of_one_that_waits_for_sigterm, folder
    )
    testing.wait_for((folder / 'ready').exists)
    process.send(signal.SIGKILL)
    self.assertEqual(process.wait(), -signal.SIGKILL)
    testing.wait_for((folder / 'told').exists)


if __name__ == '__main__':
  absltest.main()
