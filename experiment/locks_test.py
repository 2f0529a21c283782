# SPDX-License-Identifier: Apache-2.0
"""Tests for locks."""

import os
import pathlib
import signal
import time

from absl.testing import absltest

from experiment import errors
from experiment import locks
from experiment import testing


def _hold(folder: pathlib.Path) -> None:
  with locks.hold(folder):
    (folder / 'ready').touch()
    time.sleep(60)


class LocksTest(absltest.TestCase):

  def setUp(self):
    super().setUp()
    self.folder = pathlib.Path(self.create_tempdir().full_path)

  def test_a_lock_is_held_until_its_process_ends(self):
    self.assertFalse(locks.is_held(self.folder))
    process = testing.Process(self.folder / 'output.txt', _hold, self.folder)
    testing.wait_for((self.folder / 'ready').exists)
    self.assertTrue(locks.is_held(self.folder))
    with self.assertRaisesRegex(
        errors.UserError,
        f'^{self.folder}: process {process.pid} on {os.uname().nodename} is '
        'using this run: wait for it',
    ):
      with locks.hold(self.folder):
        pass
    process.send(signal.SIGKILL)
    process.wait()
    self.assertFalse(locks.is_held(self.folder))
    with locks.hold(self.folder):
      self.assertTrue(locks.is_held(self.folder))
    self.assertFalse(locks.is_held(self.folder))

  def test_a_link_is_not_followed(self):
    target = self.folder / 'target'
    target.write_text('precious')
    (self.folder / '.lock').symlink_to(target)
    with self.assertRaisesRegex(errors.UserError, 'remove the link'):
      with locks.hold(self.folder):
        pass
    self.assertEqual(target.read_text(), 'precious')

  def test_a_folder_that_is_not_there_is_not_held(self):
    self.assertFalse(locks.is_held(self.folder / 'absent'))


if __name__ == '__main__':
  absltest.main()
