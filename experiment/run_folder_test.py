# SPDX-License-Identifier: Apache-2.0
"""Tests for run_folder."""

import contextlib
import dataclasses
import json
import os
import pathlib
import signal
import time
from unittest import mock

from absl import flags
from absl.testing import absltest

from experiment import config
from experiment import environment
from experiment import errors
from experiment import run_folder
from experiment import testing


@dataclasses.dataclass(frozen=True)
class Config:
  steps: int = config.setting(100, 'Updates.', minimum=1)
  data_seed: int = config.setting(3, 'Seed.')
  seedling: bool = config.setting(False, 'Not a seed.')
  threads: int = config.setting(1, 'Threads.', affects_result=False)


def _hold(path: pathlib.Path, ready: pathlib.Path) -> None:
  with run_folder.open_run(path, Config()):
    ready.touch()
    time.sleep(60)


class OpenRunTest(absltest.TestCase):

  def setUp(self):
    super().setUp()
    self.folder = pathlib.Path(self.create_tempdir().full_path)
    self.path = self.folder / 'a' / 'run'

  def open(self, settings=Config(), resume=False) -> run_folder.Run:
    with run_folder.open_run(self.path, settings, resume) as run:
      return run

  def assert_refuses(self, expected: str, **arguments):
    with self.assertRaisesRegex(
        errors.UserError, f'^{self.path}(/log.txt)?: {expected}'
    ) as caught:
      self.open(**arguments)
    self.assertNotIn('\n', str(caught.exception))

  def test_a_new_run_is_described(self):
    run = self.open(Config(steps=7))
    self.assertEqual((run.path, run.resumed), (self.path, False))
    self.assertFalse(run.finished)
    found = json.loads((self.path / 'config.json').read_text())
    self.assertEqual(found, run_folder.read_config(self.path))
    self.assertEqual(
        found['settings'],
        {'steps': 7, 'data_seed': 3, 'seedling': False, 'threads': 1},
    )
    self.assertEqual(found['seeds'], {'data_seed': 3})
    self.assertEndsWith(found['command'], ' --steps=7')
    self.assertContainsSubset(
        ['arguments', 'commit', 'dirty', 'versions', 'device', 'started'], found
    )
    self.assertContainsSubset(
        ['python', 'tensorflow', 'dm-sonnet', 'numpy', 'sobolev_training'],
        found['versions'],
    )
    self.assertContainsSubset(['cpu', 'cores', 'gpus'], found['device'])

  def test_does_not_overwrite(self):
    self.open()
    before = (self.path / 'config.json').read_bytes()
    self.assert_refuses('holds a run: continue it with --resume, or choose')
    self.open(resume=True).finish({})
    self.assert_refuses('holds a finished run: remove it, or choose another')
    self.assertEqual((self.path / 'config.json').read_bytes(), before)

  def test_resumes(self):
    self.open()
    before = (self.path / 'config.json').read_bytes()
    self.assertTrue(self.open(resume=True).resumed)
    self.assertEqual((self.path / 'config.json').read_bytes(), before)
    self.assertRegex(
        (self.path / 'log.txt').read_text(),
        r'^\S+ started at commit .*\n\S+ resumed at commit .*\n$',
    )

  def test_resume_starts_a_run_where_there_is_none(self):
    self.assertFalse(self.open(resume=True).resumed)

  def test_resume_refuses_other_settings(self):
    self.open()
    self.assert_refuses(
        'cannot resume with other settings: --steps was 100 and is now 7; '
        '--data_seed was 3 and is now 4: use the same, or choose another',
        settings=Config(steps=7, data_seed=4),
        resume=True,
    )
    self.open(Config(threads=8), resume=True)  # Which changes no number.

  def test_resume_tells_of_another_commit(self):
    self.open()
    now = {'commit': 'f00', 'dirty': False}
    with mock.patch.object(environment, 'commit', lambda: now):
      self.open(resume=True)
    self.assertRegex(
        (self.path / 'log.txt').read_text(),
        'warning: this run began at commit .*, and goes on at f00\n',
    )

  def test_finished(self):
    run = self.open()
    run.finish({'steps': 100})
    self.assertTrue(run.finished)
    self.assertTrue(self.open(resume=True).finished)
    self.assertIn('nothing to do', (self.path / 'log.txt').read_text())
    found = json.loads((self.path / 'finished.json').read_text())
    self.assertEqual(found['steps'], 100)

  def test_refuses_wrong_settings_before_it_makes_anything(self):
    with self.assertRaisesRegex(errors.UserError, 'flag --steps=0: expected'):
      self.open(Config(steps=0))
    self.assertFalse(self.path.exists())

  def test_a_run_that_cannot_start_leaves_its_folder_free(self):
    for settings in (Config(steps=7), Config(steps=8)):
      with self.assertRaisesRegex(errors.UserError, 'no such data'):
        with run_folder.open_run(self.path, settings):
          raise errors.UserError('no such data')
    with self.assertRaises(errors.UserError):
      with run_folder.open_run(self.path, Config()):
        (self.path / 'metrics.csv').touch()  # It has started.
        raise errors.UserError('diverged')
    self.assert_refuses('holds a run')

  def test_makes_a_folder_for_results(self):
    path = run_folder.make(self.path / 'results')
    self.assertTrue(path.is_dir())
    self.assertEqual(run_folder.make(path), path)
    (path / 'file').touch()
    with self.assertRaisesRegex(errors.UserError, 'file: file exists: a file'):
      run_folder.make(path / 'file')
    with self.assertRaisesRegex(errors.UserError, '^/proc/results: no folder'):
      run_folder.make('/proc/results')

  def test_refuses_a_folder_of_something_else(self):
    self.path.mkdir(parents=True)
    (self.path / 'thesis.tex').touch()
    (self.path / '.notes.tmp').touch()
    self.assert_refuses(r'has files \(thesis.tex\) but no run: choose another')
    self.assertTrue((self.path / '.notes.tmp').exists())
    self.assert_refuses('has files', resume=True)

  def test_takes_a_folder_where_a_run_was_killed_at_its_start(self):
    self.path.mkdir(parents=True)
    for name in ('.lock', '.config.json.12.tmp', 'output.txt'):
      (self.path / name).touch()
    self.open()

  def test_refuses_a_file(self):
    self.path.parent.mkdir()
    self.path.touch()
    self.assert_refuses('file exists: a file is where a folder should be')

  def test_refuses_where_no_folder_can_be_made(self):
    self.path = pathlib.Path('/proc/run')
    self.assert_refuses('no folder can be made there: choose another path')

  def test_refuses_a_folder_inside_a_file(self):
    (self.folder / 'a').touch()
    self.assert_refuses('not a directory: a file is where a folder should be')

  def test_refuses_a_folder_that_cannot_be_written(self):
    # By a mock, as root may write everywhere.
    denied = PermissionError(13, 'Permission denied', str(self.path))
    with mock.patch.object(pathlib.Path, 'mkdir', side_effect=denied):
      self.assert_refuses('permission denied: change its permissions or choose')

  def test_a_full_disk_is_one_line(self):
    # Opening a run writes the lock, config.json and the log.
    full = OSError(28, 'No space left on device')
    for where, name in (
        (os, 'write'),
        (pathlib.Path, 'write_text'),
        (run_folder, 'open'),
    ):
      with mock.patch.object(where, name, side_effect=full, create=True):
        self.assert_refuses('no space left on device: free some', resume=True)
    self.open(resume=True)

  def test_refuses_a_broken_config(self):
    self.open()
    good = json.loads((self.path / 'config.json').read_text())
    for text in (
        '', '{', '[]', '{}', '{"settings": 1}',
        json.dumps({**good, 'inputs': []}), '[' * 100_000,
    ):
      (self.path / 'config.json').write_text(text)
      with self.assertRaisesRegex(errors.UserError, 'config.json: broken: '):
        self.open(resume=True)

  def test_refuses_a_config_that_is_no_file(self):
    self.open()
    (self.path / 'config.json').unlink()
    os.mkfifo(self.path / 'config.json')
    with self.assertRaisesRegex(
        errors.UserError, f'^{self.path}/config.json: not a file: '
    ):
      self.open(resume=True)

  def test_paths_that_lead_nowhere_are_one_line(self):
    with self.assertRaisesRegex(errors.UserError, '^~no one/x: no such home'):
      run_folder.resolve('~no one/x')
    folder = self.folder / 'removed'
    folder.mkdir()
    with contextlib.chdir(self.folder):
      os.chdir(folder)
      folder.rmdir()
      with self.assertRaisesRegex(errors.UserError, 'folder has been removed'):
        run_folder.resolve('x')

  def test_refuses_a_second_process_until_the_first_ends(self):
    process = testing.Process(
        self.folder / 'output.txt', _hold, self.path, self.folder / 'ready'
    )
    testing.wait_for((self.folder / 'ready').exists)
    self.assert_refuses(
        f'process {process.pid} on .* is using this run: wait', resume=True
    )
    process.send(signal.SIGKILL)
    process.wait()
    self.assertTrue(self.open(resume=True).resumed)

  def test_errors_are_logged_and_the_lock_is_released(self):
    for resume, error in (
        (False, errors.UserError('fix\nit')),
        (False, KeyError('nobody foresaw it')),
    ):
      with self.assertRaises(type(error)):
        with run_folder.open_run(self.path, Config(), resume):
          raise error
    log = (self.path / 'log.txt').read_text()
    self.assertIn(' fix it\n', log)
    self.assertIn('Traceback', log)
    self.assertIn('nobody foresaw it', log)


class ResolveTest(absltest.TestCase):

  def test_relative_paths_are_where_the_user_is(self):
    with mock.patch.dict(os.environ):
      os.environ.pop('BUILD_WORKING_DIRECTORY', None)
      self.assertEqual(
          run_folder.resolve('a/b'), pathlib.Path(os.getcwd(), 'a/b')
      )
      os.environ['BUILD_WORKING_DIRECTORY'] = '/home/me'
      self.assertEqual(
          run_folder.resolve('a/b'), pathlib.Path('/home/me/a/b')
      )
      self.assertEqual(run_folder.resolve('/x'), pathlib.Path('/x'))

  def test_the_tilde_is_the_home(self):
    with mock.patch.dict(os.environ, {'HOME': '/home/me'}):
      self.assertEqual(run_folder.resolve('~/a'), pathlib.Path('/home/me/a'))


class FlagsTest(absltest.TestCase):

  def test_flags(self):
    values = flags.FlagValues()
    run_folder.define_flags('runs/x', values)
    values(['program'])
    self.assertEqual((values.output, values.resume), ('runs/x', False))


if __name__ == '__main__':
  absltest.main()
