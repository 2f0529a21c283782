"""Many runs as processes: as many at once as there are cores.

    jobs = [
        sweep.Job('regression.train', Config(seed=seed), folder / str(seed))
        for seed in range(10)
    ]
    sweep.run(jobs, threads_setting='threads')

Each job is `python -m <module> <flags> --output=<folder> --resume`, with a
program that keeps its run in a `run_folder` and trains in a `loop`. So a sweep
can be stopped and called again: finished jobs are skipped, the others resumed.
"""

from collections.abc import Iterator
from collections.abc import Sequence
import contextlib
import dataclasses
import os
import pathlib
import signal
import time
from typing import Any

from experiment import config as config_lib
from experiment import environment
from experiment import errors
from experiment import progress as progress_lib
from experiment import run_folder
from experiment import starter
from experiment import stop

_POLL_SECONDS = 0.2
_PATIENCE_SECONDS = 10.0  # With processes that are told to end at once.
_TAIL_BYTES = 1 << 16


@dataclasses.dataclass(frozen=True)
class Job:
  """One run.

  Attributes:
    module: the program, as for `python -m`.
    config: its settings, a dataclass of `config.setting`s.
    folder: its run folder, which no other job of the sweep has.
    weight: how much work it is, in any unit, for the time left.
  """

  module: str
  config: Any
  folder: pathlib.Path
  weight: float = 1.0

  @property
  def finished(self) -> bool:
    return (self.folder / run_folder.FINISHED).exists()

  def done(self) -> float:
    """How much of the work is done."""
    share = 1.0 if self.finished else progress_lib.read_share(self.folder)
    return share * self.weight


def run(
    jobs: Sequence[Job],
    at_once: int | None = None,
    threads_setting: str | None = None,
    quiet: bool = False,
    programs: starter.Starter | None = None,
) -> None:
  """Runs the jobs that are not finished.

  A job that fails does not stop the others. But when the first ones are refused
  at their start, as without their data, the rest is not tried.

  Args:
    jobs: the jobs, in the order in which they start.
    at_once: how many processes to run at a time; by default one a core.
    threads_setting: the name of the setting that takes the number of threads to
      use; each process gets its share of the cores. None when there is none.
    quiet: whether to show no progress.
    programs: starts the processes; other sweeps may have the same one, as of
      `importing`. By default one for this sweep.

  Raises:
    UserError: a folder holds a run with other settings; or jobs failed, and the
      others are done or were not tried. Names them.
    Interrupted: by Ctrl-C or SIGTERM, after all processes have saved and ended.
  """
  cores = environment.usable_cores()
  at_once = max(1, min(at_once or cores, len(jobs)))
  changes = {}
  if threads_setting is not None:
    changes[threads_setting] = max(1, cores // at_once)
  jobs = [
      dataclasses.replace(
          job,
          config=dataclasses.replace(job.config, **changes),
          folder=run_folder.resolve(job.folder),
      )
      for job in jobs
  ]
  _check(jobs)
  with stop.Stop() as stopping, contextlib.ExitStack() as stack:
    starts = programs or stack.enter_context(importing())
    live = stack.enter_context(_Programs(starts))
    failures, untried = _run_all(jobs, at_once, live, stopping, quiet)
  if stopping:
    raise errors.Interrupted(
        f'stopped with {sum(job.finished for job in jobs)} of {len(jobs)} runs '
        'finished: the same command continues',
        stopping.signum,
    )
  if failures:
    rest = f' at their start, {untried} were not tried' if untried else ''
    raise errors.UserError(
        f'{len(failures)} of {len(jobs)} runs failed{rest}: '
        f'{"; ".join(failures)}: mend the cause (see {run_folder.OUTPUT} '
        'there); the same command continues'
    )


def importing() -> starter.Starter:
  """For sweeps whose programs use TensorFlow: it is imported only once."""
  return starter.Starter(('tensorflow', 'sonnet'))


def _check(jobs: Sequence[Job]) -> None:
  """Refuses what would mix up results, before anything runs."""
  folders = set()
  for job in jobs:
    config_lib.validate(job.config)
    if job.folder in folders:
      raise ValueError(f'jobs: two have the folder {job.folder}')
    folders.add(job.folder)
    if (job.folder / run_folder.CONFIG).exists():
      differing = run_folder.changed_settings(job.folder, job.config)
      if differing:
        raise errors.UserError(
            f'{job.folder}: holds a run with other settings: '
            f'{"; ".join(differing)}: remove it, or choose another --output'
        )


def _run_all(
    jobs: Sequence[Job],
    at_once: int,
    programs: '_Programs',
    stopping: stop.Stop,
    quiet: bool,
) -> tuple[list[str], int]:
  """Runs jobs until all have ended.

  Returns:
    A phrase for each that failed, and how many were not tried.
  """
  waiting = [job for job in jobs if not job.finished]
  if len(waiting) < len(jobs) and not quiet:
    finished = len(jobs) - len(waiting)
    progress_lib.write(f'{finished} of {len(jobs)} runs are finished already')
  failures, refused = [], False
  done = {job.folder: job.done() for job in jobs}
  work = sum(job.weight for job in jobs) or 1.0

  def runs_done() -> float:
    return round(sum(done.values()) / work * len(jobs), 2)

  def may_start() -> bool:
    hopeless = refused and not any(done.values())
    return bool(waiting) and not stopping and not hopeless

  def fail(job: Job, reason: str) -> None:
    failures.append(f'{job.folder} ({reason})')
    progress_lib.write(f'failed: {failures[-1]}')

  with progress_lib.Progress(
      len(jobs), runs_done(), 'sweep', unit='run', quiet=quiet
  ) as bar:
    while programs.live or may_start():
      if stopping:
        programs.stop()
      while may_start() and len(programs.live) < at_once:
        job = waiting.pop(0)
        try:
          programs.start(job)
        except errors.UserError as error:
          fail(job, str(error))
      time.sleep(_POLL_SECONDS)
      running = list(programs.live)
      for job, reason in programs.reap():
        if reason is not None and not stopping:
          fail(job, reason)
          # A run that could not start leaves its folder free.
          refused |= not (job.folder / run_folder.CONFIG).exists()
      done.update({job.folder: job.done() for job in running})
      bar.update(runs_done())
  return failures, len(waiting)


class _Programs:
  """The programs that run now; ends them when the sweep ends otherwise."""

  def __init__(self, programs: starter.Starter):
    self.live: dict[Job, starter.Program] = {}
    self._output_begins: dict[Job, int] = {}
    self._starter = programs
    self._stopped = False

  def __enter__(self) -> '_Programs':
    return self

  def __exit__(self, *_) -> None:
    self._end(signal.SIGTERM, _PATIENCE_SECONDS)
    self._end(signal.SIGKILL, _PATIENCE_SECONDS)

  def _end(self, signum: int, seconds: float) -> None:
    """Sends a signal to all that live, and waits until they have ended."""
    for program in self.live.values():
      program.send(signum)
    deadline = time.monotonic() + seconds
    while self.live and time.monotonic() < deadline:
      time.sleep(_POLL_SECONDS / 10)
      self._starter.update()
      for job, program in list(self.live.items()):
        if program.code is not None:
          del self.live[job]

  def start(self, job: Job) -> None:
    with errors.naming(job.folder):
      job.folder.mkdir(parents=True, exist_ok=True)
      output = job.folder / run_folder.OUTPUT
      output.touch()
      self._output_begins[job] = output.stat().st_size
      self.live[job] = self._starter.start(
          job.module,
          [
              *config_lib.to_arguments(job.config),
              f'--output={job.folder}',
              '--resume',
          ],
          output,
      )

  def stop(self) -> None:
    """Asks all to save and end; once, as a second time means at once."""
    if not self._stopped:
      self._stopped = True
      for program in self.live.values():
        program.send(signal.SIGTERM)

  def reap(self) -> Iterator[tuple[Job, str | None]]:
    """Yields the jobs that have ended, and why they failed if they did."""
    self._starter.update()
    for job, program in list(self.live.items()):
      if program.code is not None:
        del self.live[job]
        yield job, self._failure(job, program.code)

  def _failure(self, job: Job, code: int) -> str | None:
    if code == 0:
      return None if job.finished else 'it ended without finishing'
    if code < 0:
      return f'killed by {signal.Signals(-code).name}'
    with open(job.folder / run_folder.OUTPUT, 'rb') as file:
      size = file.seek(0, os.SEEK_END)
      file.seek(max(self._output_begins[job], size - _TAIL_BYTES))
      lines = file.read().decode(errors='replace').strip().splitlines()
    said = [line for line in lines if line.startswith('error: ')] or lines
    return said[-1].strip() if said else f'exit code {code}'
