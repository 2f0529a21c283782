"""Lets pytest run tests written for absltest."""

import pathlib
import re
import subprocess
import sys

from absl import flags
import pytest

from tools import build_files

_ROOT = pathlib.Path(__file__).parent
_MANUAL = {
    _ROOT / path
    for target in build_files.read(_ROOT).values()
    if 'manual' in target.tags
    for path in target.srcs
    if path.endswith('_test.py')
}

# What TensorFlow lets a process do once: make its devices, or join others.
_ONCE = re.compile(
    r'set_logical_device_configuration|exchange(_lib)?\.(lead|follow)\('
    r'|cluster\.join\(|devices\.prepare\('
)


def pytest_configure():
  """Parses the flags, as absltest.main() would; temporary files need one."""
  flags.FLAGS.mark_as_parsed()


def pytest_ignore_collect(collection_path, config):
  """Leaves out what is tagged manual, unless it is named."""
  named = {pathlib.Path(a.split('::')[0]).resolve() for a in config.args}
  return collection_path in _MANUAL - named or None


def pytest_collect_file(file_path, parent):
  """Gives such test files a process of their own, as Bazel does all."""
  if file_path.name.endswith('_test.py') and _once(file_path):
    return _OwnProcess.from_parent(parent, path=file_path)
  return None


def pytest_pycollect_makemodule(module_path, parent):
  """Leaves such a file to `_OwnProcess`."""
  if _once(module_path):
    return _Nothing.from_parent(parent, path=module_path)
  return None


def _once(path):
  return bool(_ONCE.search(path.read_text()))


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
