# SPDX-License-Identifier: Apache-2.0
"""Tests for scheduler, with workers that are threads of this process."""

import dataclasses
import json
import pathlib
import sys
import tempfile
import threading
from unittest import mock

from absl.testing import absltest
from absl.testing import parameterized
import distributed
from distributed import security

from experiment import config
from experiment import errors
from experiment import locks
from experiment import scheduler
from experiment import stop
from experiment import sweep
from experiment import testing

# A program that is quick to start, as it imports none of ours.
_PROGRAM = """
import json, os, pathlib, signal, sys, time

flags = dict(a.lstrip('-').partition('=')[::2] for a in sys.argv[1:])
folder = pathlib.Path(flags['output'])
(folder / 'config.json').write_text(
    '{"settings": {"mode": "%s"}}' % flags['mode'])
if flags['mode'] == 'bad':
  sys.exit('error: the cause: the way out')
if flags['mode'] == 'long' and not (folder / 'saved').exists():
  def save(*_):
    (folder / 'saved').touch()
    sys.exit(129)
  signal.signal(signal.SIGHUP, save)
  (folder / 'ready').touch()
  time.sleep(60)
(folder / 'note.json').write_text(json.dumps(flags))
(folder / 'finished.json').write_text('{}')
"""


@dataclasses.dataclass(frozen=True)
class Config:
  mode: str = config.setting('', 'What the program does.')
  threads: int = config.setting(0, 'Threads.', affects_result=False)


class SchedulerTest(parameterized.TestCase):

  @classmethod
  def setUpClass(cls):
    super().setUpClass()
    folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
    certificate, key = testing.make_certificate(folder)
    names = ('client', 'scheduler', 'worker')
    cls.cluster = cls.enterClassContext(
        distributed.LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            processes=False,
            protocol='tls://',
            security=security.Security(
                tls_ca_file=certificate,
                require_encryption=True,
                **{f'tls_{name}_cert': certificate for name in names},
                **{f'tls_{name}_key': key for name in names},
            ),
            resources={'GPU': 1},
            dashboard_address=None,
        )
    )
    cls.settings = scheduler.Settings(
        scheduler=cls.cluster.scheduler_address,
        resources=('GPU=1',),
        tls_ca=certificate,
        tls_cert=certificate,
        tls_key=key,
    )

  def setUp(self):
    super().setUp()
    self.folder = pathlib.Path(self.create_tempdir().full_path)
    (self.folder / 'fake_program.py').write_text(_PROGRAM)
    self.enter_context(
        mock.patch.object(sys, 'path', [str(self.folder), *sys.path])
    )

  def jobs(self, *modes: str) -> list[sweep.Job]:
    return [
        sweep.Job('fake_program', Config(mode), self.folder / f'{index}')
        for index, mode in enumerate(modes)
    ]

  def sweep(self, *modes: str, **arguments) -> None:
    sweep.run(
        self.jobs(*modes), where=self.settings, **arguments
    )

  def test_runs_on_its_workers(self):
    with mock.patch.object(
        scheduler.environment, 'usable_cores', lambda: 6
    ):
      self.sweep('one', 'two', 'three', threads_setting='threads')
    for index, mode in enumerate(('one', 'two', 'three')):
      note = json.loads((self.folder / f'{index}' / 'note.json').read_text())
      self.assertEqual(note['mode'], mode)
      self.assertEqual(note['threads'], '6')
      self.assertIn('resume', note)

  def test_failures_are_named(self):
    with self.assertRaisesRegex(
        errors.UserError, r'1 of 2 runs failed: .*/0 \(error: the cause'
    ):
      self.sweep('bad', 'good')

  def test_a_request_to_stop_reaches_the_runs(self):
    stopping = stop.Stop()

    def request():
      for index in range(2):
        testing.wait_for((self.folder / f'{index}' / 'ready').exists)
      stopping._handle(15, None)

    thread = threading.Thread(target=request)
    thread.start()
    with (
        mock.patch.object(stop, 'Stop', lambda: stopping),
        self.assertRaisesRegex(errors.Interrupted, 'with 0 of 3 runs finished'),
    ):
      self.sweep('long', 'long', 'good')
    thread.join()
    for index in range(2):
      self.assertTrue((self.folder / f'{index}' / 'saved').exists())
    self.assertFalse((self.folder / '2' / 'config.json').exists())
    self.sweep('long', 'long', 'good')
    self.assertTrue(all(job.finished for job in self.jobs('a', 'b', 'c')))

  def test_runs_stop_when_nobody_waits_for_them(self):
    with scheduler.connect(self.settings) as cluster:
      (job,) = self.jobs('long')
      cluster.submit(job.folder, job.command(), None)
      testing.wait_for((job.folder / 'ready').exists)
    testing.wait_for((job.folder / 'saved').exists)

  def test_waits_for_the_run_of_a_worker_that_was_lost(self):
    (job,) = self.jobs('good')
    job.folder.mkdir()
    with locks.hold(job.folder):
      with scheduler.connect(self.settings) as cluster:
        future = cluster.submit(job.folder, job.command(), None)
        with self.assertRaises(TimeoutError):
          future.result(timeout=2)
        self.assertFalse((job.folder / 'config.json').exists())
    self.sweep('good')
    self.assertTrue(job.finished)

  def test_says_what_there_is(self):
    with scheduler.connect(self.settings) as cluster:
      self.assertEqual(cluster.description, '2 workers for 2 runs at a time')
    settings = dataclasses.replace(self.settings, resources=('GPU=2',))
    with scheduler.connect(settings) as cluster:
      self.assertRegex(cluster.description, '^0 workers .* wait for the first')

  @parameterized.parameters(
      ({'scheduler': 'host:8786'}, 'expected tls://host:port'),
      ({'scheduler': 'tcp://host:8786'}, 'without TLS .* --insecure'),
      ({'resources': ('GPU',)}, '^--resources=GPU: expected name=number'),
      ({'tls_ca': 'nowhere.pem'}, 'cannot connect .*--tls_ca'),
  )
  def test_what_is_wrong_is_one_line(self, changes, message):
    settings = dataclasses.replace(self.settings, **changes)
    with self.assertRaisesRegex(errors.UserError, message):
      with scheduler.connect(settings):
        pass

  def test_a_scheduler_that_does_not_answer(self):
    (address,) = testing.free_addresses(1)
    settings = dataclasses.replace(self.settings, scheduler=f'tls://{address}')
    timeouts = distributed.config['distributed']['comm']['timeouts']
    with (
        mock.patch.dict(timeouts, connect='0.3s'),
        self.assertRaisesRegex(errors.UserError, 'start the scheduler'),
    ):
      with scheduler.connect(settings):
        pass


if __name__ == '__main__':
  absltest.main()
