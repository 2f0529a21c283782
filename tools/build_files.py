# SPDX-License-Identifier: Apache-2.0
"""Reads and changes Python targets of the BUILD files, without Bazel."""

import ast
import builtins
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Sequence
import os
import pathlib
import posixpath
from typing import Any
from typing import NamedTuple

_RULES = ('py_binary', 'py_library', 'py_test', 'py_tests')
_RULES_FILE = '//tools:build_defs.bzl'


class Target(NamedTuple):
  """A target of a Python rule, its labels written in full."""

  label: str
  rule: str
  srcs: list[str]  # Paths from the project's root.
  data: list[str]
  deps: list[str]
  tags: list[str]

  @property
  def package(self) -> str:
    """The path of the package, the root's being empty."""
    return self.label[2:].partition(':')[0]

  def short_labels(self, labels: Iterable[str]) -> list[str]:
    """Returns full labels as they should be written in its package."""
    return [short_label(self.package, label) for label in labels]

  def paths(self) -> Iterator[str]:
    """Yields the paths of what may be the target's files."""
    yield from self.srcs
    for label in self.data:
      if label.startswith('//'):
        yield label[2:].replace(':', '/').lstrip('/')


def walk(root: pathlib.Path) -> Iterator[str]:
  """Yields the path from the root of each of the project's files."""
  ignored = (root / '.bazelignore').read_text().split()
  for directory, children, names in os.walk(root):
    path = pathlib.Path(directory).relative_to(root)
    children[:] = [
        child
        for child in children
        if not child.startswith(('.', '__pycache__', 'bazel-'))
        and (path / child).as_posix() not in ignored
    ]
    yield from ((path / name).as_posix() for name in names)


def full_label(package: str, label: str) -> str:
  """Returns in full a label that is written in a package."""
  if label.startswith('@'):
    return label
  if not label.startswith('//'):
    return f'//{package}:{label.removeprefix(":")}'
  return label if ':' in label else f'{label}:{posixpath.basename(label)}'


def short_label(package: str, label: str) -> str:
  """Returns a full label as it should be written in a package."""
  directory, _, name = label.partition(':')
  if directory == f'//{package}':
    return f':{name}'
  return directory if posixpath.basename(directory) == name else label


def sort_key(label: str) -> tuple[int, list[str]]:
  """Sorts short labels as buildifier does: own package, project, others."""
  phase = (':', '/', '@').index(label[0])
  return phase, label.replace(':', '.').split('.')


class _Names(dict):
  """The names that a BUILD file sees: it is nearly Python."""

  def __init__(self, root: pathlib.Path, package: str):
    super().__init__(load=self._load, glob=self._glob)
    self.targets: list[Target] = []
    self._directory = root / package
    self._loaded: set[str] = set()
    self._package = package

  def __missing__(self, name: str) -> Any:
    if name in _RULES:
      if name in self._loaded:
        return lambda **attributes: self._add(name, **attributes)
      path = posixpath.join(self._package, 'BUILD')
      raise ValueError(f'{path} has to load {name} from {_RULES_FILE}')
    # The other rules have no Python files.
    return getattr(builtins, name, lambda *_, **__: None)

  def _load(self, file: str, *names: str):
    if file == _RULES_FILE:
      self._loaded.update(names)

  def _glob(self, include: list[str], exclude: tuple[str, ...] = ()):
    found = {path for glob in include for path in self._directory.glob(glob)}
    found -= {path for glob in exclude for path in self._directory.glob(glob)}
    return sorted(p.relative_to(self._directory).as_posix() for p in found)

  def _add(self, rule: str, name: str, srcs=(), data=(), deps=(), tags=(), **_):
    self.targets.append(
        Target(
            full_label(self._package, name),
            rule,
            [posixpath.join(self._package, path) for path in srcs],
            [full_label(self._package, label) for label in data],
            [full_label(self._package, label) for label in deps],
            list(tags),
        )
    )


def read(root: pathlib.Path) -> dict[str, Target]:
  """Reads every BUILD file.

  Args:
    root: The project's root.

  Returns:
    The targets with Python files, by label.

  Raises:
    ValueError: A BUILD file has rules that are not of build_defs.bzl.
  """
  targets: dict[str, Target] = {}
  for path in sorted(walk(root)):
    if posixpath.basename(path) == 'BUILD':
      names = _Names(root, posixpath.dirname(path))
      exec(compile((root / path).read_text(), f'<{path}>', 'exec'), names)
      targets.update((target.label, target) for target in names.targets)
  return targets


def replace_deps(text: str, name: str, deps: Sequence[str]) -> str:
  """Changes the deps of a target.

  Args:
    text: A BUILD file.
    name: The target's name.
    deps: Its deps, as they are written there, in order.

  Returns:
    The file with these deps, in buildifier's layout.

  Raises:
    ValueError: No rule of Python is called with that name, or the file lacks
      buildifier's layout.
  """
  for node in ast.parse(text).body:
    call = node.value if isinstance(node, ast.Expr) else None
    if isinstance(call, ast.Call) and getattr(call.func, 'id', '') in _RULES:
      attributes = {keyword.arg: keyword for keyword in call.keywords}
      if getattr(attributes['name'].value, 'value', None) == name:
        break
  else:
    raise ValueError(f'no py_* rule is called with the name {name!r}')
  lines = text.splitlines(keepends=True)
  if 'deps' in attributes:
    first = attributes['deps'].lineno - 1
    last = attributes['deps'].end_lineno
    if not lines[first].startswith('    deps ='):
      raise ValueError(f'the deps of {name!r} share a line: use buildifier')
  else:
    first = last = call.end_lineno - 1
  written = [f'        "{dep}",\n' for dep in deps]
  if len(deps) > 1:
    written = ['    deps = [\n', *written, '    ],\n']
  elif deps:
    written = [f'    deps = ["{deps[0]}"],\n']
  return ''.join([*lines[:first], *written, *lines[last:]])
