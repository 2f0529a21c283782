# SPDX-License-Identifier: Apache-2.0
"""Tests what `lock` wrote: the lock files and what they were made from."""

import pathlib
import re
import tomllib

from absl.testing import absltest
from absl.testing import parameterized

# See tools/imports_test.py.
_ROOT = pathlib.Path(__file__).resolve().parents[2]
_DIRECTORIES = [
    directory
    for directory in ('.', 'benchmarks', 'tools/python')
    if (_ROOT / directory / 'requirements.txt').exists()
]
# A name, an exact version, perhaps a marker, a reason.
_REQUIREMENT = re.compile(r'([a-z][a-z0-9-]*)==([\w.+]+)( ; .+)?  # .+\.')


def _read(directory, name):
  return (_ROOT / directory / name).read_text()


def _requirements(directory):
  """Returns the lines of a requirements.txt that are not only a comment."""
  lines = _read(directory, 'requirements.txt').splitlines()
  return [line for line in lines if line and not line.startswith('#')]


def _locked(directory):
  """Returns the versions of each distribution in a lock file."""
  versions = {}
  lock = _read(directory, 'requirements_lock.txt')
  for name, version in re.findall(r'^([\w.-]+)==(\S+)', lock, re.MULTILINE):
    versions.setdefault(name, set()).add(version)
  return versions


class LockTest(parameterized.TestCase):

  @parameterized.parameters(_DIRECTORIES)
  def test_requirements_are_exact_and_have_a_reason(self, directory):
    for line in _requirements(directory):
      self.assertRegex(line, f'^{_REQUIREMENT.pattern}$')

  @parameterized.parameters(_DIRECTORIES)
  def test_locks_every_requirement(self, directory):
    locked = _locked(directory)
    for line in _requirements(directory):
      name, version, *_ = _REQUIREMENT.fullmatch(line).groups()
      self.assertEqual(locked.get(name), {version}, 'run tools/python/lock')

  @parameterized.parameters(_DIRECTORIES)
  def test_every_version_has_hashes(self, directory):
    lock = _read(directory, 'requirements_lock.txt')
    entries = re.findall(r'^\w.*(?:\n +--hash=.*)*', lock, re.MULTILINE)
    for entry in entries:
      self.assertRegex(entry, r'--hash=sha256:[0-9a-f]{64}')

  @parameterized.parameters(_DIRECTORIES)
  def test_names_no_registry(self, directory):
    lock = _read(directory, 'requirements_lock.txt')
    self.assertNotRegex(lock, '://|index-url|find-links|trusted-host')

  def test_locks_agree(self):
    first, *others = map(_locked, _DIRECTORIES)
    for other in others:
      for name in first.keys() & other.keys():
        self.assertEqual(other[name], first[name], name)

  def test_the_library_needs_nothing_else(self):
    project = tomllib.loads(_read('.', 'pyproject.toml'))['project']
    needed = project['dependencies'] + [
        requirement
        for extra in project['optional-dependencies'].values()
        for requirement in extra
    ]
    listed = {line.partition('==')[0] for line in _requirements('.')}
    for requirement in needed:
      self.assertIn(re.match(r'[\w-]+', requirement).group(), listed)


if __name__ == '__main__':
  absltest.main()
