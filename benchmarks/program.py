# SPDX-License-Identifier: Apache-2.0
"""What the benchmark programs share: flags, peers and the document."""

from collections.abc import Callable
from collections.abc import Iterator
import contextlib
import dataclasses
import importlib.metadata
import logging
import math
import os
import pathlib
import sys
import time
from typing import Any

from absl import flags

from benchmarks import document
from benchmarks import timing
from experiment import config
from experiment import environment
from experiment import errors
from experiment import run_folder

# --help shows the flags of the program, which are defined here.
flags.disclaim_key_flags()

# Cores that other programs may use before the machine is called busy.
_BUSY = 0.1


@dataclasses.dataclass(frozen=True)
class Settings:
  """The settings of every benchmark."""

  docs: str = config.setting(
      '', 'The file to replace this section in, such as docs/benchmarks.md.'
  )
  rounds: int = config.setting(9, 'How often each side runs.', minimum=1)
  seconds: float = config.setting(
      0.05, 'CPU time of the fastest side in a round.', 's', above=0
  )


@contextlib.contextmanager
def peers() -> Iterator[None]:
  """Surrounds the imports of what benchmarks/requirements.txt installs.

  Raises:
    UserError: a package is not there, or does not work.
  """
  try:
    yield
  except (ImportError, OSError, ValueError) as error:
    # The latter two of a PyTorch that does not find CUDA's libraries.
    raise errors.UserError(
        f'{errors.one_line(error)}: this benchmark needs its peer: '
        'pip install -r benchmarks/requirements.txt in a virtual environment, '
        'and run it there by python -m'
    ) from error


def _busy_seconds() -> float:
  """CPU seconds that all programs have used so far; NaN if not known."""
  try:
    words = pathlib.Path('/proc/stat').read_text().split()
  except OSError:
    return math.nan
  user, nice, system, _, _, interrupts, soft, stolen = map(int, words[1:9])
  ticks = user + nice + system + interrupts + soft + stolen
  return ticks / os.sysconf('SC_CLK_TCK')


def _others_seconds() -> float:
  """CPU seconds of all programs but this one, with its ended processes."""
  return _busy_seconds() - sum(os.times()[:4])


def _conditions(device: str, packages: tuple[str, ...], others: float) -> str:
  """Says on what, with what and beside what it was measured."""
  names = ('tensorflow', *packages)
  versions = [f'{name} {importlib.metadata.version(name)}' for name in names]
  text = f'Measured on {device}, with {", ".join(versions)}'
  if others > _BUSY:  # Not if it is NaN.
    text += (
        ', on a machine busy with other work, which used '
        f'{others:.1f} cores meanwhile'
    )
  return f'{text}: `{environment.command(sys.argv[1:])}`'


def main(
    name: str,
    settings_class: type[Settings],
    measure: Callable[[Any], str],
    *,
    packages: tuple[str, ...] = (),
    one_core: bool = True,
) -> Callable[[list[str]], None]:
  """Defines the flags of a benchmark program, for `run_main`.

  Args:
    name: one of `document.PROGRAMS`.
    settings_class: the program's flags.
    measure: takes the settings; returns the section, from its heading on.
    packages: the distributions to name, beside TensorFlow.
    one_core: whether to keep to one core.

  Returns:
    The program: it measures, prints, and writes if asked to.
  """

  def run(_):
    device = environment.device_line()
    # It warns of a function that is traced for every case, as it must be here.
    logging.getLogger('tensorflow').setLevel(logging.ERROR)
    if one_core:
      timing.use_one_core()
    settings = config.from_flags(settings_class)
    start, before = time.monotonic(), _others_seconds()
    section = measure(settings)
    others = (_others_seconds() - before) / (time.monotonic() - start)
    section = f'{section}\n\n{_conditions(device, packages, others)}'
    print(section)
    if settings.docs:
      document.merge(run_folder.resolve(settings.docs), name, section)

  config.define_flags(settings_class)
  return run
