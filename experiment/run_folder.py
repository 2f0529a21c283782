# SPDX-License-Identifier: Apache-2.0
"""The folder of a run: what was run, on what, and what came of it.

    config.json    settings, command, commit, versions, device, seeds, start,
                   checksums of data that lie elsewhere
    metrics.csv    one row per evaluation
    events/        the same for TensorBoard
    checkpoints/   the newest states, to go on from
    log.txt        what the program said, with times
    progress.json  how far it is, for those who watch
    finished.json  there only when the run is complete
    diverged.json  there only when a number of the run was not finite
    output.txt     what a sweep's process printed
"""

from collections.abc import Iterator
import contextlib
import dataclasses
import datetime
import os
import pathlib
import sys
import traceback
from typing import Any

from absl import flags

from experiment import atomic
from experiment import config as config_lib
from experiment import environment
from experiment import errors
from experiment import locks
from experiment import progress
from experiment import reading

CONFIG = 'config.json'
FINISHED = 'finished.json'
DIVERGED = 'diverged.json'
LOG = 'log.txt'
OUTPUT = 'output.txt'

flags.disclaim_key_flags()


def define_flags(
    default: str, flag_values: flags.FlagValues = flags.FLAGS
) -> None:
  """Defines --output, the run's folder, and --resume."""
  flags.DEFINE_string(
      'output', default, "The run's folder; must be new.", flag_values
  )
  flags.DEFINE_bool(
      'resume',
      False,
      'Go on with the run in --output, or start it when there is none.',
      flag_values,
  )


def resolve(path: os.PathLike[str] | str) -> pathlib.Path:
  """A path as the user meant it, who may have called `bazel run`.

  Bazel starts programs in a folder of its own, and names in
  BUILD_WORKING_DIRECTORY where it was called.
  """
  try:
    called_in = os.environ.get('BUILD_WORKING_DIRECTORY') or os.getcwd()
    return pathlib.Path(called_in, pathlib.Path(path).expanduser())
  except FileNotFoundError:
    raise errors.UserError(
        'the current folder has been removed: change to another one'
    ) from None
  except RuntimeError:  # No such user, or one without a home.
    raise errors.UserError(
        f'{os.fspath(path)}: no such home folder: write the path in full'
    ) from None


def make(path: os.PathLike[str] | str) -> pathlib.Path:
  """Resolves a folder's path and makes it: a mistake shows before the work."""
  path = resolve(path)
  try:
    with errors.naming(path):
      path.mkdir(parents=True, exist_ok=True)
  except FileNotFoundError:  # As in /proc, where nobody can make one.
    raise errors.UserError(
        f'{path}: no folder can be made there: choose another path'
    ) from None
  return path


@dataclasses.dataclass(frozen=True)
class Run:
  """A run whose folder is open.

  Attributes:
    path: the folder.
    resumed: whether the folder held this run already.
    finished: whether the run is complete, with nothing left to do.
  """

  path: pathlib.Path
  resumed: bool

  @property
  def finished(self) -> bool:
    return (self.path / FINISHED).exists()

  def finish(self, summary: dict[str, Any]) -> None:
    """Marks the run as complete.

    Args:
      summary: JSON values to keep in `finished.json` beside the time.
    """
    self._mark(FINISHED, {'finished': _now(), **summary})

  def diverge(self, summary: dict[str, Any]) -> None:
    """Marks the run as diverged; `summary` as for `finish`."""
    self._mark(DIVERGED, {'diverged': _now(), **summary})

  def _mark(self, name: str, content: dict[str, Any]) -> None:
    with errors.naming(self.path):
      atomic.write_json(self.path / name, content)

  def log(self, line: str) -> None:
    """Writes a line to `log.txt`, with the time."""
    with errors.naming(self.path / LOG):
      with open(self.path / LOG, 'a', encoding='utf-8') as file:
        file.write(f'{_now()} {line}\n')

  def say(self, line: str) -> None:
    """Writes a line to `log.txt` and to the console."""
    self.log(line)
    progress.write(line)


def _now() -> str:
  now = datetime.datetime.now(datetime.UTC)
  return now.isoformat(timespec='seconds')


@contextlib.contextmanager
def open_run(
    path: os.PathLike[str] | str,
    config: Any,
    resume: bool = False,
    program: str = '',
    quiet: bool = False,
) -> Iterator[Run]:
  """Opens a run's folder for one process.

  Args:
    path: the folder; see `resolve`.
    config: the settings, a dataclass of `config.setting`s.
    resume: whether to go on with the run in the folder. A folder without a run
      starts one.
    program: the module whose command line has the settings; by default the one
      that runs.
    quiet: whether to report in the log alone that the run is finished.

  Yields:
    The run. When it is `finished` there is nothing to do.

  Raises:
    UserError: the folder cannot be written, holds something else, holds a run
      and `resume` is false, holds a run with other settings, or is in use.
  """
  config_lib.validate(config)
  path = make(path)
  with errors.naming(path):  # Before anything is written there.
    if not (path / CONFIG).exists() and (others := _others(path)):
      raise errors.UserError(
          f'{path}: has files ({others[0]}) but no run: choose another '
          '--output'
      )
  with locks.hold(path):
    with errors.naming(path):
      run = Run(path, resumed=(path / CONFIG).exists())
      if run.resumed:
        atomic.remove_leftovers(path)
        _check_resume(run, config, resume)
      else:
        atomic.write_json(path / CONFIG, _description(config, program))
    with _session(run, quiet):
      yield run


def _others(path: pathlib.Path, *names: str) -> list[str]:
  """What lies in a folder besides `names` and what may lie there anyway."""
  # A sweep writes the output before its run starts, and a run that ended at its
  # start leaves the log and the lock.
  free = {LOG, OUTPUT, *names}
  found = sorted(entry.name for entry in path.iterdir())
  return [n for n in found if not n.startswith('.') and n not in free]


def _check_resume(run: Run, config: Any, resume: bool) -> None:
  """Refuses to overwrite a run, or to go on with other settings."""
  if not resume and run.finished:
    raise errors.UserError(
        f'{run.path}: holds a finished run: remove it, or choose another '
        '--output; --resume prints its result'
    )
  if not resume:
    raise errors.UserError(
        f'{run.path}: holds a run: continue it with --resume, or choose '
        'another --output'
    )
  differing = changed_settings(run.path, config)
  if differing:
    raise errors.UserError(
        f'{run.path}: cannot resume with other settings: '
        f'{"; ".join(differing)}: use the same, or choose another --output'
    )


def diverged(path: pathlib.Path) -> bool:
  """Whether the run in a folder diverged, and has not finished since."""
  return (path / DIVERGED).exists() and not (path / FINISHED).exists()


def read_config(path: pathlib.Path) -> dict[str, Any]:
  """Reads what `config.json` in a run's folder says.

  Raises:
    UserError: it is not there or broken.
  """
  try:
    found = reading.read_json(path / CONFIG)
    found['settings'].items()
    found.get('inputs', {}).items()
    return found
  except FileNotFoundError:
    raise errors.UserError(f'{path}: holds no run (no {CONFIG})') from None
  except (ValueError, KeyError, TypeError, AttributeError):
    raise errors.UserError(
        f'{path / CONFIG}: broken: choose another --output'
    ) from None


def short_commit(config: dict[str, Any]) -> str:
  """A run's commit for people, with a + if files were changed since."""
  return config['commit'][:12] + ('+' if config['dirty'] else '')


def changed_settings(path: pathlib.Path, config: Any) -> list[str]:
  """Says which settings of a run differ from `config`, a phrase each."""
  return config_lib.differences(config, read_config(path)['settings'])


def _description(config: Any, program: str) -> dict[str, Any]:
  """The content of `config.json`."""
  settings = config_lib.to_json(config)
  return {
      'settings': settings,
      'command': environment.command(config_lib.to_arguments(config), program),
      'arguments': sys.argv,
      **environment.commit(),
      'versions': environment.versions(),
      'device': environment.device(),
      'seeds': {
          name: value
          for name, value in settings.items()
          if name.rstrip('s').split('_')[-1] == 'seed'
      },
      'started': _now(),
  }


@contextlib.contextmanager
def _session(run: Run, quiet: bool) -> Iterator[None]:
  """Notes in the log how a session begins and ends.

  Leaves the folder free when a setting or file stops a run at its start.
  """
  began = read_config(run.path).get('commit')
  now = environment.commit()['commit']
  if run.finished:
    report = run.log if quiet else run.say
    report(f'{run.path}: already finished: nothing to do')
  else:
    verb = 'resumed' if run.resumed else 'started'
    run.log(f'{verb} at commit {now} on {environment.device_line()}')
    if began != now:
      run.say(
          f'warning: this run began at commit {began}, and goes on at {now}'
      )
  try:
    yield
  except (errors.UserError, errors.Interrupted) as error:
    with contextlib.suppress(errors.UserError):  # As when the disk is full.
      run.log(errors.one_line(error))
    at_start = not run.resumed and not _others(run.path, CONFIG)
    if at_start and isinstance(error, errors.UserError):
      (run.path / CONFIG).unlink()
    raise
  except Exception:
    with contextlib.suppress(errors.UserError):
      run.log(traceback.format_exc())
    raise
