# SPDX-License-Identifier: Apache-2.0
"""Writes the BUILD files of a repository of PyPI packages; see pip.bzl.

Runs in the repository's directory under its venv's Python. Each installed
distribution gets a package `<name>` with the target `<name>`, named as PyPI
names it but with underscores, in which `site` holds links to what the
distribution installed. `installed.txt` changes with what that is, as Bazel does
not look into links to folders. Each script gets a target in the package `bin`.
"""

import importlib.metadata
import json
import os
import pathlib
import re
import sys

# Every virtual environment has pip, and pip brings this parser along.
from pip._vendor.packaging import requirements

_ROOT_BUILD = """\
load("@bazel_tools//tools/python:toolchain.bzl", "py_runtime_pair")
load("@rules_python//python:defs.bzl", "py_runtime")

package(default_visibility = ["//visibility:public"])

py_runtime(
    name = "python3",
    interpreter_path = "{root}/python3",
    python_version = "PY3",
    # Bazel 4 would look for a `python`, which Debian does not have.
    stub_shebang = "#!{root}/bare/bin/python3",
)

py_runtime_pair(
    name = "runtimes",
    py3_runtime = ":python3",
)

toolchain(
    name = "toolchain",
    toolchain = ":runtimes",
    toolchain_type = "@bazel_tools//tools/python:toolchain_type",
)
"""

_LIBRARY_BUILD = """\
load("@rules_python//python:defs.bzl", "py_library")

py_library(
    name = "{name}",
    data = [
        "installed.txt",
        "site",
    ],
    imports = ["site"],
    visibility = ["//visibility:public"],
    deps = {deps},
)
"""

_SCRIPT_BUILD = """\
sh_binary(
    name = "{name}",
    srcs = ["{name}.sh"],
    visibility = ["//visibility:public"],
)
"""

# `bazel run` starts programs among their runfiles: act on the directory that it
# was run in.
_SCRIPT = """\
#!/bin/sh
cd "${{BUILD_WORKING_DIRECTORY:-.}}" || exit
exec {command} "$@"
"""


def _normalize(name: str) -> str:
  return re.sub(r'[-_.]+', '_', name).lower()


def _dependencies(distribution: importlib.metadata.Distribution) -> set[str]:
  """Names what a distribution requires here, without its extras."""
  parsed = map(requirements.Requirement, distribution.requires or ())
  return {
      _normalize(requirement.name)
      for requirement in parsed
      if not requirement.marker or requirement.marker.evaluate({'extra': ''})
  }


def _scripts(distribution: importlib.metadata.Distribution) -> set[str]:
  """Names what a distribution put into the environment's bin."""
  return {
      file.name
      for file in distribution.files
      if file.parts[0] == '..' and file.parent.name == 'bin'
  }


def _write(path: pathlib.Path, text: str, executable: bool = False):
  path.parent.mkdir(parents=True, exist_ok=True)
  path.write_text(text)
  if executable:
    path.chmod(0o755)


def _write_library(
    root: pathlib.Path,
    name: str,
    distribution: importlib.metadata.Distribution,
    installed: set[str],
):
  """Writes one distribution's package."""
  deps = sorted(_dependencies(distribution) & installed - {name})
  labels = json.dumps([f'//{dependency}' for dependency in deps])
  build = _LIBRARY_BUILD.format(name=name, deps=labels)
  _write(root / name / 'BUILD.bazel', build)
  _write(
      root / name / 'installed.txt',
      f'{name} {distribution.version} for Python {sys.version}\n',
  )
  site = root / name / 'site'
  site.mkdir()
  for entry in {file.parts[0] for file in distribution.files} - {'..'}:
    (site / entry).symlink_to(distribution.locate_file(entry))


def _write_scripts(root: pathlib.Path, names: set[str]):
  """Writes the package of all distributions' scripts."""
  for name in names:
    script = _SCRIPT.format(command=f'"{root}/venv/bin/{name}"')
    _write(root / 'bin' / f'{name}.sh', script, executable=True)
  build = '\n'.join(_SCRIPT_BUILD.format(name=name) for name in sorted(names))
  _write(root / 'bin' / 'BUILD.bazel', build)


def main():
  """Writes the repository in the current directory."""
  # The name it goes by, not what that may be a link to.
  root = pathlib.Path(os.getcwd())
  distributions = {
      _normalize(distribution.metadata['Name']): distribution
      for distribution in importlib.metadata.distributions()
  }
  for name, distribution in distributions.items():
    _write_library(root, name, distribution, set(distributions))
  scripts = set().union(*map(_scripts, distributions.values()))
  _write_scripts(root, scripts | {'python3'})
  # Without -P Python would look for modules beside the main file.
  python = _SCRIPT.format(command=f'"{root}/bare/bin/python3" -P')
  _write(root / 'python3', python, executable=True)
  _write(root / 'BUILD.bazel', _ROOT_BUILD.format(root=root))
  _write(root / 'WORKSPACE', '')


if __name__ == '__main__':
  main()
