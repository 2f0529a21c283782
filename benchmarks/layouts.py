"""Times ways to train many networks in one program, on one and more threads.

    ./bazelw run //benchmarks:layouts -- --docs=docs/benchmarks.md
"""

from experiment.startup import run_main

from collections.abc import Callable
from concurrent import futures
import contextlib
import dataclasses
import functools
import multiprocessing
import time
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from benchmarks import document
from benchmarks import problem
from benchmarks import program
from benchmarks import timing
from experiment import config
from experiment import environment
from experiment import errors
from regression import train
from regression import training

_TEXT = """\
## Layouts of an ensemble

Sobolev steps of many 2-256-256-1 ReLU networks in one compiled program
(`regression/training.py`). The program trains `chunk` networks at a time, their
arrays stacked along a leading axis, and one chunk after the other. The columns
are the time of a joint step against that of chunk 1, on one thread."""

_CORES_TEXT = """\
With chunk 1 on {count} cores, the networks shared out to {count} programs, in
threads of one process or in processes: the share reached of {count} times the
speed of one core. The first is by the wall clock, which other work on the
machine lowers; the second, *CPU*, is what it would be if none had to wait."""


@dataclasses.dataclass(frozen=True)
class Settings(program.Settings):
  """What to measure."""

  rounds: int = config.setting(3, 'How often each side runs.', minimum=1)
  seconds: float = config.setting(
      0.3, 'CPU time of chunk 1 in a round.', 's', above=0
  )
  networks: tuple[int, ...] = config.setting(
      (16, 64), 'Networks in the ensemble.', minimum=1
  )
  batches: tuple[int, ...] = config.setting(
      (32, 100), 'Points a step.', minimum=1
  )
  chunks: tuple[int, ...] = config.setting(
      (2, 4, 8, 0), 'Networks trained together; 0 for all.', minimum=0
  )
  cores: int = config.setting(
      0, 'Cores to compare with one; 0 for all.', minimum=0
  )


class Layout(NamedTuple):
  """How an ensemble is trained; the networks are shared out evenly."""

  chunk: int = 1
  threads: int = 1  # Programs at a time in a process.
  processes: int = 1


@functools.cache
def _trainer(
    networks: int, batch: int, chunk: int, threads: int
) -> Callable[[int], object]:
  """Trains in a program a thread."""
  start = problem.make(batch, networks)
  shares = [
      tf.nest.map_structure(lambda a, i=i: a[i::threads], start)
      for i in range(threads)
  ]
  method = training.Method(chunk=chunk)
  runs = [problem.trainer(*share, method) for share in shares]
  pool = futures.ThreadPoolExecutor(threads)
  return lambda steps: list(pool.map(lambda run: run(steps), runs))


def _clock(case: tuple[int, ...], steps: int) -> tuple[float, float]:
  return timing.clock(_trainer(*case), steps)


class _Workers:
  """Processes that train; one process cannot change its number of threads."""

  def __init__(self, count: int):
    self.count = count
    self._stack = contextlib.ExitStack()
    self._threaded = self._start(count)
    self._single = [self._start(1) for _ in range(count)]

  def _start(self, threads) -> futures.Executor:
    return self._stack.enter_context(
        futures.ProcessPoolExecutor(
            1,
            multiprocessing.get_context('spawn'),
            initializer=train.configure_threads,
            initargs=(threads,),
        )
    )

  def __enter__(self):
    return self

  def __exit__(self, *exception):
    self._stack.close()

  def clock(
      self, networks: int, batch: int, layout: Layout, steps: int
  ) -> tuple[float, float]:
    """The CPU and wall seconds of so many joint steps."""
    used = self._single[: layout.processes]
    if layout.threads > 1:
      used = [self._threaded]
    shares = [len(range(i, networks, len(used))) for i in range(len(used))]
    start = time.perf_counter()
    results = [
        worker.submit(
            _clock, (share, batch, layout.chunk, layout.threads), steps
        )
        for worker, share in zip(used, shares, strict=True)
    ]
    cpu = sum(result.result()[0] for result in results)
    return cpu, time.perf_counter() - start


def _measure_case(workers, networks, batch, settings):
  """The times of a joint step of each layout."""
  clock = functools.partial(workers.clock, networks, batch)
  chunks = {chunk or networks for chunk in settings.chunks}
  layouts = {
      Layout(),
      Layout(threads=workers.count),
      Layout(processes=workers.count),
      *(Layout(chunk) for chunk in chunks if networks % chunk == 0),
  }
  steps = timing.steps_for(
      settings.seconds, functools.partial(clock, Layout())
  )
  # A call copies all networks in and out: little beside the hundreds of steps
  # of a call in earnest, much beside these.
  timers = {
      (layout, count): functools.partial(clock, layout, count)
      for layout in sorted(layouts)
      for count in (0, steps)
  }
  times = timing.interleave(timers, settings.rounds)
  return {
      layout: timing.Times(*(
          (full - empty) / steps
          for full, empty in zip(
              times[layout, steps], times[layout, 0], strict=True
          )
      ))
      for layout in layouts
  }


def _chunk_row(times, networks, settings) -> list[object]:
  one = times[Layout()]
  row = [f'{1e3 * np.median(one.cpu):.1f}']
  for chunk in settings.chunks:
    layout = Layout(chunk or networks)
    row.append(
        timing.ratio(times[layout].cpu, one.cpu) if layout in times else '-'
    )
  return row


def _core_row(times, count) -> list[timing.Ratio]:
  one = times[Layout()]
  row = []
  for many in (times[Layout(threads=count)], times[Layout(processes=count)]):
    row.append(timing.ratio(one.wall / count, many.wall))
    row.append(timing.ratio(one.cpu, many.cpu))
  return row


def measure(settings: Settings) -> str:
  """Returns the section."""
  count = settings.cores or environment.usable_cores()
  if count > min(settings.networks):
    raise errors.UserError(
        f'--networks={min(settings.networks)}: expected one for each of the '
        f'{count} cores, or more; --cores can be fewer'
    )
  of_chunks, of_cores = [], []
  with _Workers(count) as workers:
    for networks in settings.networks:
      for batch in settings.batches:
        times = _measure_case(workers, networks, batch, settings)
        case = [networks, batch]
        of_chunks.append(case + _chunk_row(times, networks, settings))
        of_cores.append(case + _core_row(times, count))
  names = [f'chunk {c}' if c else 'all' for c in settings.chunks]
  head = ('networks', 'batch')
  kinds = ('threads', 'threads, CPU', 'processes', 'processes, CPU')
  return '\n\n'.join((
      _TEXT,
      document.table((*head, 'chunk 1, ms', *names), of_chunks),
      _CORES_TEXT.format(count=count),
      document.table((*head, *kinds), of_cores),
  ))


if __name__ == '__main__':
  run_main(program.main('layouts', Settings, measure, one_core=False))
