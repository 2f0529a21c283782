# SPDX-License-Identifier: Apache-2.0
"""Lets pytest run tests written for absltest, as the BUILD files say."""

import pathlib
import subprocess
import sys

from absl import flags
import pytest

from tools import build_files

_ROOT = pathlib.Path(__file__).parent
_TARGETS = build_files.read(_ROOT).values()
# A `py_test` needs a process of its own; what is in a `py_tests` can share one.
_ALONE = {_ROOT / p for t in _TARGETS if t.rule == 'py_test' for p in t.srcs}
_MANUAL = {_ROOT / p for t in _TARGETS if 'manual' in t.tags for p in t.srcs}

# What programs write there may be a million files.
collect_ignore = ['data', 'reproduction', 'runs']


def pytest_configure():
  """Parses the flags, as absltest.main() would; temporary files need one."""
  flags.FLAGS.mark_as_parsed()


def pytest_ignore_collect(collection_path, config):
  """Leaves out what is tagged manual, unless it is named."""
  named = {pathlib.Path(a.split('::')[0]).resolve() for a in config.args}
  return collection_path in _MANUAL - named or None


def pytest_collect_file(file_path, parent):
  """Gives a test that is a target alone a process of its own."""
  if file_path in _ALONE:
    return _OwnProcess.from_parent(parent, path=file_path)
  return None


def pytest_pycollect_makemodule(module_path, parent):
  """Leaves such a file to `_OwnProcess`."""
  if module_path in _ALONE:
    return _Nothing.from_parent(parent, path=module_path)
  return None


class _Nothing(pytest.File):

  def collect(self):
    return []


class _OwnProcess(pytest.File):
  """A test file that is run as a program."""

  def collect(self):
    yield _Program.from_parent(self, name=self.path.stem)


class _Program(pytest.Item):

  def runtest(self):
    module = '.'.join(self.path.relative_to(_ROOT).with_suffix('').parts)
    subprocess.run([sys.executable, '-m', module], cwd=_ROOT, check=True)
