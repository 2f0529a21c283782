"""Tests for program."""

import os
import pathlib
import subprocess
import sys
import time
from unittest import mock

from absl.testing import absltest

from benchmarks import program
from sobolev_training.experiment import errors

# A benchmark, as a file of its own.
_PROGRAM = """
import dataclasses
from benchmarks import program
from sobolev_training.experiment import config

@dataclasses.dataclass(frozen=True)
class Settings(program.Settings):
  word: str = config.setting('one', 'A word.')

def measure(settings):
  with program.peers():
    __import__(settings.word)
  return f'## It\\n\\n{settings.word}, {settings.rounds} rounds'

program.run('layouts', Settings, measure, packages=('absl-py',))
"""


class ProgramTest(absltest.TestCase):

  def _run(self, *arguments):
    path = self.create_tempfile('it.py', _PROGRAM).full_path
    environment = {**os.environ, 'PYTHONPATH': os.pathsep.join(sys.path)}
    return subprocess.run(
        [sys.executable, path, *arguments],
        capture_output=True,
        env=environment,
        text=True,
    )

  def test_prints_its_section_and_merges_it(self):
    path = pathlib.Path(self.create_tempdir().full_path) / 'benchmarks.md'
    result = self._run('--word=math', '--rounds=3', f'--docs={path}')
    self.assertEqual(result.returncode, 0, result.stderr)
    self.assertIn('## It\n\nmath, 3 rounds\n\nMeasured on ', result.stdout)
    self.assertRegex(result.stdout, 'tensorflow [0-9.]+, absl-py [0-9.]+')
    self.assertIn(result.stdout.strip(), path.read_text())

  def test_a_missing_peer_is_one_line(self):
    result = self._run('--word=nowhere_to_be_found')
    self.assertEqual(result.returncode, errors.USER_ERROR)
    self.assertRegex(
        result.stderr.splitlines()[-1],
        "^error: No module named 'nowhere_to_be_found': .*pip install -r",
    )

  def test_a_peer_that_does_not_work(self):
    with self.assertRaisesRegex(errors.UserError, 'no libcublas: this bench'):
      with program.peers():
        raise ValueError('no libcublas')

  def test_own_work_does_not_make_the_machine_busy(self):
    # As if there were no other programs.
    with mock.patch.object(program, '_busy_seconds', time.process_time):
      others = program._Others()
      end = time.process_time() + 0.5
      while time.process_time() < end:
        pass
      self.assertAlmostEqual(others.cores(), 0, delta=0.1)


if __name__ == '__main__':
  absltest.main()
