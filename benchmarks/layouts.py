"""Times ways to train many networks in one program, on one and more threads.

    ./bazelw run //benchmarks:layouts -- --docs=docs/benchmarks.md
"""

from collections.abc import Callable
from concurrent import futures
import contextlib
import dataclasses
import functools
import multiprocessing
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from benchmarks import document
from benchmarks import problem
from benchmarks import program
from benchmarks import timing
from regression import train
from regression import training
from sobolev_training.experiment import config
from sobolev_training.experiment import environment

_TEXT = """\
## Layouts of an ensemble

Sobolev steps of many 2-256-256-1 ReLU networks in one compiled program
(`regression/training.py`). The program trains `chunk` networks at a time, their
arrays stacked along a leading axis, and one chunk after the other. The columns
are the time of a joint step against that of chunk 1, on one thread."""

_THREADS_TEXT = """\
With chunk 1, on more threads, a program each with its share of the networks:
the share reached of so many times the speed of one thread. By the wall clock,
other work on the machine lowers it; by CPU time, it is what free cores would
reach if none had to wait for another."""


@dataclasses.dataclass(frozen=True)
class Settings(program.Settings):
  """What to measure."""

  rounds: int = config.setting(5, 'How often each side runs.', minimum=1)
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
  threads: int = config.setting(
      0, 'Threads to compare with one; 0 for all cores.', minimum=0
  )


class Layout(NamedTuple):
  """How an ensemble is trained."""

  chunk: int = 1
  threads: int = 1


@functools.cache
def _trainer(
    networks: int, batch: int, layout: Layout
) -> Callable[[int], object]:
  """Trains in a program a thread, each with its share of the networks."""
  start = problem.make(batch, networks)
  threads = layout.threads
  shares = [
      tf.nest.map_structure(lambda a, i=i: a[i::threads], start)
      for i in range(threads)
  ]
  method = training.Method(chunk=layout.chunk)
  runs = [problem.trainer(*share, method) for share in shares]
  pool = futures.ThreadPoolExecutor(threads)
  return lambda steps: list(pool.map(lambda run: run(steps), runs))


def _clock(case, steps: int) -> tuple[float, float]:
  return timing.clock(_trainer(*case), steps)


def _start_worker(threads: int) -> futures.Executor:
  """A process of so many threads; one process cannot change their number."""
  return futures.ProcessPoolExecutor(
      1,
      multiprocessing.get_context('spawn'),
      initializer=train.configure_threads,
      initargs=(threads,),
  )


def _measure_case(workers, networks, batch, settings):
  """The times of a joint step of each layout."""

  def run(layout, steps):
    case = (networks, batch, layout)
    return workers[layout.threads].submit(_clock, case, steps).result()

  layouts = {Layout(threads=threads) for threads in workers}
  chunks = {chunk or networks for chunk in settings.chunks}
  layouts |= {Layout(chunk) for chunk in chunks if networks % chunk == 0}
  steps = timing.steps_for(settings.seconds, functools.partial(run, Layout()))
  # A call copies all networks in and out: little beside the hundreds of steps
  # of a call in earnest, much beside these.
  timers = {
      (layout, count): functools.partial(run, layout, count)
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


def _rows(workers, settings) -> tuple[list[list[object]], list[list[object]]]:
  """The rows of the table of chunks and of the table of threads."""
  of_chunks, of_threads = [], []
  for networks in settings.networks:
    for batch in settings.batches:
      times = _measure_case(workers, networks, batch, settings)
      one = times[Layout()]
      of_chunks.append([networks, batch, f'{1e3 * np.median(one.cpu):.1f}'])
      for chunk in settings.chunks:
        layout = Layout(chunk or networks)
        of_chunks[-1].append(
            timing.ratio(times[layout].cpu, one.cpu) if layout in times else '-'
        )
      threads = max(workers)
      many = times[Layout(threads=threads)]
      by_wall = timing.ratio(one.wall / threads, many.wall)
      by_cpu = timing.ratio(one.cpu, many.cpu)
      of_threads.append([networks, batch, threads, by_wall, by_cpu])
  return of_chunks, of_threads


def measure(settings: Settings) -> str:
  """Returns the section."""
  threads = settings.threads or environment.usable_cores()
  with contextlib.ExitStack() as stack:
    workers = {
        count: stack.enter_context(_start_worker(count))
        for count in sorted({1, threads})
    }
    of_chunks, of_threads = _rows(workers, settings)
  names = [f'chunk {c}' if c else 'all' for c in settings.chunks]
  head = ('networks', 'batch')
  return '\n\n'.join((
      _TEXT,
      document.table((*head, 'chunk 1, ms', *names), of_chunks),
      _THREADS_TEXT,
      document.table(
          (*head, 'threads', 'by wall clock', 'by CPU time'), of_threads
      ),
  ))


if __name__ == '__main__':
  program.run('layouts', Settings, measure, one_core=False)
