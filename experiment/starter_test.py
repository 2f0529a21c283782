"""Tests for starter."""

import os
import pathlib
import signal
import sys
from unittest import mock

from absl.testing import absltest

from experiment import starter
from experiment import testing

_PROGRAM = """
import pathlib, sys, time

from experiment import stop

stop.end_with_parent()
what, folder = sys.argv[1], pathlib.Path(sys.argv[2])
print(__name__, what, 'heavy' in sys.modules, sys.stdin.read(), flush=True)
if what == 'wait':
  with stop.Stop() as stopping:
    (folder / 'ready').touch()
    while not stopping:
      time.sleep(0.01)
  (folder / 'told').touch()
if what == 'fail':
  raise KeyError('why')
sys.exit({'code': 3, 'word': 'a word'}.get(what))
"""


def _start_one_that_waits(folder: pathlib.Path) -> None:
  sys.path.insert(0, str(folder))
  with starter.Starter() as programs:
    programs.start('program', ['wait', str(folder)], folder / 'output.txt')
    testing.wait_for((folder / 'never').exists)


class StarterTest(absltest.TestCase):

  def setUp(self):
    super().setUp()
    self.folder = pathlib.Path(self.create_tempdir().full_path)
    (self.folder / 'program.py').write_text(_PROGRAM)
    (self.folder / 'heavy.py').write_text('print("once")')
    self.enter_context(
        mock.patch.object(sys, 'path', [str(self.folder), *sys.path])
    )

  def start(self, programs: starter.Starter, what: str) -> starter.Program:
    return programs.start(
        'program', [what, str(self.folder)], self.folder / f'{what}.txt'
    )

  def wait(self, programs: starter.Starter, program: starter.Program) -> int:
    def has_ended():
      programs.update()
      return program.code is not None

    testing.wait_for(has_ended)
    return program.code

  def said(self, what: str) -> str:
    return (self.folder / f'{what}.txt').read_text()

  def test_exit_codes_and_outputs(self):
    ends = {'good': 0, 'code': 3, 'word': 1, 'fail': 1}
    with starter.Starter() as programs:
      started = {what: self.start(programs, what) for what in ends}
      for what, code in ends.items():
        self.assertEqual(self.wait(programs, started[what]), code)
        self.assertStartsWith(self.said(what), f'__main__ {what} False')
    self.assertEndsWith(self.said('word'), 'a word\n')
    self.assertEndsWith(self.said('fail'), "KeyError: 'why'\n")

  def test_imports_are_done_once(self):
    with starter.Starter(['heavy', 'no_such_module']) as programs:
      for _ in range(2):
        self.wait(programs, self.start(programs, 'good'))
    lines = [line.strip() for line in self.said('good').splitlines()]
    if sys.platform.startswith('linux'):
      self.assertEqual(lines, ['once', *2 * ['__main__ good True']])
    else:
      self.assertEqual(lines, 2 * ['__main__ good False'])

  def test_a_program_that_is_not_there(self):
    with starter.Starter() as programs:
      program = programs.start('absent', [], self.folder / 'absent.txt')
      self.assertEqual(self.wait(programs, program), 1)
    self.assertIn('No module named', self.said('absent'))

  def test_signals_reach_one_program(self):
    with starter.Starter() as programs:
      # At once, when it has no process yet.
      killed = self.start(programs, 'wait')
      killed.send(signal.SIGKILL)
      self.assertEqual(self.wait(programs, killed), -signal.SIGKILL)
      waits = self.start(programs, 'wait')
      testing.wait_for((self.folder / 'ready').exists)
      self.assertEqual(self.wait(programs, self.start(programs, 'code')), 3)
      waits.send(signal.SIGTERM)
      self.assertEqual(self.wait(programs, waits), 0)

  def test_goes_on_when_its_process_was_killed(self):
    with starter.Starter() as programs:
      waits = self.start(programs, 'wait')
      testing.wait_for((self.folder / 'ready').exists)
      os.kill(programs._process.pid, signal.SIGKILL)
      testing.wait_for((self.folder / 'told').exists)
      self.assertEqual(self.wait(programs, waits), -signal.SIGKILL)
      self.assertEqual(self.wait(programs, self.start(programs, 'code')), 3)

  @absltest.skipUnless(sys.platform.startswith('linux'), 'reads /proc')
  def test_a_lost_exit_code(self):
    self.enter_context(mock.patch.object(starter, '_PATIENCE_SECONDS', 0.1))
    with starter.Starter() as programs:
      waits = self.start(programs, 'wait')
      testing.wait_for((self.folder / 'ready').exists)
      programs.update()
      stat = pathlib.Path(f'/proc/{waits.pid}/stat').read_text()
      # Who waits for the program; it gets SIGTERM then.
      os.kill(int(stat.rpartition(')')[2].split()[1]), signal.SIGKILL)
      self.assertEqual(self.wait(programs, waits), 1)
    self.assertTrue((self.folder / 'told').exists())

  def test_its_end_is_told(self):
    with starter.Starter() as programs:
      self.start(programs, 'wait')
      testing.wait_for((self.folder / 'ready').exists)
    testing.wait_for((self.folder / 'told').exists)

  def test_its_death_is_told(self):
    process = testing.Process(
        self.folder / 'all.txt', _start_one_that_waits, self.folder
    )
    testing.wait_for((self.folder / 'ready').exists)
    process.kill()
    testing.wait_for((self.folder / 'told').exists)


if __name__ == '__main__':
  absltest.main()
