"""Tests for errors."""

import os
import pathlib
import signal
import sys

from absl import flags
from absl import logging
from absl.testing import absltest
from absl.testing import parameterized

from sobolev_training.experiment import errors
from sobolev_training.experiment import testing


def _raise(error: BaseException):
  raise error


class RunMainTest(parameterized.TestCase):

  def run_main(self, main, *arguments: str) -> tuple[int, str]:
    """Runs a program in a process; returns its exit code and its output."""

    def program():
      flags.DEFINE_integer('steps', 1, 'Updates.')
      # absltest may have parsed flags and set the verbosity by now.
      flags.FLAGS.unparse_flags()
      sys.argv = ['program', *arguments]
      errors.run_main(main)

    folder = pathlib.Path(self.create_tempdir().full_path)
    process = testing.Process(program, folder / 'output.txt')
    code = process.wait()
    return code, process.output()

  def test_success(self):
    ended = self.run_main(lambda _: print(flags.FLAGS.steps), '--steps=3')
    self.assertEqual(ended, (0, '3\n'))

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
    self.assertEqual(self.run_main(lambda _: _raise(error)), (code, output))

  @parameterized.parameters(
      ('--step=1', 'step'),
      ('--steps=many', 'steps'),
      ('--steps', 'steps'),
      ('steps=3', 'steps=3'),
  )
  def test_wrong_flags_are_one_line(self, argument, name):
    code, output = self.run_main(print, argument)
    self.assertEqual(code, 2)
    self.assertRegex(output, rf'\Aerror: [^\n]*{name}[^\n]*--help[^\n]*\n\Z')

  def test_unforeseen_errors_keep_their_traceback(self):
    for error in (KeyError('what'), FileNotFoundError(2, 'No file', 'x')):
      code, output = self.run_main(lambda _, error=error: _raise(error))
      self.assertEqual(code, 1)
      self.assertIn('Traceback', output)
      self.assertIn('in _raise', output)

  def test_help_is_no_failure(self):
    code, output = self.run_main(print, '--helpfull')
    self.assertEqual(code, 0)
    self.assertIn('--steps: Updates.', output)

  def test_notes_of_libraries_are_not_shown(self):
    code, output = self.run_main(lambda _: logging.info('a note'))
    self.assertEqual((code, output), (0, ''))


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

  def test_other_errors_stay_what_they_are(self):
    with self.assertRaises(FileNotFoundError):
      with errors.naming('somewhere'):
        os.rmdir('not/there')

  def test_messages_of_libraries_are_understood(self):
    error = errors.from_message('a/b; No space left on device [Op:X]', 'a')
    self.assertRegex(str(error), '^a: no space left on device: free some')
    self.assertIsNone(errors.from_message('something else', 'a'))


if __name__ == '__main__':
  absltest.main()
