# SPDX-License-Identifier: Apache-2.0
"""Tests that imports, BUILD files and docs/architecture.md agree."""

import contextlib
import pathlib

from absl.testing import absltest
from absl.testing import parameterized

from tools import imports

_LOAD = """
load("//tools:build_defs.bzl", "py_binary", "py_library", "py_test")
"""

# Two families above one library, with nothing to complain about.
_TREE = {
    '.bazelignore': '.venv\nnode_modules\n',
    'requirements.txt': 'absl-py==2  # Tests.\nnumpy==2\ndm-sonnet==2\n',
    'benchmarks/requirements.txt': 'jax==1\nnumpy==2\n',
    'docs/architecture.md': """
| Package | Project | PyPI |
|---|---|---|
| `library` | nothing else | `numpy` |
| `red` | `library` | anything |
| `blue` | `library`, `blue/inner` | anything |
| `blue/inner` | nothing else | anything |
| `.` | `library` | anything |
""",
    'library/BUILD': _LOAD + """
[py_library(name = n, srcs = [n + ".py"], deps = ["@pypi//numpy"])
 for n in ["one"]]

py_library(
    name = "library",
    srcs = ["__init__.py"],
    deps = [":one"],
)

py_test(
    name = "one_test",
    srcs = ["one_test.py"],
    deps = [
        ":one",
        "@pypi//absl_py",
    ],
)
""",
    'library/__init__.py': 'from library.one import add',
    'library/one.py': 'import os.path\nimport numpy as np\nimport pip',
    'library/one_test.py': """
from absl.testing import absltest
from library import one
""",
    'red/BUILD': _LOAD + """
exports_files(["data.csv"])

py_library(name = "train_lib", srcs = ["train.py"], deps = ["//library:one"])

py_binary(name = "train", srcs = ["train.py"], deps = [":train_lib"])
""",
    'red/train.py': 'from library import one',
    'blue/BUILD': _LOAD + """
py_library(
    name = "use",
    srcs = ["use.py"],
    data = ["script.py"],
    deps = [
        "//blue/inner",
        "//library",
        "@pypi//dm_sonnet",
    ],
)

py_library(
    name = "jax",
    srcs = ["jax_peer.py"],
    tags = ["manual"],
    deps = ["@peers//jax"],
)
""",
    'blue/use.py': """
import library as lib
from blue.inner import inner

def f():
  import sonnet as snt
""",
    'blue/jax_peer.py': 'import jax.numpy as jnp',
    'blue/script.py': '',
    'blue/inner/BUILD': _LOAD + """
py_library(name = "inner", srcs = glob(["*.py"]))
""",
    'blue/inner/inner.py': 'from blue.inner import other',
    'blue/inner/other.py': '',
    'blue/deep/BUILD': _LOAD + """
py_library(name = "deep", srcs = ["deep.py"], deps = ["//library"])
""",
    'blue/deep/deep.py': 'import library',
    'BUILD': _LOAD + """
py_binary(name = "run", srcs = ["run.py"], deps = ["//library"])
""",
    'run.py': 'import library',
    'node_modules/some/module.py': 'import unknown',
    '.hidden/module.py': 'import unknown',
}


class ImportsTest(parameterized.TestCase):

  def _write(self, changes):
    """Writes the tree with some files changed, and returns its root."""
    root = pathlib.Path(self.create_tempdir().full_path)
    for path, text in {**_TREE, **changes}.items():
      (root / path).parent.mkdir(parents=True, exist_ok=True)
      (root / path).write_text(text)
    return root

  def _check(self, changes):
    """Returns the complaints about the tree with some files changed."""
    return imports.check(self._write(changes))

  def test_finds_nothing_in_a_good_tree(self):
    self.assertEqual(self._check({}), [])

  @parameterized.named_parameters(
      (
          'missing_dependency',
          {'library/__init__.py': 'from library import one\nimport numpy'},
          ['//library:library: deps lack "@pypi//numpy"'],
      ),
      (
          'unused_dependency',
          {'library/__init__.py': ''},
          ['//library:library: deps have ":one", which nothing imports'],
      ),
      (
          'unused_dependency_of_a_program',
          {'red/train.py': ''},
          [
              '//red:train_lib: deps have "//library:one", '
              'which nothing imports'
          ],
      ),
      (
          'unsorted_dependencies',
          {
              'library/BUILD': _TREE['library/BUILD'].replace(
                  '":one",\n        "@pypi//absl_py"',
                  '"@pypi//absl_py",\n        ":one"',
              )
          },
          ['//library:one_test: deps are not sorted'],
      ),
      (
          'family_imports_family',
          {
              'red/BUILD': _LOAD
              + 'py_library(name = "train", srcs = ["train.py"],'
              ' deps = ["//blue:use"])',
              'red/train.py': 'from blue import use',
          },
          ['red/train.py: red must not import blue/use.py'],
      ),
      (
          'package_within_a_package',
          {
              'library/BUILD': _TREE['library/BUILD'].replace(
                  'deps = [":one"]', 'deps = ["//blue/inner"]'
              ),
              'library/__init__.py': 'import blue.inner.inner',
          },
          ['library/__init__.py: library must not import blue/inner/inner.py'],
      ),
      (
          'distribution_that_is_not_allowed',
          {
              'library/BUILD': _TREE['library/BUILD'].replace(
                  'deps = [":one"]', 'deps = ["@pypi//dm_sonnet"]'
              ),
              'library/__init__.py': 'import sonnet as snt',
          },
          ['library/__init__.py: library must not import dm_sonnet'],
      ),
      (
          'indirect_dependency',
          {'blue/script.py': 'import six\nimport six'},
          ['blue/script.py: no requirements.txt has six'],
      ),
      (
          'module_that_is_not_there',
          {'blue/script.py': 'from blue.inner import outer'},
          ['blue/script.py: no module blue.inner.outer'],
      ),
      (
          'relative_import',
          {'blue/script.py': 'from . import use'},
          ['blue/script.py: write relative imports in full'],
      ),
      (
          'file_without_target',
          {'red/new.py': ''},
          ['red/new.py: in no target'],
      ),
      (
          'target_without_file',
          {
              'blue/BUILD': _TREE['blue/BUILD']
              + 'py_library(name = "gone", srcs = ["gone.py"])',
          },
          ['//blue:gone: there is no blue/gone.py'],
      ),
      (
          'test_that_is_no_py_test',
          {'blue/inner/inner_test.py': ''},
          ['blue/inner/inner_test.py: in no py_test'],
      ),
      (
          'file_without_package',
          {
              'green/BUILD': _LOAD
              + 'py_library(name = "green", srcs = ["green.py"])',
              'green/green.py': '',
          },
          ['green/green.py: in no package of docs/architecture.md'],
      ),
      (
          'package_without_files',
          {
              'docs/architecture.md': _TREE['docs/architecture.md']
              + '| `green` | nothing else | anything |\n'
          },
          ['docs/architecture.md: no file is in the package green'],
      ),
      (
          'peers_in_every_build',
          {
              'blue/BUILD': _TREE['blue/BUILD'].replace('["manual"]', '[]')
              + 'py_binary(name = "run", srcs = ["run.py"], deps = [":jax"])',
              'blue/run.py': 'from blue import jax_peer',
          },
          [
              '//blue:jax: uses @peers and lacks the tag "manual"',
              '//blue:run: uses @peers and lacks the tag "manual"',
          ],
      ),
  )
  def test_finds(self, changes, complaints):
    self.assertEqual(self._check(changes), complaints)

  def test_fixes_deps(self):
    build = _LOAD + """
py_library(
    name = "one",
    srcs = ["one.py"],
)

py_library(
    name = "two",
    srcs = ["two.py"],
    deps = [":one", "@pypi//numpy"],
)

py_test(
    name = "two_test",
    srcs = ["two_test.py"],
    deps = ["//blue:use"],
)
"""
    root = self._write({
        'red/BUILD': build,
        'red/train.py': '',
        'red/one.py': 'from library import one\nimport numpy',
        'red/two.py': 'import sys',
        'red/two_test.py': 'from red import two\nfrom red import unknown',
    })
    imports.fix(root)
    self.assertEqual(
        (root / 'red/BUILD').read_text(),
        _LOAD + """
py_library(
    name = "one",
    srcs = ["one.py"],
    deps = [
        "//library:one",
        "@pypi//numpy",
    ],
)

py_library(
    name = "two",
    srcs = ["two.py"],
)

py_test(
    name = "two_test",
    srcs = ["two_test.py"],
    deps = [":two"],
)
""",
    )
    self.assertEqual(
        imports.check(root),
        [
            'red/train.py: in no target',
            'red/two_test.py: no module red.unknown',
        ],
    )

  def test_there_is_nothing_to_fix_in_a_good_tree(self):
    root = self._write({})
    imports.fix(root)
    for path, text in _TREE.items():
      self.assertEqual((root / path).read_text(), text)

  def test_the_program(self):
    root = self._write({'library/__init__.py': ''})
    self.enter_context(contextlib.chdir(root))
    self.assertIn('nothing imports', imports.main())
    self.assertIsNone(imports.main('--fix'))
    self.assertIsNone(imports.main())
    self.assertIn('usage', imports.main('--fox'))

  def test_rules_come_from_one_file(self):
    build = 'py_library(name = "use", srcs = ["use.py"])'
    with self.assertRaisesRegex(ValueError, 'blue/BUILD has to load py_libr'):
      self._check({'blue/BUILD': build})

  def test_this_project(self):
    # Bazel shows a test its files through links; beside what they lead to is
    # the whole project.
    root = pathlib.Path(__file__).resolve().parents[1]
    complaints = imports.check(root)
    if complaints:
      self.fail('\n'.join(['the three disagree', *complaints]))


if __name__ == '__main__':
  absltest.main()
