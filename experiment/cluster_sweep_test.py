# SPDX-License-Identifier: Apache-2.0
"""A sweep over workers of which one is killed gives the rows of a local one.

Scheduler and workers are programs as on a cluster; about two minutes of CPU.
"""

import dataclasses
import json
import os
import pathlib
import signal
import subprocess
import sys
import threading
from unittest import mock

from absl.testing import absltest

from experiment import config
from experiment import scheduler
from experiment import sweep
from experiment import testing

_STEPS = 3000
_SEEDS = 4


@dataclasses.dataclass(frozen=True)
class Config:
  """The settings of the example program."""

  steps: int = config.setting(400, 'Updates.', minimum=1)
  learning_rate: float = config.setting(0.05, "Adam's.", above=0)
  seed: int = config.setting(0, 'Of the noise.')


class ClusterSweepTest(absltest.TestCase):

  def setUp(self):
    super().setUp()
    self.folder = pathlib.Path(self.create_tempdir().full_path)
    program = testing.example_program(self.folder)
    # Slow enough to be killed in the middle, with many checkpoints.
    text = program.read_text()
    for before, after in (
        ('import dataclasses', 'import dataclasses, time'),
        ('  train(tf', '  time.sleep(0.1)\n    train(tf'),
        ('advance, evaluate,', 'advance, evaluate, checkpoint_seconds=0,'),
    ):
      self.assertIn(before, text)
      text = text.replace(before, after)
    program.write_text(text)
    self.certificate, self.key = testing.make_certificate(self.folder)
    path = [str(self.folder), *sys.path]
    self.enter_context(mock.patch.object(sys, 'path', path))
    self.enter_context(
        mock.patch.dict(os.environ, PYTHONPATH=os.pathsep.join(path))
    )

  def start(self, name: str, *arguments: str) -> subprocess.Popen:
    """Starts one of Dask's programs."""
    output = self.enter_context(open(self.folder / f'{name}.txt', 'w'))
    process = self.enter_context(
        subprocess.Popen(
            [
                sys.executable, '-P', '-m', f'distributed.cli.dask_{name}',
                *arguments,
                f'--tls-ca-file={self.certificate}',
                f'--tls-cert={self.certificate}',
                f'--tls-key={self.key}',
            ],
            stdout=output,
            stderr=output,
            cwd=self.folder,
        )
    )
    self.addCleanup(process.kill)
    return process

  def jobs(self, folder: str) -> list[sweep.Job]:
    return [
        sweep.Job(
            'quadratic',
            Config(_STEPS, seed=seed),
            self.folder / folder / f'{seed}',
        )
        for seed in range(_SEEDS)
    ]

  def test_a_killed_worker_loses_nothing(self):
    file = self.folder / 'scheduler.json'
    self.start(
        'scheduler', '--protocol=tls', '--host=127.0.0.1', '--port=0',
        '--no-dashboard', f'--scheduler-file={file}',
    )
    testing.wait_for(file.exists)
    workers = [
        self.start(
            'worker', f'--scheduler-file={file}', '--no-nanny', '--nthreads=1',
            '--no-dashboard', '--resources=SLOT=1', '--host=127.0.0.1',
        )
        for _ in range(3)
    ]
    address = json.loads(file.read_text())['address']
    self.assertStartsWith(address, 'tls://')
    jobs = self.jobs('cluster')

    def kill_one():
      testing.wait_for(
          lambda: sum((job.folder / 'progress.json').exists() for job in jobs)
          >= 3
      )
      workers[0].send_signal(signal.SIGKILL)

    thread = threading.Thread(target=kill_one)
    thread.start()
    sweep.run(
        jobs,
        where=scheduler.Settings(
            scheduler=address,
            resources=('SLOT=1',),
            tls_ca=self.certificate,
            tls_cert=self.certificate,
            tls_key=self.key,
        ),
    )
    thread.join()
    self.assertEqual(workers[0].wait(), -signal.SIGKILL)
    resumed = [
        job
        for job in jobs
        if 'resumed' in (job.folder / 'log.txt').read_text()
    ]
    self.assertLen(resumed, 1)
    sweep.run(self.jobs('local'))
    for one, other in zip(jobs, self.jobs('local'), strict=True):
      self.assertEqual(testing.rows(one.folder), testing.rows(other.folder))
      self.assertEqual(
          testing.variables(one.folder), testing.variables(other.folder)
      )


if __name__ == '__main__':
  absltest.main()
