# SPDX-License-Identifier: Apache-2.0
"""Tests that a run that is killed ends as one that is not, to the bit.

They run the example program in the docstring of `loop`.
"""

import contextlib
import functools
import os
import pathlib
import random
import shutil
import signal
import tempfile
import time

from absl.testing import absltest
from absl.testing import parameterized
import tensorflow as tf

from experiment import atomic
from experiment import checkpoint
from experiment import loop
from experiment import testing

_STEPS = 1200  # With a checkpoint each 20 steps, at the evaluations.


def _run(path: pathlib.Path, *arguments: str) -> None:
  """Runs the program with as many checkpoints as possible."""
  loop.run = functools.partial(loop.run, checkpoint_seconds=0)
  testing.run_program(path, f'--steps={_STEPS}', '--resume', *arguments)


def _run_slowly(path: pathlib.Path, *arguments: str) -> None:
  timed = loop._timed

  def slow(*arguments):
    time.sleep(0.05)
    return timed(*arguments)

  loop._timed = slow
  _run(path, *arguments)


def _run_and_die(
    path: pathlib.Path, save: int, count: int, *arguments: str
) -> None:
  """Is killed in place of something that it would do to its files.

  Args:
    path: the program.
    save: the number of the save in which this happens, from 1; 0 is the start.
    count: how many such things it does before.
    *arguments: the command line.
  """
  left = None if save else count
  saves = 0
  whole_save = checkpoint.Checkpointer.save

  def counted_save(*arguments):
    nonlocal left, saves
    saves += 1
    if saves == save:
      left = count
    whole_save(*arguments)

  def dying(function):
    def wrapper(*arguments, **keywords):
      nonlocal left
      if left is not None:
        left -= 1
        if left < 0:
          os.kill(os.getpid(), signal.SIGKILL)
      return function(*arguments, **keywords)

    return wrapper

  checkpoint.Checkpointer.save = counted_save
  atomic.sync = dying(atomic.sync)
  pathlib.Path.mkdir = dying(pathlib.Path.mkdir)
  pathlib.Path.replace = dying(pathlib.Path.replace)
  pathlib.Path.write_text = dying(pathlib.Path.write_text)
  shutil.rmtree = dying(shutil.rmtree)
  # After two short calls, to the next evaluation in one: so the third save and
  # those after it come after an evaluation.
  loop.call_length = lambda *_: _STEPS
  _run(path, *arguments)


def _events(run: pathlib.Path) -> list[tuple[int, str, float]]:
  """What TensorBoard reads: step, tag and value, in order of the steps.

  Files of the same second have names in no order.
  """
  return sorted(
      (event.step, value.tag, float(tf.make_ndarray(value.tensor)))
      for path in (run / 'events').iterdir()
      for event in tf.compat.v1.train.summary_iterator(str(path))
      for value in event.summary.value
  )


class KillTest(parameterized.TestCase):

  @classmethod
  def setUpClass(cls):
    super().setUpClass()
    cls.folder = pathlib.Path(
        tempfile.mkdtemp(dir=absltest.get_default_test_tmpdir())
    )
    cls.program = testing.example_program(cls.folder)
    cls.whole = cls.folder / 'whole'
    assert cls.start(cls.whole).wait() == 0

  @classmethod
  def start(
      cls, run: pathlib.Path, how=_run, *arguments
  ) -> testing.Process:
    return testing.Process(
        cls.folder / f'{run.name}.txt',
        how,
        cls.program,
        *arguments,
        f'--output={run}',
    )

  def checkpoints(self, run: pathlib.Path) -> list[pathlib.Path]:
    return sorted((run / 'checkpoints').glob('step_*'))

  def assert_finished(self, run: pathlib.Path) -> None:
    """Asserts that a run ended as the one that nothing happened to."""
    self.assertTrue((run / 'finished.json').exists())
    self.assertEqual(testing.variables(run), testing.variables(self.whole))
    self.assertEqual(testing.rows(run), testing.rows(self.whole))
    self.assertEqual(_events(run), _events(self.whole))
    # Nothing is left of what was half written.
    for folder in ('', 'checkpoints'):
      self.assertEqual(
          [path.name for path in sorted((run / folder).glob('*'))],
          [path.name for path in sorted((self.whole / folder).glob('*'))],
      )
    self.assertEmpty(list(run.glob('.*.tmp')))

  def test_the_whole_run_is_whole(self):
    rows = testing.rows(self.whole)
    self.assertEqual(list(rows[0]), ['step', 'loss'])
    steps = [int(row['step']) for row in rows]
    self.assertEqual(steps, list(range(0, _STEPS + 1, 20)))
    values = testing.variables(self.whole)
    self.assertLen(values, 2)
    for value in values.values():
      self.assertLen(value, 8)  # Two float32.

  def test_killed_at_each_moment_of_a_save(self):
    run = self.folder / 'each_moment'
    # To make a run it does 8 such things, in a save 12: a folder, two files,
    # five syncs, the new name, a sync, and to remove the oldest one two more.
    moments = [(0, n) for n in range(9)] + [(4, n) for n in range(12)]
    for save, count in moments:
      code = self.start(run, _run_and_die, save, count).wait()
      self.assertEqual(code, -signal.SIGKILL)
    self.assertEqual(self.start(run).wait(), 0)
    self.assert_finished(run)

  def test_killed_at_random(self):
    run = self.folder / 'random'
    rng = random.Random(0)
    for _ in range(3):
      process = self.start(run)
      time.sleep(rng.uniform(0.2, 0.8))
      with contextlib.suppress(ProcessLookupError):  # It may have finished.
        process.send(signal.SIGKILL)
      self.assertIn(process.wait(), (0, -signal.SIGKILL))
    self.assertEqual(self.start(run).wait(), 0)
    self.assert_finished(run)

  @parameterized.parameters(
      (signal.SIGTERM, 143), (signal.SIGINT, 130), (signal.SIGHUP, 129)
  )
  def test_signals_save_and_end(self, signum, code):
    run = self.folder / signum.name
    process = self.start(run, _run_slowly)
    testing.wait_for(lambda: bool(self.checkpoints(run)))
    process.send(signum)
    self.assertEqual(process.wait(), code)
    saved = int(self.checkpoints(run)[-1].name.removeprefix('step_'))
    self.assertEndsWith(
        process.output(),
        f'{run}: saved at step {saved} of {_STEPS}: continue with --resume\n',
    )
    self.assertEqual(self.start(run).wait(), 0)
    self.assert_finished(run)

  def test_a_second_signal_ends_at_once(self):
    run = self.folder / 'second'
    process = self.start(run, _run_slowly)
    testing.wait_for(lambda: bool(self.checkpoints(run)))
    process.send(signal.SIGINT)
    process.send(signal.SIGTERM)
    self.assertEqual(process.wait(), 143)
    self.assertEqual(self.start(run).wait(), 0)
    self.assert_finished(run)

  def test_goes_on_from_an_older_checkpoint(self):
    run = self.folder / 'damaged'
    process = self.start(run, _run_slowly)
    testing.wait_for(lambda: len(self.checkpoints(run)) == 2)
    process.send(signal.SIGKILL)
    process.wait()
    older, newer = self.checkpoints(run)[-2:]
    path = newer / 'state.data-00000-of-00001'
    content = bytearray(path.read_bytes())
    content[3] ^= 16
    path.write_bytes(content)
    process = self.start(run)
    self.assertEqual(process.wait(), 0)
    self.assertIn(
        f'{newer}: {path.name} has changed (its SHA-256 differs): using '
        f'{older.name} instead\n',
        process.output(),
    )
    self.assert_finished(run)

  def test_a_finished_run_stays_as_it_is(self):
    run = self.folder / 'finished'
    shutil.copytree(self.whole, run)
    process = self.start(run)
    self.assertEqual(process.wait(), 0)
    self.assertEqual(
        process.output(), f'{run}: already finished: nothing to do\n'
    )
    self.assert_finished(run)


if __name__ == '__main__':
  absltest.main()
