# SPDX-License-Identifier: Apache-2.0
"""Compares imports with the BUILD files and with docs/architecture.md.

Three places say what uses what: the `import` lines, the `deps` in the BUILD
files, and the table of rooms in docs/architecture.md. From the root,

    python -m tools.imports --fix

writes the deps that the imports ask for, and prints where the three disagree.
"""

import ast
from collections.abc import Iterator
import pathlib
import posixpath
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


class Room(NamedTuple):
  """What the files of a directory may import."""

  rooms: set[str]
  distributions: set[str] | None  # None for any.


class Tree(NamedTuple):
  """What is there to compare."""

  targets: dict[str, build_files.Target]  # By label.
  rooms: dict[str, Room]  # By directory.
  imports: dict[str, list[tuple[str, ...]]]  # By file.
  requirements: dict[str, str]  # The label of each distribution.


def _read_rooms(text: str) -> dict[str, Room]:
  """Reads the table: a room, the rooms it imports, the distributions."""
  rooms = {}
  rows = re.findall(r'^\| `(.+?)` \| (.+) \| (.+) \|$', text, re.MULTILINE)
  for room, others, distributions in rows:
    names = set(re.findall('`(.+?)`', distributions))
    anything = distributions == 'anything'
    used = set(re.findall('`(.+?)`', others)) | {room}
    rooms[room] = Room(used, None if anything else names)
  return rooms


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


def read(root: pathlib.Path) -> Tree:
  """Reads the project in a directory."""
  files = [path for path in build_files.walk(root) if path.endswith('.py')]
  return Tree(
      build_files.read(root),
      _read_rooms((root / 'docs/architecture.md').read_text()),
      {
          path: list(_read_imports((root / path).read_text()))
          for path in sorted(files)
      },
      _read_requirements(root),
  )


class _Checker:
  """Collects complaints about a tree."""

  def __init__(self, tree: Tree):
    self._tree = tree
    self._tops = {path.split('/')[0] for path in tree.imports}
    self._owners: dict[str, str] = {}
    for rule in ('py_library', 'py_binary', *_TESTS):
      for target in tree.targets.values():
        if target.rule == rule:
          for path in target.srcs:
            self._owners.setdefault(path, target.label)

  def _file(self, modules: tuple[str, ...]) -> str | None:
    """Returns the project's file that an import means, if it is one."""
    for module in modules:
      path = module.replace('.', '/')
      for file in (f'{path}.py', f'{path}/__init__.py'):
        if file in self._tree.imports:
          return file
    return None

  def _distribution(self, modules: tuple[str, ...]) -> str | None:
    """Names the distribution that an import means, if it is one."""
    top = modules[-1].partition('.')[0]
    if self._file(modules) or top in _STANDARD:
      return None
    return _DISTRIBUTIONS.get(top, top)

  def _room(self, path: str) -> str:
    """Names a file's room: the nearest directory above that is one."""
    directory = posixpath.dirname(path)
    while directory and directory not in self._tree.rooms:
      directory = posixpath.dirname(directory)
    if directory or '/' not in path:
      return directory or '.'
    return posixpath.dirname(path)

  def files(self) -> Iterator[str]:
    """Complains about files that have no target or room, or are missing."""
    known = {p for t in self._tree.targets.values() for p in t.paths()}
    tests = {
        path
        for target in self._tree.targets.values()
        if target.rule in _TESTS
        for path in target.srcs
    }
    for target in self._tree.targets.values():
      for path in target.srcs:
        if path.endswith('.py') and path not in self._tree.imports:
          yield f'{target.label}: there is no {path}'
    for path in self._tree.imports:
      if path not in known:
        yield f'{path}: in no target'
      elif path.endswith('_test.py') and path not in tests:
        yield f'{path}: in no py_test'
      if self._room(path) not in self._tree.rooms:
        yield f'{path}: in no room of docs/architecture.md'
    for room in self._tree.rooms.keys() - map(self._room, self._tree.imports):
      yield f'docs/architecture.md: no file is in the room {room}'

  def imports(self) -> Iterator[str]:
    """Complains about imports that do not exist or leave the room's bounds."""
    for path, imports in self._tree.imports.items():
      name = self._room(path)
      room = self._tree.rooms.get(name, Room({name}, None))
      for modules in imports:
        file = self._file(modules)
        distribution = self._distribution(modules)
        if file and self._room(file) not in room.rooms:
          yield f'{path}: {name} must not import {file}'
        elif distribution in self._tops or f'{distribution}.py' in self._tops:
          yield f'{path}: no module {modules[0]}'
        elif modules[-1].startswith('.'):
          yield f'{path}: write relative imports in full'
        elif distribution and distribution not in self._tree.requirements:
          yield f'{path}: no requirements.txt has {distribution}'
        elif (
            distribution
            and room.distributions is not None
            and distribution not in room.distributions
            and not path.endswith('_test.py')
        ):
          yield f'{path}: {name} must not import {distribution}'

  def expected_deps(self, target: build_files.Target) -> set[str]:
    deps = set()
    for path in target.srcs:
      owner = self._owners[path]
      if owner != target.label:
        deps.add(owner)  # A program whose module is a library too.
        continue
      for modules in self._tree.imports.get(path, ()):
        file = self._file(modules)
        distribution = self._distribution(modules)
        if file in self._owners:
          deps.add(self._owners[file])
        elif distribution in self._tree.requirements:
          deps.add(self._tree.requirements[distribution])
    return deps - {target.label}

  def deps(self) -> Iterator[str]:
    """Complains about deps that are not what the files import."""
    for target in self._tree.targets.values():
      expected, actual = self.expected_deps(target), set(target.deps)
      for label in sorted(expected - actual):
        short = build_files.short_label(target.package, label)
        yield f'{target.label}: deps lack "{short}"'
      for label in sorted(actual - expected):
        short = build_files.short_label(target.package, label)
        yield f'{target.label}: deps have "{short}", which nothing imports'
      short = [build_files.short_label(target.package, d) for d in target.deps]
      if short != sorted(set(short), key=build_files.sort_key):
        yield f'{target.label}: deps are not sorted'

  def _needs_peers(self, label: str) -> bool:
    if label.startswith('@peers//'):
      return True
    target = self._tree.targets.get(label)
    return bool(target) and any(map(self._needs_peers, target.deps))

  def peers(self) -> Iterator[str]:
    """Complains about targets that //... must not build."""
    for label, target in self._tree.targets.items():
      if 'manual' not in target.tags and self._needs_peers(label):
        yield f'{label}: uses @peers and lacks the tag "manual"'


def check(tree: Tree) -> list[str]:
  """Returns a line for each disagreement, each beginning with its place."""
  checker = _Checker(tree)
  complaints = [
      *checker.files(),
      *checker.imports(),
      *checker.deps(),
      *checker.peers(),
  ]
  return list(dict.fromkeys(complaints))  # A file may import a module twice.


def fix(root: pathlib.Path) -> None:
  """Writes the deps that the imports ask for into the BUILD files."""
  tree = read(root)
  checker = _Checker(tree)
  for target in tree.targets.values():
    package = target.package
    deps = sorted(
        (
            build_files.short_label(package, label)
            for label in checker.expected_deps(target)
        ),
        key=build_files.sort_key,
    )
    if deps != [build_files.short_label(package, d) for d in target.deps]:
      path = root / package / 'BUILD'
      name = target.label.rpartition(':')[2]
      path.write_text(build_files.replace_deps(path.read_text(), name, deps))


def main(*arguments: str) -> str | None:
  """Checks the project in the current directory; returns the complaints."""
  if arguments not in ((), ('--fix',)):
    return 'usage: python -m tools.imports [--fix]'
  root = pathlib.Path.cwd()
  if arguments:
    fix(root)
  return '\n'.join(check(read(root))) or None


if __name__ == '__main__':
  sys.exit(main(*sys.argv[1:]))
