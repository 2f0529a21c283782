# SPDX-License-Identifier: Apache-2.0
"""Tests for processes."""

import os
import pathlib
import signal
import subprocess
import sys
import time

from absl.testing import absltest

from experiment import processes
from experiment import stop
from experiment import testing


def _end(code: int | str) -> None:
  print('heavy' if 'tensorflow' in sys.modules else 'light', sys.stdin.read())
  sys.exit(code)


def _fail() -> None:
  raise KeyError('why')


def _wait_for_signals(folder: pathlib.Path, count: int) -> None:
  with stop.Stop() as stopping:
    try:
      (folder / 'ready').touch()
      while stopping.requests < count:
        time.sleep(0.01)
    except KeyboardInterrupt:
      pass
  (folder / 'stopped').write_text(str(stopping.requests))


def _ignore_signals(folder: pathlib.Path) -> None:
  for signum in stop.SIGNALS:
    signal.signal(signum, signal.SIG_IGN)
  (folder / 'ready').touch()
  time.sleep(60)


def _start_and_wait(folder: pathlib.Path) -> None:
  processes.wait(
      processes.start(folder / 'inner.txt', _wait_for_signals, folder, 1)
  )


# Its server imports nothing, so that another one starts in a moment.
_KILL_SERVER = """
import os, pathlib, signal, sys, time
from experiment import processes

processes._CONTEXT.set_forkserver_preload([])
folder = pathlib.Path(sys.argv[1])
process = processes.start(folder / 'output.txt', exec, f'''
import pathlib, time
from experiment import stop
with stop.Stop() as stopping:
  pathlib.Path('{folder}/ready').touch()
  while not stopping:
    time.sleep(0.01)
print('stopped')
''')
while not (folder / 'ready').exists():
  time.sleep(0.01)
os.kill(processes.forkserver._forkserver._forkserver_pid, signal.SIGKILL)
assert processes.wait(process) != 0
again = processes.start(folder / 'output.txt', print, 'again')
assert processes.wait(again) == 0
"""


class ProcessesTest(absltest.TestCase):

  def setUp(self):
    super().setUp()
    self.folder = pathlib.Path(self.create_tempdir().full_path)
    self.output = self.folder / 'output.txt'

  def test_exit_codes_and_output(self):
    begin = 'heavy' if sys.platform.startswith('linux') else 'light'
    for code, expected in ((0, 0), (3, 3), ('words', 1)):
      process = processes.start(self.output, _end, code)
      self.assertEqual(processes.wait(process), expected)
    self.assertEqual(self.output.read_text(), f'{begin} \n' * 3 + 'words\n')

  def test_an_exception_is_a_traceback(self):
    self.assertEqual(processes.wait(processes.start(self.output, _fail)), 1)
    self.assertEndsWith(self.output.read_text(), "KeyError: 'why'\n")

  def test_requests_to_stop_are_passed_on(self):
    process = processes.start(self.output, _wait_for_signals, self.folder, 1)
    testing.wait_for((self.folder / 'ready').exists)
    self.assertEqual(processes.wait(process, lambda: 1), 0)
    self.assertEqual((self.folder / 'stopped').read_text(), '1')

  def test_a_second_request_is_passed_on(self):
    process = processes.start(self.output, _wait_for_signals, self.folder, 9)
    testing.wait_for((self.folder / 'ready').exists)
    requests = iter([1, 1, 2, 2, 2])
    self.assertEqual(processes.wait(process, lambda: next(requests, 2)), 0)
    self.assertEqual((self.folder / 'stopped').read_text(), '2')

  def test_patience_ends_after_a_second_request(self):
    before = processes._PATIENCE_SECONDS
    self.addCleanup(setattr, processes, '_PATIENCE_SECONDS', before)
    processes._PATIENCE_SECONDS = 0.1
    process = processes.start(self.output, _ignore_signals, self.folder)
    testing.wait_for((self.folder / 'ready').exists)
    self.assertEqual(processes.wait(process, lambda: 2), -signal.SIGKILL)

  def test_a_terminal_s_signals_are_for_the_parent_alone(self):
    process = processes.start(self.output, _wait_for_signals, self.folder, 1)
    testing.wait_for((self.folder / 'ready').exists)
    self.assertNotEqual(os.getpgid(process.pid), os.getpgid(0))
    process.kill()
    self.assertEqual(processes.wait(process), -signal.SIGKILL)

  def test_stops_when_the_parent_is_killed(self):
    process = testing.Process(self.output, _start_and_wait, self.folder)
    testing.wait_for((self.folder / 'ready').exists)
    process.kill()
    testing.wait_for((self.folder / 'stopped').exists)

  def test_goes_on_after_its_server_was_killed(self):
    environment = {**os.environ, 'PYTHONPATH': os.pathsep.join(sys.path)}
    subprocess.run(
        [sys.executable, '-c', _KILL_SERVER, self.folder],
        env=environment,
        check=True,
    )
    testing.wait_for(lambda: 'stopped' in self.output.read_text())
    self.assertIn('again', self.output.read_text())


if __name__ == '__main__':
  absltest.main()
