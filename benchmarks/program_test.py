# SPDX-License-Identifier: Apache-2.0
"""Tests for program."""

import pathlib
import time
from unittest import mock

from absl.testing import absltest

from benchmarks import program
from experiment import errors
from experiment import testing

# A benchmark, as a file of its own.
_PROGRAM = """
import dataclasses
from benchmarks import program
from experiment import config
from experiment.startup import run_main

@dataclasses.dataclass(frozen=True)
class Settings(program.Settings):
  word: str = config.setting('one', 'A word.')

def measure(settings):
  with program.peers():
    __import__(settings.word)
  return f'## It\\n\\n{settings.word}, {settings.rounds} rounds'

run_main(program.main('second_order', Settings, measure, packages=('absl-py',)))
"""


class ProgramTest(absltest.TestCase):

  def _run(self, *arguments):
    path = self.create_tempfile('it.py', _PROGRAM).full_path
    output = pathlib.Path(path).with_suffix('.txt')
    process = testing.Process(
        output, testing.run_program, pathlib.Path(path), *arguments
    )
    return process.wait(), process.output()

  def test_prints_its_section_and_merges_it(self):
    path = pathlib.Path(self.create_tempdir().full_path) / 'benchmarks.md'
    code, said = self._run('--word=math', '--rounds=3', f'--docs={path}')
    self.assertEqual(code, 0, said)
    self.assertIn('## It\n\nmath, 3 rounds\n\nMeasured on ', said)
    self.assertRegex(said, 'tensorflow [0-9.]+, absl-py [0-9.]+')
    self.assertIn(said[said.index('## It') :].strip(), path.read_text())

  def test_help_lists_the_settings(self):
    code, said = self._run('--help')
    self.assertEqual(code, 0, said)
    self.assertContainsInOrder(['--docs', '--rounds', '--word'], said)

  def test_a_missing_peer_is_one_line(self):
    code, said = self._run('--word=nowhere_to_be_found')
    self.assertEqual(code, errors.USER_ERROR)
    self.assertRegex(
        said.splitlines()[-1],
        "^error: No module named 'nowhere_to_be_found': .*pip install -r",
    )

  def test_a_peer_that_does_not_work(self):
    with self.assertRaisesRegex(errors.UserError, 'no libcublas: this bench'):
      with program.peers():
        raise ValueError('no libcublas')

  def test_own_work_does_not_make_the_machine_busy(self):
    # As if there were no other programs.
    with mock.patch.object(program, '_busy_seconds', time.process_time):
      before = program._others_seconds()
      end = time.process_time() + 0.5
      while time.process_time() < end:
        pass
      self.assertAlmostEqual(program._others_seconds(), before, delta=0.05)


if __name__ == '__main__':
  absltest.main()
