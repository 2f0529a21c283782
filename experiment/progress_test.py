# SPDX-License-Identifier: Apache-2.0
"""Tests for progress."""

import errno
import io
import json
import pathlib
import threading
from unittest import mock

from absl.testing import absltest

from experiment import progress


class Terminal(io.StringIO):

  error: OSError | None = None

  def isatty(self) -> bool:
    return True

  def write(self, text: str) -> int:
    if self.error:
      raise self.error
    return super().write(text)


class ProgressTest(absltest.TestCase):

  def setUp(self):
    super().setUp()
    self.now = 0.0
    self.enter_context(
        mock.patch.object(progress.time, 'monotonic', lambda: self.now)
    )

  def test_few_plain_lines_where_there_is_no_terminal(self):
    stream = io.StringIO()
    with progress.Progress(1000, 0, 'run', stream=stream) as bar:
      for second in range(1, 71):
        self.now = float(second)
        bar.update(10 * second, {'loss': 0.123456})
    # 10 steps a second, of 1000: at 30 s 70 s are left, at 60 s 40 s.
    self.assertEqual(
        stream.getvalue().splitlines(),
        [
            'run  step 300 of 1000  30%  10 steps/s  01:10 left  loss 0.1235',
            'run  step 600 of 1000  60%  10 steps/s  00:40 left  loss 0.1235',
        ],
    )

  def test_a_total_that_is_unknown(self):
    stream = io.StringIO()
    with progress.Progress(0, 0, 'get', unit='MB', stream=stream) as bar:
      self.now = 31.0
      bar.update(62)
    line = stream.getvalue()
    self.assertTrue(line.startswith('get  MB 62  2 MBs/s'), line)

  def test_plain_lines_have_80_columns(self):
    stream = io.StringIO()
    scalars = {f'scalar_{i}': 1234.5 for i in range(9)}
    with progress.Progress(10_000, 0, 'train', stream=stream) as bar:
      self.now = 31.0
      bar.update(31, scalars)
      self.now = 62.0
      bar.update(620, scalars)
    first, second = stream.getvalue().splitlines()
    self.assertEqual(
        first,
        'train  step 31 of 10000  0%  1 steps/s  scalar_0 1234  scalar_1 1234',
    )
    self.assertEqual(
        second, 'train  step 620 of 10000  6%  10 steps/s  15:38 left  '
        'scalar_0 1234',
    )

  def test_time_left_is_not_told_at_the_start(self):
    stream = Terminal()
    with progress.Progress(1000, 500, 'run', stream=stream) as bar:
      bar._bar.mininterval = 0
      self.now = 10.0
      bar.update(509)
      self.assertIsNone(bar.seconds_left())
      self.assertRegex(stream.getvalue(), r'509/1000 \[\d\d:\d\d, ')
      bar.update(510)
      self.assertIsNotNone(bar.seconds_left())
      self.assertRegex(stream.getvalue(), r'510/1000 \[\d\d:\d\d<\d\d:\d\d')

  def test_time_left_is_by_the_rate_of_this_session(self):
    bar = progress.Progress(100, 50, stream=io.StringIO())
    self.assertIsNone(bar.seconds_left())
    self.now = 10.0
    bar.update(60)
    self.assertAlmostEqual(bar.seconds_left(), 40.0)

  def test_a_bar_on_a_terminal(self):
    stream = Terminal()
    with progress.Progress(4, 1, 'run', stream=stream) as bar:
      bar.update(3, {'loss': 0.5})
    self.assertIn('run:  75%', stream.getvalue())
    self.assertIn('3/4', stream.getvalue())
    self.assertIn('loss=0.5', stream.getvalue())

  def test_a_bar_moves_during_a_long_step(self):
    stream = Terminal()
    with (
        mock.patch.object(progress, 'TICK_SECONDS', 0.01),
        progress.Progress(4, 1, 'run', stream=stream) as bar,
        bar.doing('evaluating'),
    ):
      for _ in range(1000):
        if stream.getvalue().count('run, evaluating:') > 3:
          break
        threading.Event().wait(0.01)
    self.assertGreater(stream.getvalue().count('run, evaluating:'), 3)
    bar = progress.Progress(4, 1, 'run', stream=io.StringIO())
    with bar.doing('evaluating'):
      pass
    self.assertEqual(bar._stream.getvalue(), '')

  def test_a_closed_terminal_is_no_error(self):
    stream = Terminal()
    with (
        mock.patch.object(progress.sys, 'stderr', stream),
        progress.Progress(4, 0, 'run', stream=stream) as bar,
    ):
      bar._bar.mininterval = 0
      stream.error = OSError(errno.EIO, 'gone')
      with bar.doing('evaluating'):
        bar.update(1)
      progress.write('a line')

  def test_a_closed_pipe_ends_no_step_but_the_program(self):
    stream = Terminal()
    bar = progress.Progress(4, 0, 'run', stream=stream)
    bar._bar.mininterval = 0
    stream.error = BrokenPipeError(errno.EPIPE, 'gone')
    with bar.doing('evaluating'):
      pass
    with self.assertRaises(BrokenPipeError):
      bar.update(1)
    bar._bar.disable = True
    bar._bar.get_lock().release()  # tqdm has not.

  def test_a_bar_fits_into_80_columns(self):
    stream = Terminal()
    with progress.Progress(216, 0, '', stream=stream, unit='run') as bar:
      bar._bar.dynamic_ncols = lambda _: (80, 24)
      bar.update(
          3.25,
          {'loss': 0.123456789, 'test_action_error': 1e-9, 'score': -123456.0},
          description='Figure 4, choosing, 3 of 216',
      )
    last = stream.getvalue().replace('\n', '').split('\r')[-1]
    self.assertStartsWith(last, 'Figure 4, choosing, 3 of 216:   2%')
    self.assertLessEqual(len(last), 80)

  def test_no_standard_error_is_no_error(self):
    output = io.StringIO()
    with (
        mock.patch.object(progress.sys, 'stderr', None),
        mock.patch.object(progress.sys, 'stdout', output),
    ):
      progress.write('a warning')
      with progress.Progress(10, 0, 'run') as bar:
        self.now += 60
        bar.update(5)
    self.assertEqual(output.getvalue(), '')

  def test_quiet_is_silent(self):
    for stream in (io.StringIO(), Terminal()):
      with progress.Progress(4, quiet=True, stream=stream) as bar:
        self.now += 1000.0
        bar.update(3)
      self.assertEqual(stream.getvalue(), '')


class ProgressFileTest(absltest.TestCase):

  def test_tells_the_share(self):
    folder = pathlib.Path(self.create_tempdir().full_path)
    path = folder / progress.PROGRESS
    self.assertEqual(progress.read_share(folder), 0.0)
    file = progress.ProgressFile(folder, 400)
    with mock.patch.object(progress.time, 'monotonic') as monotonic:
      monotonic.return_value = 10.0
      file.update(100)
      self.assertEqual(progress.read_share(folder), 0.25)
      monotonic.return_value = 10.9
      file.update(200)  # Too soon.
      self.assertEqual(progress.read_share(folder), 0.25)
      monotonic.return_value = 11.0
      file.update(200)
      self.assertEqual(progress.read_share(folder), 0.5)
      file.update(400)  # The end is never too soon.
    self.assertEqual(
        json.loads(path.read_text()),
        {'step': 400, 'total_steps': 400, 'saved': None},
    )

  def test_the_first_checkpoint_is_noted_at_once(self):
    folder = pathlib.Path(self.create_tempdir().full_path)
    self.assertIsNone(progress.read_saved(folder))
    file = progress.ProgressFile(folder, 400)
    file.update(1)
    self.assertIsNone(progress.read_saved(folder))
    file.update(2, saved=2)
    self.assertEqual(progress.read_saved(folder), 2)

  def test_a_broken_file_counts_as_no_progress(self):
    folder = pathlib.Path(self.create_tempdir().full_path)
    for text in (
        '', '{', '[]', '{"step": 1}', '{"step": "a"}', '[' * 100_000,
        '{"step": NaN, "total_steps": 1}', '{"step": 2, "total_steps": -1}',
    ):
      (folder / progress.PROGRESS).write_text(text)
      self.assertEqual(progress.read_share(folder), 0.0)
      self.assertIsNone(progress.read_saved(folder))


if __name__ == '__main__':
  absltest.main()
