# SPDX-License-Identifier: Apache-2.0
"""Every program shows its settings."""

import os
import pathlib
import re
import shlex
import subprocess
import sys

from absl.testing import absltest

from report.rows import runs
from report.rows import table
import reproduce
from tools import build_files

# The project itself, not a copy of some of its files.
_ROOT = pathlib.Path(reproduce.__file__).resolve().parent

# Imports what programs import, once, and starts each in a fork.
_PROGRAM = """
import importlib, os, runpy, sys

paths = sys.argv[1:]
for path in paths:
  importlib.import_module(path.removesuffix('.py').replace('/', '.'))
for path in paths:
  child = os.fork()
  if not child:
    sys.argv = [path, '--help']
    try:
      runpy.run_path(path, run_name='__main__')
    except SystemExit as end:
      sys.stdout.flush()
      os._exit(end.code or 0)  # To take all modules down takes a second.
  status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
  print('ended:', path, status, flush=True)
"""


class ProgramsTest(absltest.TestCase):

  @classmethod
  def setUpClass(cls):
    super().setUpClass()
    cls.programs = [
        path
        for target in build_files.read(_ROOT).values()
        if target.rule == 'py_binary' and 'manual' not in target.tags
        for path in target.srcs
        if 'run_main' in (_ROOT / path).read_text(encoding='utf-8')
    ]
    path = os.pathsep.join([str(_ROOT), *sys.path])
    cls.printed = subprocess.run(
        [sys.executable, '-c', _PROGRAM, *cls.programs],
        cwd=_ROOT, check=True, env={**os.environ, 'PYTHONPATH': path},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    ).stdout

  def test_help(self):
    self.assertIn('agents/distillation/figure4.py', self.programs)
    ends = re.findall(r'^ended: (\S+) (\d+)$', self.printed, re.MULTILINE)
    self.assertEqual(ends, [(p, '0') for p in self.programs], self.printed)

  def test_commands_of_the_committed_rows_have_settings_of_their_programs(self):
    settings = {}
    helps = re.split(r'^ended: (\S+) \d+$', self.printed, flags=re.MULTILINE)
    for text, path in zip(helps[::2], helps[1::2], strict=False):
      found = re.findall(r'^  --(?:\[no\])?(\w+):', text, re.MULTILINE)
      settings[path.removesuffix('.py').replace('/', '.')] = set(found)
    for run in table.read(_ROOT / 'results', runs.Run):
      python, _, program, *flags = shlex.split(run.command)
      self.assertEqual(python, 'python', run)
      names = {flag[2:].partition('=')[0] for flag in flags}
      self.assertEmpty(names - settings[program], run)


if __name__ == '__main__':
  absltest.main()
