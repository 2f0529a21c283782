# SPDX-License-Identifier: Apache-2.0
"""Tests for sweep."""

import dataclasses
import functools
import json
import os
import pathlib
import signal
import sys
from unittest import mock

from absl.testing import absltest

from experiment import config
from experiment import environment
from experiment import errors
from experiment import run_folder
from experiment import scheduler
from experiment import sweep
from experiment import testing

# A program that is quick to start, as it imports none of ours. It does what a
# run does to its folder, and notes when it was there.
_PROGRAM = """
import json, os, pathlib, signal, sys, time

flags = dict(a.lstrip('-').partition('=')[::2] for a in sys.argv[1:])
folder = pathlib.Path(flags['output'])
note = {'flags': flags, 'began': time.time(), 'cwd': os.getcwd()}
note['onednn'] = os.environ.get('TF_ENABLE_ONEDNN_OPTS')
mode = flags.get('mode', 'good')
print('running', mode)
if mode == 'refused':
  print('error: no data')
  sys.exit(2)
(folder / 'config.json').write_text('{"settings": {"mode": "%s"}}' % mode)
if mode == 'bad':
  print('Traceback of something\\nerror: the cause: the way out\\nbye')
  sys.exit(2)
if mode == 'odd':
  print('what happened')
  sys.exit(1)
if mode == 'shot':
  os.kill(os.getpid(), signal.SIGKILL)
if mode == 'idle':
  sys.exit(0)
if mode == 'long' and not (folder / 'saved').exists():
  def save(*_):
    (folder / 'saved').touch()
    sys.exit(129)
  signal.signal(signal.SIGHUP, save)
  (folder / 'progress.json').write_text('{"step": 1, "total_steps": 4}')
  time.sleep(60)
if mode == 'slow':  # To save, when it is asked to.
  def leave(*_):
    (folder / 'left').touch()
    sys.exit(143)
  signal.signal(signal.SIGHUP, lambda *_: (folder / 'asked').touch())
  signal.signal(signal.SIGTERM, leave)
  (folder / 'progress.json').write_text('{"step": 1, "total_steps": 4}')
  time.sleep(60)
time.sleep(0.3)
note['ended'] = time.time()
(folder / 'note.json').write_text(json.dumps(note))
(folder / 'finished.json').write_text('{}')
"""


@dataclasses.dataclass(frozen=True)
class Config:
  mode: str = config.setting('good', 'What the program does.')
  threads: int = config.setting(0, 'Threads.', affects_result=False)


@dataclasses.dataclass(frozen=True)
class Quadratic:
  """The settings of the example program."""

  steps: int = config.setting(400, 'Updates.', minimum=1)
  learning_rate: float = config.setting(0.05, 'Learning rate.', above=0)
  seed: int = config.setting(0, 'Of the noise.')


def _sweep(folder: pathlib.Path, modes: list[str]) -> None:
  """A program that runs a sweep."""
  sys.argv = ['sweep']
  sys.path.insert(0, str(folder))
  jobs = [
      sweep.Job('fake', Config(mode), folder / f'{index}')
      for index, mode in enumerate(modes)
  ]
  errors.run_main(lambda _: sweep.run(jobs, at_once=2))


class SweepTest(absltest.TestCase):

  def setUp(self):
    super().setUp()
    self.folder = pathlib.Path(self.create_tempdir().full_path)
    (self.folder / 'fake.py').write_text(_PROGRAM)
    self.enter_context(
        mock.patch.object(sys, 'path', [str(self.folder), *sys.path])
    )

  def jobs(self, *modes: str) -> list[sweep.Job]:
    return [
        sweep.Job('fake', Config(mode), self.folder / f'{index}')
        for index, mode in enumerate(modes)
    ]

  def note(self, index: int) -> dict:
    return json.loads((self.folder / f'{index}' / 'note.json').read_text())

  def sweep(self, *modes: str, **arguments) -> None:
    sweep.run(self.jobs(*modes), **arguments)

  def test_runs_so_many_at_once(self):
    self.sweep('good', 'good', 'good', 'good', 'good', at_once=2)
    notes = [self.note(index) for index in range(5)]
    for note in notes:
      running = [
          other
          for other in notes
          if other['began'] <= note['began'] < other['ended']
      ]
      self.assertBetween(len(running), 1, 2)

  def test_as_many_as_cores_each_with_its_share_of_threads(self):
    with mock.patch.object(environment, 'usable_cores', lambda: 6):
      self.sweep('good', 'good', threads_setting='threads')
    self.assertEqual(self.note(0)['flags']['threads'], '3')
    self.assertEqual(self.note(1)['flags']['threads'], '3')

  def test_so_many_threads_as_are_given(self):
    job = sweep.Job('fake', Config(threads=5), self.folder / '0')
    with mock.patch.object(environment, 'usable_cores', lambda: 6):
      sweep.run([job], threads_setting='threads')
    self.assertEqual(self.note(0)['flags']['threads'], '5')

  def test_onednn_unless_it_is_turned_off(self):
    self.sweep('good')
    expected = os.environ.get('TF_ENABLE_ONEDNN_OPTS', '1')
    self.assertEqual(self.note(0)['onednn'], expected)

  def test_the_command_line(self):
    self.sweep('good')
    note = self.note(0)
    self.assertEqual(
        note['flags'], {'output': f'{self.folder}/0', 'resume': ''}
    )
    self.assertEqual(note['cwd'], os.getcwd())
    self.assertEqual(
        (self.folder / '0' / 'output.txt').read_text(), 'running good\n'
    )

  def test_finished_ones_are_skipped(self):
    self.sweep('good')
    before = self.note(0)
    self.sweep('good', 'good')
    self.assertEqual(self.note(0), before)
    self.assertGreater(self.note(1)['began'], before['ended'])

  def test_failures_are_named_and_the_others_go_on(self):
    with self.assertRaises(errors.UserError) as caught:
      self.sweep('bad', 'odd', 'shot', 'idle', 'good', at_once=2)
    message = str(caught.exception)
    self.assertStartsWith(message, '4 of 5 runs failed: ')
    for index, reason in enumerate((
        'error: the cause: the way out',
        'what happened',
        'killed by SIGKILL',
        'it ended without finishing',
    )):
      self.assertIn(f'{self.folder}/{index} ({reason})', message)
    self.assertNotIn('\n', message)
    self.assertIsNotNone(self.note(4))

  def test_when_the_first_are_refused_the_rest_is_not_tried(self):
    with self.assertRaisesRegex(
        errors.UserError,
        r'2 of 5 runs failed at their start, 3 were not tried: .*\(error: no ',
    ):
      self.sweep('refused', 'refused', 'good', 'good', 'good', at_once=2)
    self.assertFalse((self.folder / '2').exists())
    # Where others run, it is not for something that all need.
    with self.assertRaisesRegex(errors.UserError, '1 of 3 runs failed: '):
      self.sweep('good', 'refused', 'good', at_once=1)

  def test_a_folder_that_cannot_be_made_is_a_failure(self):
    jobs = self.jobs('good', 'good')
    (self.folder / '0').touch()
    jobs[0] = dataclasses.replace(jobs[0], folder=self.folder / '0' / 'x')
    with self.assertRaisesRegex(
        errors.UserError, '^1 of 2 runs failed: .*/0/x .*not a directory'
    ):
      sweep.run(jobs)
    self.assertIsNotNone(self.note(1))

  def test_other_settings_are_refused_before_anything_runs(self):
    self.sweep('good', 'good')
    with self.assertRaisesRegex(
        errors.UserError,
        f'^{self.folder}/1: holds a run with other settings: --mode was good '
        'and is now long.*: remove it, or choose',
    ):
      self.sweep('good', 'long', 'good')
    self.assertFalse((self.folder / '2').exists())

  def test_a_scheduler_s_settings_without_one_are_refused(self):
    where = scheduler.Settings(resources=('GPU=1',))
    with self.assertRaisesRegex(errors.UserError, '^--resources: only with'):
      sweep.run([], where=where)

  def test_two_jobs_in_one_folder_are_refused(self):
    jobs = self.jobs('good') * 2
    with self.assertRaisesRegex(ValueError, f'two have .* {jobs[0].folder}'):
      sweep.run(jobs)

  def test_no_jobs_are_no_work(self):
    sweep.run([])


class StopTest(absltest.TestCase):

  def setUp(self):
    super().setUp()
    self.folder = pathlib.Path(self.create_tempdir().full_path)
    (self.folder / 'fake.py').write_text(_PROGRAM)

  def start(self, *modes: str) -> testing.Process:
    return testing.Process(
        self.folder / 'output.txt', _sweep, self.folder, list(modes)
    )

  def has(self, name: str, *indices: int) -> bool:
    return all(
        (self.folder / f'{index}' / name).exists() for index in indices
    )

  def test_a_signal_is_passed_on_and_a_later_call_goes_on(self):
    for signum, code in ((signal.SIGTERM, 143), (signal.SIGINT, 130)):
      process = self.start('long', 'long', 'good')
      testing.wait_for(functools.partial(self.has, 'progress.json', 0, 1))
      process.send(signum)
      self.assertEqual(process.wait(), code)
      # When it ends, all others have.
      self.assertTrue(self.has('saved', 0, 1))
      self.assertFalse((self.folder / '2').exists())
      self.assertEndsWith(
          process.output(),
          'stopped with 0 of 3 runs finished: the same command continues\n',
      )
      for index in range(2):
        (self.folder / f'{index}' / 'progress.json').unlink()
        if signum == signal.SIGTERM:
          (self.folder / f'{index}' / 'saved').unlink()
    process = self.start('long', 'long', 'good')
    self.assertEqual(process.wait(), 0, process.output())
    self.assertTrue(self.has('finished.json', 0, 1, 2))

  def test_a_second_signal_does_not_wait(self):
    process = self.start('slow')
    testing.wait_for(functools.partial(self.has, 'progress.json', 0))
    process.send(signal.SIGINT)
    testing.wait_for(functools.partial(self.has, 'asked', 0))
    self.assertFalse(self.has('left', 0))
    process.send(signal.SIGTERM)
    self.assertEqual(process.wait(), 143)
    self.assertTrue(self.has('left', 0))


class ProgressTest(absltest.TestCase):

  def test_work_done_is_by_weight(self):
    folder = pathlib.Path(self.create_tempdir().full_path)
    job = sweep.Job('fake', Config(), folder, weight=3.0)
    self.assertEqual(job.done(), 0.0)
    (folder / 'progress.json').write_text('{"step": 1, "total_steps": 4}')
    self.assertEqual(job.done(), 0.75)
    (folder / 'finished.json').write_text('{}')
    self.assertEqual(job.done(), 3.0)


class ExampleTest(absltest.TestCase):

  def test_runs_real_programs(self):
    folder = pathlib.Path(self.create_tempdir().full_path)
    testing.example_program(folder)
    jobs = [
        sweep.Job('quadratic', Quadratic(seed=seed), folder / f'{seed}')
        for seed in (0, 7)
    ]
    with mock.patch.object(sys, 'path', [str(folder), *sys.path]):
      sweep.run(jobs)
      sweep.run(jobs)
    for job, seed in zip(jobs, (0, 7), strict=True):
      self.assertTrue(job.finished)
      stored = run_folder.read_config(job.folder)
      self.assertEqual(stored['settings']['seed'], seed)
      flag = r' (-- )?--seed=7' if seed else ''
      self.assertRegex(stored['command'], f'quadratic{flag}$')
      self.assertLen((job.folder / 'metrics.csv').read_text().split(), 22)


if __name__ == '__main__':
  absltest.main()
