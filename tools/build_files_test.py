# SPDX-License-Identifier: Apache-2.0
"""Tests for build_files."""

import pathlib

from absl.testing import absltest
from absl.testing import parameterized

from tools import build_files

_BUILD = """
load("//tools:build_defs.bzl", "py_binary", "py_library")

package(default_visibility = ["//visibility:private"])

[py_library(name = n, srcs = [n + ".py"]) for n in ["one", "two"]]

py_library(
    name = "rest",
    srcs = glob(["*.py"], exclude = ["one.py", "two.py"]),
    data = ["data.csv", "//:top.csv", "@pypi//bin:ruff"],
    deps = [":one", "//a/b", "//a:c", "@pypi//numpy"],
)

py_binary(name = "program", srcs = ["three.py"], tags = ["manual"])
"""


class BuildFilesTest(parameterized.TestCase):

  def _write(self, files):
    root = pathlib.Path(self.create_tempdir().full_path)
    for path, text in {'.bazelignore': 'a/out\n', **files}.items():
      (root / path).parent.mkdir(parents=True, exist_ok=True)
      (root / path).write_text(text)
    return root

  def test_reads_targets(self):
    files = {f'a/{name}.py': '' for name in ('one', 'two', 'three', 'four')}
    targets = build_files.read(self._write({'a/BUILD': _BUILD, **files}))
    self.assertSameElements(
        targets, ['//a:one', '//a:two', '//a:rest', '//a:program']
    )
    self.assertEqual(targets['//a:two'].srcs, ['a/two.py'])
    rest = targets['//a:rest']
    self.assertEqual(rest.rule, 'py_library')
    self.assertEqual(rest.package, 'a')
    self.assertEqual(rest.srcs, ['a/four.py', 'a/three.py'])
    self.assertEqual(
        rest.deps, ['//a:one', '//a/b:b', '//a:c', '@pypi//numpy']
    )
    self.assertSameElements(
        rest.paths(), ['a/four.py', 'a/three.py', 'a/data.csv', 'top.csv']
    )
    self.assertEqual(targets['//a:program'].tags, ['manual'])

  def test_reads_the_root_package(self):
    targets = build_files.read(self._write({'BUILD': _BUILD}))
    self.assertEqual(targets['//:one'].package, '')
    self.assertEqual(targets['//:one'].srcs, ['one.py'])

  @parameterized.parameters('a/out', 'bazel-out', '.venv', 'a/__pycache__')
  def test_passes_over_what_is_not_the_project(self, directory):
    root = self._write({f'{directory}/b/BUILD': _BUILD, 'a/two.py': ''})
    found = list(build_files.walk(root))
    self.assertSameElements(found, ['.bazelignore', 'a/two.py'])
    self.assertEmpty(build_files.read(root))

  @parameterized.parameters(
      ('a', '//a:b', ':b'),
      ('a', '//a:a', ':a'),
      ('a', '//a/b:b', '//a/b'),
      ('a', '//a/b:c', '//a/b:c'),
      ('', '//:b', ':b'),
      ('a', '@pypi//numpy', '@pypi//numpy'),
  )
  def test_short_label(self, package, label, short):
    self.assertEqual(build_files.short_label(package, label), short)
    self.assertEqual(build_files.full_label(package, short), label)

  def test_sort_key(self):
    labels = [':z', '//a', '//a:b', '//a/b', '//b', '@peers//z', '@pypi//a']
    self.assertEqual(sorted(labels[::-1], key=build_files.sort_key), labels)


if __name__ == '__main__':
  absltest.main()
