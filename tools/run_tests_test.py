# SPDX-License-Identifier: Apache-2.0
import os
import pathlib
import subprocess
import sys

from absl.testing import absltest

from tools import run_tests

_FILE = """\
from absl.testing import absltest


class {name}(absltest.TestCase):

  def test_it(self):
    self.assertTrue({truth})
"""


class RunTestsTest(absltest.TestCase):

  def setUp(self):
    super().setUp()
    self.folder = pathlib.Path(self.create_tempdir().full_path)
    (self.folder / 'room').mkdir()
    for name in ('One', 'Other', 'Wrong'):
      path = self.folder / 'room' / f'{name.lower()}_test.py'
      path.write_text(_FILE.format(name=name, truth=name != 'Wrong'))

  def run_them(self, *arguments, **environment):
    return subprocess.run(
        [sys.executable, run_tests.__file__, *arguments],
        cwd=self.folder,
        env={
            **os.environ,
            'PYTHONPATH': os.pathsep.join(['', *sys.path]),
            **environment,
        },
        capture_output=True,
        text=True,
        check=False,
    )

  def test_runs_all_files(self):
    done = self.run_them('room/one_test.py', 'room/other_test.py')
    self.assertEqual(done.returncode, 0, done.stderr)
    for name in ('one_test.One', 'other_test.Other'):
      self.assertIn(f'[       OK ] room.{name}.test_it', done.stderr)

  def test_fails_when_one_file_does(self):
    done = self.run_them('room/one_test.py', 'room/wrong_test.py')
    self.assertEqual(done.returncode, 1)
    self.assertIn('[  FAILED  ] room.wrong_test.Wrong.test_it', done.stderr)

  def test_fails_when_a_file_is_not_there(self):
    done = self.run_them('room/one_test.py', 'room/gone_test.py')
    self.assertNotEqual(done.returncode, 0)
    self.assertIn('room.gone_test', done.stderr)

  def test_runs_those_that_are_asked_for(self):
    done = self.run_them(
        'room/one_test.py', 'room/wrong_test.py', TESTBRIDGE_TEST_ONLY='One'
    )
    self.assertEqual(done.returncode, 0, done.stderr)

  def test_no_files(self):
    done = self.run_them()
    self.assertEqual(done.returncode, 1)
    self.assertEqual(done.stderr, 'no test files are given\n')


if __name__ == '__main__':
  absltest.main()
