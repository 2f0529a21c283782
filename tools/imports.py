# SPDX-License-Identifier: Apache-2.0
"""Compares imports with the BUILD files and with docs/architecture.md.

Three places say what uses what: the `import` lines, the `deps` in the BUILD
files, and the table of packages in docs/architecture.md. From the root,

    python -m tools.imports --fix

writes the deps that the imports ask for, and prints where the three disagree.
"""

import ast
from collections.abc import Iterator
import pathlib
import re
import sys
from typing import NamedTuple

from tools import build_files

# Modules that are not named like the distribution that brings them.
_DISTRIBUTIONS = {
    'absl': 'absl_py',
    'cv2': 'opencv_python_headless',
    'mpl_toolkits': 'matplotlib',
    'sonnet': 'dm_sonnet',
}
# What every virtual environment has.
_STANDARD = sys.stdlib_module_names | {'pip'}
_TESTS = ('py_test', 'py_tests')
# Where each repository's direct dependencies are listed.
_REQUIREMENTS = {
    '@pypi': 'requirements.txt',
    '@peers': 'benchmarks/requirements.txt',
}


class Package(NamedTuple):
  """What the files of a directory may import."""

  packages: set[str]
  distributions: set[str] | None  # None for any.


def _read_packages(text: str) -> dict[str, Package]:
  """Reads the table: a package, those it imports, the distributions."""
  found = {}
  rows = re.findall(r'^\| `(.+?)` \| (.+) \| (.+) \|$', text, re.MULTILINE)
  for name, others, distributions in rows:
    listed = set(re.findall('`(.+?)`', distributions))
    found[name] = Package(
        {name, *re.findall('`(.+?)`', others)},
        None if distributions == 'anything' else listed,
    )
  return found


def _read_imports(source: str) -> Iterator[tuple[str, ...]]:
  """Yields the modules each import may mean, the likeliest first."""
  for node in ast.walk(ast.parse(source)):
    if isinstance(node, ast.Import):
      yield from ((alias.name,) for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
      module = '.' * node.level + (node.module or '')
      yield from ((f'{module}.{alias.name}', module) for alias in node.names)


def _read_requirements(root: pathlib.Path) -> dict[str, str]:
  labels: dict[str, str] = {}
  for repository, path in _REQUIREMENTS.items():
    text = (root / path).read_text() if (root / path).exists() else ''
    for name in re.findall(r'^([\w.-]+)', text, re.MULTILINE):
      name = re.sub('[-_.]+', '_', name).lower()
      labels.setdefault(name, f'{repository}//{name}')
  return labels


class _Project:
  """What the three places say.

  Attributes:
    targets: those of the BUILD files.
  """

  def __init__(self, root: pathlib.Path):
    """Reads the project in a directory."""
    files = [path for path in build_files.walk(root) if path.endswith('.py')]
    self.targets = build_files.read(root).values()
    self._packages = _read_packages(
        (root / 'docs/architecture.md').read_text()
    )
    self._imports = {
        path: list(_read_imports((root / path).read_text()))
        for path in sorted(files)
    }
    self._requirements = _read_requirements(root)
    self._tops = {path.split('/')[0] for path in files}
    self._owners: dict[str, str] = {}
    for rule in ('py_library', 'py_binary', *_TESTS):
      for target in self.targets:
        if target.rule == rule:
          for path in target.srcs:
            self._owners.setdefault(path, target.label)

  def _file(self, modules: tuple[str, ...]) -> str | None:
    """Returns the project's file that an import means, if it is one."""
    for module in modules:
      path = module.replace('.', '/')
      for file in (f'{path}.py', f'{path}/__init__.py'):
        if file in self._imports:
          return file
    return None

  def _distribution(self, modules: tuple[str, ...]) -> str | None:
    """Names the distribution that an import means, if it is one."""
    top = modules[-1].partition('.')[0]
    if self._file(modules) or top in _STANDARD:
      return None
    return _DISTRIBUTIONS.get(top, top)

  def _package(self, path: str) -> str:
    """Names a file's package: the nearest directory above in the table."""
    *inner, root = map(str, pathlib.PurePosixPath(path).parents)
    directories = inner or [root]
    return next((d for d in directories if d in self._packages), directories[0])

  def files(self) -> Iterator[str]:
    """Complains about files without a target or package, or missing ones."""
    known, tests = set(), set()
    for target in self.targets:
      known.update(target.paths())
      if target.rule in _TESTS:
        tests.update(target.srcs)
      for path in target.srcs:
        if path.endswith('.py') and path not in self._imports:
          yield f'{target.label}: there is no {path}'
    for path in self._imports:
      if path not in known:
        yield f'{path}: in no target'
      elif path.endswith('_test.py') and path not in tests:
        yield f'{path}: in no py_test'
      if self._package(path) not in self._packages:
        yield f'{path}: in no package of docs/architecture.md'
    for name in self._packages.keys() - map(self._package, self._imports):
      yield f'docs/architecture.md: no file is in the package {name}'

  def imports(self) -> Iterator[str]:
    """Complains about imports that do not exist or are not allowed."""
    for path, imports in self._imports.items():
      name = self._package(path)
      package = self._packages.get(name, Package({name}, None))
      for modules in imports:
        file = self._file(modules)
        distribution = self._distribution(modules)
        if file and self._package(file) not in package.packages:
          yield f'{path}: {name} must not import {file}'
        elif distribution in self._tops or f'{distribution}.py' in self._tops:
          yield f'{path}: no module {modules[0]}'
        elif modules[-1].startswith('.'):
          yield f'{path}: write relative imports in full'
        elif distribution and distribution not in self._requirements:
          yield f'{path}: no requirements.txt has {distribution}'
        elif (
            distribution
            and package.distributions is not None
            and distribution not in package.distributions
            and not path.endswith('_test.py')
        ):
          yield f'{path}: {name} must not import {distribution}'

  def expected_deps(self, target: build_files.Target) -> list[str]:
    """What a target's files import, as it should be written there."""
    deps = set()
    for path in target.srcs:
      owner = self._owners[path]
      if owner != target.label:
        deps.add(owner)  # A program whose module is a library too.
        continue
      for modules in self._imports.get(path, ()):
        file = self._file(modules)
        distribution = self._distribution(modules)
        if file in self._owners:
          deps.add(self._owners[file])
        elif distribution in self._requirements:
          deps.add(self._requirements[distribution])
    short = target.short_labels(deps - {target.label})
    return sorted(short, key=build_files.sort_key)

  def deps(self) -> Iterator[str]:
    """Complains about deps that are not what the files import."""
    for target in self.targets:
      expected = self.expected_deps(target)
      actual = target.short_labels(target.deps)
      for dep in expected:
        if dep not in actual:
          yield f'{target.label}: deps lack "{dep}"'
      for dep in actual:
        if dep not in expected:
          yield f'{target.label}: deps have "{dep}", which nothing imports'
      if actual != sorted(set(actual), key=build_files.sort_key):
        yield f'{target.label}: deps are not sorted'

  def peers(self) -> Iterator[str]:
    """Complains about targets that //... must not build."""
    by_label = {target.label: target for target in self.targets}

    def needs_peers(label: str) -> bool:
      target = by_label.get(label)
      return label.startswith('@peers//') or (
          target is not None and any(map(needs_peers, target.deps))
      )

    for target in self.targets:
      if 'manual' not in target.tags and needs_peers(target.label):
        yield f'{target.label}: uses @peers and lacks the tag "manual"'


def check(root: pathlib.Path) -> list[str]:
  """Returns a line for each disagreement, each beginning with its place."""
  project = _Project(root)
  complaints = [
      *project.files(),
      *project.imports(),
      *project.deps(),
      *project.peers(),
  ]
  return list(dict.fromkeys(complaints))  # A file may import a module twice.


def fix(root: pathlib.Path) -> None:
  """Writes the deps that the imports ask for into the BUILD files."""
  project = _Project(root)
  for target in project.targets:
    deps = project.expected_deps(target)
    if deps != target.short_labels(target.deps):
      path = root / target.package / 'BUILD'
      name = target.label.rpartition(':')[2]
      path.write_text(build_files.replace_deps(path.read_text(), name, deps))


def main(*arguments: str) -> str | None:
  """Checks the project in the current directory; returns the complaints."""
  if arguments not in ((), ('--fix',)):
    return 'usage: python -m tools.imports [--fix]'
  root = pathlib.Path.cwd()
  if arguments:
    fix(root)
  return '\n'.join(check(root)) or None


if __name__ == '__main__':
  sys.exit(main(*sys.argv[1:]))
