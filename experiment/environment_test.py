# SPDX-License-Identifier: Apache-2.0
"""Tests for environment."""

import os
import pathlib
import subprocess
import sys
import types
from unittest import mock

from absl.testing import absltest
from absl.testing import parameterized

from experiment import environment


class CommitTest(absltest.TestCase):

  def setUp(self):
    super().setUp()
    self.root = pathlib.Path(self.create_tempdir().full_path)
    self.source = self.root / 'package' / 'environment.py'
    self.source.parent.mkdir()
    self.source.touch()
    self.enter_context(
        mock.patch.object(environment, '_HERE', self.source)
    )
    self.enter_context(
        mock.patch.dict(
            os.environ,
            # No settings of this machine, and no checkout around the folder.
            GIT_CONFIG_GLOBAL=os.devnull,
            GIT_CEILING_DIRECTORIES=str(self.root.parent),
        )
    )

  def git(self, *arguments: str) -> str:
    identity = ('-c', 'user.name=n', '-c', 'user.email=e')
    return subprocess.run(
        ('git', '-C', self.root, *identity, *arguments),
        capture_output=True,
        check=True,
        text=True,
    ).stdout.strip()

  def commit_all(self) -> str:
    self.git('init')
    self.git('add', '.')
    self.git('commit', '-m', 'first')
    return self.git('rev-parse', 'HEAD')

  def test_a_clean_checkout(self):
    head = self.commit_all()
    # Data that a run writes into the checkout changes no code.
    (self.root / 'metrics.csv').touch()
    self.assertEqual(environment.commit(), {'commit': head, 'dirty': False})

  def test_a_changed_file_is_dirty(self):
    head = self.commit_all()
    self.source.write_text('x')
    self.assertEqual(environment.commit(), {'commit': head, 'dirty': True})

  def test_the_version_is_the_nearest_tag(self):
    unknown = environment.versions()
    self.assertEqual(unknown['sobolev_training'], 'unknown')
    self.assertEqual(unknown['release'], 'unknown')
    self.assertNotIn('unknown', [unknown['tensorflow'], unknown['numpy']])
    library = self.root / 'sobolev_training' / '__init__.py'
    library.parent.mkdir()
    library.write_text("\n__version__ = '1.6'\n")
    self.assertEqual(environment.versions()['release'], '1.6')
    self.commit_all()
    self.git('tag', 'v1.5')
    self.assertEqual(environment.versions()['sobolev_training'], 'v1.5')
    self.source.write_text('x')
    self.assertEqual(environment.versions()['sobolev_training'], 'v1.5-dirty')

  def test_a_new_module_is_dirty(self):
    head = self.commit_all()
    (self.root / 'new.py').touch()
    self.assertEqual(environment.commit(), {'commit': head, 'dirty': True})

  def test_links_into_the_checkout_are_followed(self):
    head = self.commit_all()
    link = pathlib.Path(self.create_tempdir().full_path, 'environment.py')
    link.symlink_to(self.source)
    with mock.patch.object(environment, '_HERE', link):
      self.assertEqual(environment.commit()['commit'], head)

  def test_outside_of_a_checkout(self):
    unknown = {'commit': 'unknown', 'dirty': None}
    self.assertEqual(environment.commit(), unknown)
    # An environment inside of somebody else's checkout is not in it.
    self.source.rename(self.root / 'other.py')
    self.commit_all()
    self.source.touch()
    self.assertEqual(environment.commit(), unknown)

  def test_without_git(self):
    self.commit_all()
    with mock.patch.dict(os.environ, PATH=''):
      self.assertEqual(environment.commit()['commit'], 'unknown')


class CommandTest(parameterized.TestCase):

  def command(self, main: types.ModuleType, *arguments: str) -> str:
    with (
        mock.patch.dict(sys.modules, __main__=main),
        mock.patch.object(sys, 'argv', [getattr(main, '__file__', '-c')]),
        mock.patch.object(sys, 'path', ['/repo', '/repo/regression']),
        mock.patch.dict(os.environ),
    ):
      os.environ.pop('RUNFILES_DIR', None)
      return environment.command(arguments)

  def test_of_a_module(self):
    main = types.ModuleType('__main__')
    main.__spec__ = types.SimpleNamespace(name='regression.train')
    self.assertEqual(
        self.command(main, '--steps=3', '--name=a b'),
        "python -m regression.train --steps=3 '--name=a b'",
    )

  def test_of_a_file(self):
    main = types.ModuleType('__main__')
    main.__file__ = '/repo/regression/train.py'
    self.assertEqual(self.command(main), 'python -m regression.train')

  def test_under_bazel(self):
    main = types.ModuleType('__main__')
    main.__file__ = '/x/train.runfiles/sobolev/regression/train.py'
    self.assertEqual(
        self.command(main, '--steps=3'),
        './bazelw run //regression:train -- --steps=3',
    )
    self.assertEqual(self.command(main), './bazelw run //regression:train')


class DeviceTest(absltest.TestCase):

  def test_line_has_all(self):
    found = {'cpu': 'Model X', 'cores': 2, 'gpus': ['G 1', 'G 2']}
    with mock.patch.object(environment, 'device', lambda: found):
      self.assertEqual(
          environment.device_line(), '2 cores of Model X, G 1, G 2'
      )

  def test_line_of_one_core(self):
    found = {'cpu': 'Model X', 'cores': 1, 'gpus': []}
    self.assertEqual(environment.device_line(found), '1 core of Model X')

  def test_names_the_processor(self):
    self.assertNotIn(environment.device()['cpu'], ('', 'unknown'))

  def test_cores_are_those_that_may_be_used(self):
    with (
        mock.patch.object(os, 'sched_getaffinity', lambda _: set(range(8))),
        mock.patch.object(pathlib.Path, 'read_text') as read,
    ):
      for text, cores in (
          ('max 100000\n', 8),
          ('250000 100000\n', 2),
          ('50000 100000\n', 1),
          ('1600000 100000\n', 8),
      ):
        read.return_value = text
        self.assertEqual(environment.usable_cores(), cores)
      read.side_effect = FileNotFoundError
      self.assertEqual(environment.usable_cores(), 8)


if __name__ == '__main__':
  absltest.main()
