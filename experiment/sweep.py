# SPDX-License-Identifier: Apache-2.0
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

from collections.abc import Sequence
from concurrent import futures
import dataclasses
import pathlib
from typing import Any

from experiment import config as config_lib
from experiment import errors
from experiment import machine
from experiment import progress as progress_lib
from experiment import run_folder
from experiment import scheduler
from experiment import stop

_HERE = scheduler.Settings()
_POLL_SECONDS = 0.2
_SHOWN = 5  # Failures in an error.


@dataclasses.dataclass(frozen=True)
class Job:
  """One run.

  Attributes:
    module: the program, as for `python -m`.
    config: its settings, a dataclass of `config.setting`s.
    folder: its run folder, which no other job of the sweep has.
    weight: how much work it is, in any unit, for the time left.
    may_diverge: whether a run that diverged has finished too.
  """

  module: str
  config: Any
  folder: pathlib.Path
  weight: float = 1.0
  may_diverge: bool = False

  @property
  def finished(self) -> bool:
    return (self.folder / run_folder.FINISHED).exists() or (
        self.may_diverge and run_folder.diverged(self.folder)
    )

  @property
  def began(self) -> bool:
    return (self.folder / run_folder.CONFIG).exists()

  def command(self) -> list[str]:
    """The module, and its command line."""
    flags = config_lib.to_arguments(self.config)
    return [self.module, *flags, f'--output={self.folder}', '--resume']

  def done(self) -> float:
    """How much of the work is done."""
    share = 1.0 if self.finished else progress_lib.read_share(self.folder)
    return share * self.weight


def run(
    jobs: Sequence[Job],
    at_once: int | None = None,
    threads_setting: str | None = None,
    description: str = 'sweep',
    where: scheduler.Settings = _HERE,
) -> None:
  """Runs the jobs that are not finished.

  A job that fails does not stop the others. But when the first ones are refused
  at their start, as without their data, the rest is not tried.

  Args:
    jobs: the jobs, in the order in which they start.
    at_once: how many processes to run at a time; by default one per core.
    threads_setting: the name of the setting that takes the number of threads to
      use; each process gets its share of the cores, if its own setting is 0.
      None when there is none.
    description: what the progress begins with.
    where: the scheduler whose workers make the runs, as many at a time as they
      have room for; by default this machine makes them.

  Raises:
    UserError: a folder holds a run with other settings; or jobs failed, and the
      others are done or were not tried. Names them.
    Interrupted: by a signal, after all processes have saved and ended.
  """
  jobs = [
      dataclasses.replace(job, folder=run_folder.resolve(job.folder))
      for job in jobs
  ]
  _check(jobs)
  for field in dataclasses.fields(_HERE):
    if not where.scheduler and getattr(where, field.name) != field.default:
      raise errors.UserError(f'--{field.name}: only with --scheduler')
  with stop.Stop() as stopping:
    if where.scheduler:
      workers = scheduler.connect(where)
    else:
      workers = machine.Machine(at_once, len(jobs), stopping)
    with workers as cluster:
      failures, untried = _run_all(
          jobs, cluster, threads_setting, stopping, description
      )
  if stopping:
    raise errors.Interrupted(
        f'stopped with {sum(job.finished for job in jobs)} of {len(jobs)} runs '
        'finished: the same command continues',
        stopping.signum,
    )
  if failures:
    rest = f' at their start, {untried} were not tried' if untried else ''
    shown = failures[:_SHOWN]
    if failures[_SHOWN:]:
      shown.append(f'and {len(failures) - _SHOWN} more')
    raise errors.UserError(
        f'{len(failures)} of {len(jobs)} runs failed{rest}: '
        f'{"; ".join(shown)}: correct the cause (see {run_folder.OUTPUT} '
        'there); the same command continues'
    )


def _check(jobs: Sequence[Job]) -> None:
  """Refuses what would mix up results, before anything runs."""
  folders = set()
  for job in jobs:
    config_lib.validate(job.config)
    if job.folder in folders:
      raise ValueError(f'jobs: two have the folder {job.folder}')
    folders.add(job.folder)
    if job.began:
      differing = run_folder.changed_settings(job.folder, job.config)
      if differing:
        raise errors.UserError(
            f'{job.folder}: holds a run with other settings: '
            f'{"; ".join(differing)}: remove it, or choose another --output'
        )


def _run_all(
    jobs: Sequence[Job],
    workers: machine.Machine | scheduler.Cluster,
    threads_setting: str | None,
    stopping: stop.Stop,
    description: str,
) -> tuple[list[str], int]:
  """Runs jobs until all have ended.

  Returns:
    A phrase for each that failed, and how many were not tried.
  """
  waiting = [job for job in jobs if not job.finished]
  if len(waiting) < len(jobs):
    finished = len(jobs) - len(waiting)
    progress_lib.write(f'{finished} of {len(jobs)} runs are finished already')
  if waiting and workers.description:
    progress_lib.write(workers.description)
  running: dict[futures.Future, Job] = {}
  failures, refused, asked = [], False, False
  done = {job.folder: job.done() for job in jobs}
  work = sum(job.weight for job in jobs) or 1.0

  def runs_done() -> float:
    return round(sum(done.values()) / work * len(jobs), 2)

  def may_start() -> bool:
    hopeless = refused and not any(done.values())
    return bool(waiting) and not stopping and not hopeless

  with progress_lib.Progress(
      len(jobs), runs_done(), description, unit='run'
  ) as bar:
    while running or may_start():
      while may_start() and len(running) < workers.slots:
        job = waiting.pop(0)
        given = threads_setting and getattr(job.config, threads_setting, 0)
        future = workers.submit(
            job.folder, job.command(), None if given else threads_setting
        )
        running[future] = job
      if stopping and not asked:
        asked = True
        workers.stop()
      ended, _ = futures.wait(running, _POLL_SECONDS, futures.FIRST_COMPLETED)
      done.update({job.folder: job.done() for job in running.values()})
      for job, future in [(running.pop(future), future) for future in ended]:
        reason = _reason(future)
        if reason is None:  # Folders of a network may show it later.
          done[job.folder] = job.weight
        elif not job.finished and not stopping:
          failures.append(f'{job.folder} ({reason})')
          progress_lib.write(f'failed: {failures[-1]}')
          # A run that could not start leaves its folder free.
          refused |= not job.began
      finished = sum(job.weight == done[job.folder] for job in jobs)
      bar.update(
          runs_done(), description=f'{description}, {finished} of {len(jobs)}'
      )
  return failures, len(waiting)


def _reason(future: futures.Future) -> str | None:
  """Why a run has not finished; None when it has."""
  try:
    return future.result()
  except futures.CancelledError:
    return 'the scheduler has forgotten it'
  except Exception as error:  # Such as distributed.KilledWorker.
    return f'{type(error).__name__}: {errors.one_line(error)}'
