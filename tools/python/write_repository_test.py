# SPDX-License-Identifier: Apache-2.0
"""Tests for write_repository."""

import ast
import os
import pathlib
import subprocess
import sys
import tempfile

from absl.testing import absltest

_FIRST = """\
Metadata-Version: 2.1
Name: First.Package
Version: 1
Requires-Dist: second-package>=1
Requires-Dist: first-package
Requires-Dist: not-installed
Requires-Dist: third ; sys_platform == "win32"
Requires-Dist: third ; extra == "more"
"""
_SECOND = 'Metadata-Version: 2.1\nName: second-package\nVersion: 1\n'
_THIRD = 'Metadata-Version: 2.1\nName: third\nVersion: 1\n'


def _install(site, name, metadata, files):
  """Installs a distribution as pip does, with a module of its name."""
  info = site / f'{name}-1.dist-info'
  info.mkdir()
  (info / 'METADATA').write_text(metadata)
  (site / f'{name}.py').write_text(f'NAME = {name!r}\n')
  record = [f'{name}.py', f'{info.name}/METADATA', *files]
  (info / 'RECORD').write_text(''.join(f'{file},,\n' for file in record))


class WriteRepositoryTest(absltest.TestCase):

  @classmethod
  def setUpClass(cls):
    super().setUpClass()
    directory = cls.enterClassContext(tempfile.TemporaryDirectory())
    cls.root = root = pathlib.Path(directory)
    python = [sys.executable, '-m', 'venv']
    subprocess.check_call([*python, root / 'venv'])
    subprocess.check_call([*python, '--without-pip', root / 'bare'])
    (site,) = root.glob('venv/lib/python3.*/site-packages')
    _install(site, 'first', _FIRST, ['../../../bin/first'])
    _install(site, 'second', _SECOND, [])
    _install(site, 'third', _THIRD, [])
    script = root / 'venv/bin/first'
    script.write_text('#!/bin/sh\npwd\n')
    script.chmod(0o755)
    # A program of the environment's Python, which has pip; ours has not.
    program = pathlib.Path(__file__).with_name('write_repository.py')
    subprocess.check_call([root / 'venv/bin/python', program], cwd=root)

  def _deps(self, name):
    """Returns the deps in a package's BUILD file."""
    tree = ast.parse((self.root / name / 'BUILD.bazel').read_text())
    (deps,) = (
        keyword.value
        for keyword in ast.walk(tree)
        if isinstance(keyword, ast.keyword) and keyword.arg == 'deps'
    )
    return ast.literal_eval(deps)

  def _run(self, command, directory):
    environment = {**os.environ, 'BUILD_WORKING_DIRECTORY': directory}
    output = subprocess.check_output(command, env=environment, text=True)
    return output.strip()

  def test_deps_are_what_is_required_here_and_installed(self):
    self.assertEqual(self._deps('first_package'), ['//second_package'])
    self.assertEqual(self._deps('second_package'), [])

  def test_another_version_is_another_input(self):
    build = (self.root / 'first_package/BUILD.bazel').read_text()
    self.assertRegex(build, r'(?s)data = \[\s+"installed.txt"')
    self.assertEqual(
        (self.root / 'first_package/installed.txt').read_text(),
        f'first_package 1 for Python {sys.version}\n',
    )

  def test_a_package_shows_its_own_files_only(self):
    site = self.root / 'first_package/site'
    names = {path.name for path in site.iterdir()}
    self.assertEqual(names, {'first.py', 'first-1.dist-info'})
    self.assertIn("'first'", (site / 'first.py').read_text())

  def test_scripts_run_where_the_user_is(self):
    directory = os.path.realpath(self.create_tempdir().full_path)
    command = [self.root / 'bin/first.sh']
    self.assertEqual(self._run(command, directory), directory)

  def test_python_runs_where_the_user_is(self):
    directory = os.path.realpath(self.create_tempdir().full_path)
    command = [self.root / 'python3', '-c', 'import os; print(os.getcwd())']
    self.assertEqual(self._run(command, directory), directory)

  def test_python_sees_nothing_that_is_installed(self):
    command = [self.root / 'python3', '-c', 'import first']
    result = subprocess.run(command, capture_output=True, text=True)
    self.assertIn("No module named 'first'", result.stderr)

  def test_python_sees_nothing_beside_the_main_file(self):
    directory = pathlib.Path(self.create_tempdir().full_path)
    (directory / 'beside.py').write_text('')
    (directory / 'main.py').write_text('import beside')
    command = [self.root / 'python3', directory / 'main.py']
    result = subprocess.run(command, capture_output=True, text=True)
    self.assertIn("No module named 'beside'", result.stderr)


if __name__ == '__main__':
  absltest.main()
