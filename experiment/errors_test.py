# SPDX-License-Identifier: Apache-2.0
"""Tests for errors."""

import functools
import os
import pathlib
import signal
import sys

from absl import flags
from absl import logging
from absl.testing import absltest
from absl.testing import parameterized

from experiment import errors
from experiment import testing


def _print_steps(_):
  print(flags.FLAGS.steps)


def _print_to_nobody(_):
  reading, writing = os.pipe()
  os.dup2(writing, sys.stdout.fileno())
  os.close(reading)
  print('a line')


def _make_a_note(_):
  logging.info('a note')


def _raise(error: BaseException, _):
  raise error


def _program(main, *arguments: str) -> None:
  flags.DEFINE_integer('steps', 1, 'Updates.')
  sys.argv = ['program', *arguments]
  errors.run_main(main)


def _program_with_a_source() -> None:
  flags.DEFINE_float('rate', 1.0, '[source: supplement [M]]')
  sys.argv = ['program', '--help']
  # absl lists the flags of the main module, which is another one here.
  flags.FlagValues.main_module_help = flags.FlagValues.get_help
  errors.run_main(_print_steps)


class RunMainTest(parameterized.TestCase):

  def run_main(self, main, *arguments: str) -> tuple[int, str]:
    """Runs a program in a process; returns its exit code and its output."""
    output = pathlib.Path(self.create_tempdir().full_path, 'output.txt')
    process = testing.Process(output, _program, main, *arguments)
    return process.wait(), process.output()

  def test_success(self):
    self.assertEqual(self.run_main(_print_steps, '--steps=3'), (0, '3\n'))

  @parameterized.named_parameters(
      ('user_error', errors.UserError('a b'), 2, 'error: a b\n'),
      ('in_one_line', errors.UserError('a\n  b'), 2, 'error: a b\n'),
      (
          'file',
          NotADirectoryError(20, 'Not a directory', '/x/y'),
          2,
          'error: /x/y: not a directory: a file is where a folder should be; '
          'choose another folder\n',
      ),
      ('signal', errors.Interrupted('saved', signal.SIGTERM), 143, 'saved\n'),
      ('interrupted', KeyboardInterrupt(), 130, 'interrupted\n'),
  )
  def test_one_line_and_code(self, error, code, output):
    main = functools.partial(_raise, error)
    self.assertEqual(self.run_main(main), (code, output))

  @parameterized.parameters(
      ('--step=1', 'step'),
      ('--steps=many', 'steps'),
      ('--steps', 'steps'),
      ('steps=3', 'steps=3'),
  )
  def test_wrong_flags_are_one_line(self, argument, name):
    code, output = self.run_main(_print_steps, argument)
    self.assertEqual(code, 2)
    self.assertRegex(output, rf'\Aerror: [^\n]*{name}[^\n]*--help[^\n]*\n\Z')

  def test_unforeseen_errors_keep_their_traceback(self):
    for error in (KeyError('what'), FileNotFoundError(2, 'No file', 'x')):
      code, output = self.run_main(functools.partial(_raise, error))
      self.assertEqual(code, 1)
      self.assertIn('Traceback', output)
      self.assertIn('in _raise', output)

  def test_help_is_no_failure(self):
    code, output = self.run_main(_print_steps, '--helpfull')
    self.assertEqual(code, 0)
    self.assertIn('--steps: Updates.', output)

  def test_help_explains_the_marks_of_sources(self):
    code, output = self.run_main(_print_steps, '--help')
    self.assertEqual(code, 0)
    self.assertNotIn('recollected', output)
    output = pathlib.Path(self.create_tempdir().full_path, 'output.txt')
    process = testing.Process(output, _program_with_a_source)
    self.assertEqual(process.wait(), 0)
    self.assertIn('--rate: [source: supplement [M]]', process.output())
    self.assertIn('[M] recollected', process.output())

  def test_a_reader_that_has_had_enough(self):
    self.assertEqual(self.run_main(_print_to_nobody), (141, ''))

  def test_notes_of_libraries_are_shown_when_asked_for(self):
    self.assertEqual(self.run_main(_make_a_note), (0, ''))
    code, output = self.run_main(_make_a_note, '--verbosity=0')
    self.assertEqual(code, 0)
    self.assertIn('a note', output)


class OSErrorTest(absltest.TestCase):

  def test_a_full_disk_is_named(self):
    # Writing to /dev/full fails as on a full disk; the error has no path.
    with self.assertRaisesRegex(
        errors.UserError, '^run/metrics.csv: no space left .*: free some space'
    ):
      with errors.naming('run/metrics.csv'), open('/dev/full', 'w') as file:
        file.write('x')

  def test_the_path_of_the_error_goes_first(self):
    with self.assertRaisesRegex(errors.UserError, '^/dev/null/x: not a dir'):
      with errors.naming('somewhere'):
        os.mkdir('/dev/null/x')

  def test_a_full_disk_is_clear_without_a_path(self):
    error = errors.from_os_error(OSError(28, 'No space left on device'))
    self.assertRegex(str(error), '^no space left on device: free some space')
    self.assertIsNone(errors.from_os_error(OSError(1, 'kill() may say this')))

  def test_other_errors_stay_what_they_are(self):
    with self.assertRaises(FileNotFoundError):
      with errors.naming('somewhere'):
        os.rmdir('not/there')


if __name__ == '__main__':
  absltest.main()
