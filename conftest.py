"""Lets pytest run tests written for absltest."""

import pathlib
import subprocess
import sys

from absl import flags
import pytest

# What TensorFlow lets a process do once, before anything else.
_ONCE = 'tf.config.set_logical_device_configuration'


def pytest_configure():
  """Parses the flags, as absltest.main() would; temporary files need one."""
  flags.FLAGS.mark_as_parsed()


def pytest_collect_file(file_path, parent):
  """Gives test files that make devices a process of their own, as in Bazel."""
  if file_path.name.endswith('_test.py') and _ONCE in file_path.read_text():
    return _OwnProcess.from_parent(parent, path=file_path)
  return None


def pytest_pycollect_makemodule(module_path, parent):
  """Leaves such a file to `_OwnProcess`."""
  if _ONCE in module_path.read_text():
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
    root = pathlib.Path(__file__).parent
    module = '.'.join(self.path.relative_to(root).with_suffix('').parts)
    subprocess.run([sys.executable, '-m', module], cwd=root, check=True)
