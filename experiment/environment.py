# SPDX-License-Identifier: Apache-2.0
"""What a run ran on: the command, the commit, the versions, the device."""

from collections.abc import Sequence
import contextlib
import importlib.metadata
import os
import pathlib
import platform
import re
import shlex
import subprocess
import sys
from typing import Any

UNKNOWN = 'unknown'

_HERE = pathlib.Path(__file__)


def _git(folder: pathlib.Path, *arguments: str) -> str | None:
  """What a git command prints; None when it fails."""
  try:
    return subprocess.run(
        ('git', '-C', folder, *arguments),
        capture_output=True,
        check=True,
        text=True,
        timeout=30,
    ).stdout.strip()
  except (OSError, subprocess.SubprocessError):
    return None


def _checkout() -> pathlib.Path | None:
  """The root of the checkout that this file is of."""
  # Under Bazel the sources are links into the checkout. In an environment this
  # may be an installed copy inside of somebody else's checkout.
  source = _HERE.resolve()
  if _git(source.parent, 'ls-files', '--error-unmatch', source.name) is None:
    return None
  return pathlib.Path(_git(source.parent, 'rev-parse', '--show-toplevel'))


def commit() -> dict[str, Any]:
  """The commit of this code, and whether it was changed since.

  Returns:
    `commit`, a hash or 'unknown' outside of a checkout, and `dirty`: whether
    a file of the checkout was changed, or a Python file is not in git yet.
  """
  root = _checkout()
  head = root and _git(root, 'rev-parse', '--verify', 'HEAD')
  if not head:
    return {'commit': UNKNOWN, 'dirty': None}
  changed = _git(root, 'status', '--porcelain', '--untracked-files=no')
  new = _git(root, 'ls-files', '--others', '--exclude-standard', '--', '*.py')
  return {'commit': head, 'dirty': bool(changed or new)}


def versions() -> dict[str, str]:
  """The versions of Python, of this code, and of what it computes with."""
  found = {'python': platform.python_version()}
  for name in ('tensorflow', 'dm-sonnet', 'numpy'):
    try:
      found[name] = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
      found[name] = UNKNOWN
  root = _checkout()
  described = root and _git(root, 'describe', '--always', '--tags', '--dirty')
  found['sobolev_training'] = described or UNKNOWN
  found['release'] = _release()
  return found


def _release() -> str:
  """What the library calls its version; it is read, not imported."""
  source = _HERE.resolve().parents[1] / 'sobolev_training' / '__init__.py'
  try:
    text = source.read_text(encoding='utf-8')
  except OSError:  # Installed without it.
    return UNKNOWN
  return re.search(r"^__version__ = '(.+)'$", text, re.MULTILINE)[1]


def configure_threads(threads: int) -> int:
  """Gives TensorFlow so many threads, 0 for all cores; returns the number.

  To be called before anything else of TensorFlow: once it has computed
  something, in a notebook or a test, its threads stay as they are.
  """
  import tensorflow as tf  # Not above: the report can do without it.

  threads = threads or usable_cores()
  with contextlib.suppress(RuntimeError):
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(threads)
  return threads


def usable_cores() -> int:
  """The cores that this process may use, which a container may limit."""
  if hasattr(os, 'sched_getaffinity'):
    cores = len(os.sched_getaffinity(0))
  else:
    cores = os.cpu_count() or 1
  try:  # The limit of `docker run --cpus` and of systemd.
    quota, period = pathlib.Path('/sys/fs/cgroup/cpu.max').read_text().split()
    cores = min(cores, max(1, round(int(quota) / int(period))))
  except (OSError, ValueError):
    pass
  return cores


def _cpu_model() -> str:
  try:
    lines = pathlib.Path('/proc/cpuinfo').read_text().splitlines()
  except OSError:
    lines = []
  for line in lines:
    name, _, value = line.partition(':')
    if name.strip() == 'model name':
      return value.strip()
  return platform.processor() or platform.machine() or UNKNOWN


def device() -> dict[str, Any]:
  """The processor's model, the cores to be used, and the GPUs' models."""
  import tensorflow as tf

  details = tf.config.experimental.get_device_details
  gpus = [
      details(gpu).get('device_name', gpu.name)
      for gpu in tf.config.list_physical_devices('GPU')
  ]
  return {'cpu': _cpu_model(), 'cores': usable_cores(), 'gpus': gpus}


def device_line(found: dict[str, Any] | None = None) -> str:
  """What `device` found, by default now, for people and `device` columns."""
  found = found or device()
  cores = f'{found["cores"]} {"core" if found["cores"] == 1 else "cores"}'
  return ', '.join([f'{cores} of {found["cpu"]}', *found['gpus']])


def _program() -> str:
  """The name of the module that runs, such as `regression.train`."""
  main = sys.modules['__main__']
  spec = getattr(main, '__spec__', None)
  if spec is not None:
    return spec.name.removesuffix('.__main__')
  path = pathlib.Path(getattr(main, '__file__', None) or sys.argv[0])
  path = path.absolute().with_suffix('')
  # Bazel runs //regression:train in train.runfiles/sobolev/regression.
  for folder in path.parents:
    if folder.parent.name.endswith('.runfiles'):
      return '.'.join(path.relative_to(folder).parts)
  roots = [pathlib.Path(entry).absolute() for entry in sys.path]
  inside = [path.relative_to(r) for r in roots if path.is_relative_to(r)]
  # The longest name is the one from the repository's root.
  return '.'.join(max((p.parts for p in inside), key=len, default=[path.name]))


def command(arguments: Sequence[str], program: str = '') -> str:
  """The line that runs a program again, from the repository's root.

  Args:
    arguments: its command line.
    program: its module; by default the one that runs.
  """
  program = program or _program()
  if 'RUNFILES_DIR' in os.environ or '.runfiles' in str(sys.argv[0]):
    package, _, target = program.replace('.', '/').rpartition('/')
    words = ['./bazelw', 'run', f'//{package}:{target}']
    return shlex.join(words + (['--', *arguments] if arguments else []))
  return shlex.join(['python', '-m', program, *arguments])
