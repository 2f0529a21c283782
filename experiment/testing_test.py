# SPDX-License-Identifier: Apache-2.0
"""Tests for testing."""

import pathlib
import signal
import sys
import time

from absl.testing import absltest

from experiment import testing


def _end(code: int, *words: str) -> None:
  print(*words)
  print('I0000 00:00:1795451061.796394 12536 cuda.cc:52] a note of TensorFlow')
  sys.exit(code)


def _fail() -> None:
  raise KeyError('why')


class ProcessTest(absltest.TestCase):

  def setUp(self):
    super().setUp()
    self.folder = pathlib.Path(self.create_tempdir().full_path)
    self.output = self.folder / 'output.txt'

  def test_exit_code_and_output(self):
    for code in (0, 3):
      process = testing.Process(self.output, _end, code, 'so', str(code))
      self.assertEqual(process.wait(), code)
      self.assertEqual(process.output(), f'so {code}\n')

  def test_an_exception_is_a_traceback(self):
    process = testing.Process(self.output, _fail)
    self.assertEqual(process.wait(), 1)
    self.assertIn("KeyError: 'why'", process.output())

  def test_signals(self):
    process = testing.Process(self.output, time.sleep, 60)
    process.send(signal.SIGKILL)
    self.assertEqual(process.wait(), -signal.SIGKILL)

  def test_does_not_wait_forever(self):
    process = testing.Process(self.output, time.sleep, 60)
    with self.assertRaises(TimeoutError):
      process.wait(0.01)
    with self.assertRaises(TimeoutError):
      testing.wait_for(lambda: False, 0.01)

  def test_runs_a_file_as_a_program(self):
    path = self.folder / 'program.py'
    path.write_text('import sys\nprint(__name__, *sys.argv[1:])')
    process = testing.Process(
        self.output, testing.run_program, path, '--a', 'b'
    )
    self.assertEqual(process.wait(), 0)
    self.assertEqual(process.output(), '__main__ --a b\n')


if __name__ == '__main__':
  absltest.main()
