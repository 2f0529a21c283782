# SPDX-License-Identifier: Apache-2.0
"""Runs test files in one process: to import TensorFlow takes seconds.

The program of `py_tests` in build_defs.bzl, which gives it the paths.
"""

import importlib
import sys
import unittest

from absl.testing import absltest

_SUFFIX = '.py'


def load_tests(loader, *_):
  """What unittest asks a module for, here of all the files."""
  return unittest.TestSuite(
      map(loader.loadTestsFromModule, map(importlib.import_module, _MODULES))
  )


if __name__ == '__main__':
  _MODULES = [
      path.removesuffix(_SUFFIX).replace('/', '.')
      for path in sys.argv[1:]
      if path.endswith(_SUFFIX)
  ]
  if not _MODULES:
    sys.exit('no test files are given')
  sys.argv[1:] = [a for a in sys.argv[1:] if not a.endswith(_SUFFIX)]
  absltest.main()
