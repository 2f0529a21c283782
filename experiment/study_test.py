# SPDX-License-Identifier: Apache-2.0
"""Tests for study."""

import contextlib
import dataclasses
import io
import pathlib
import sys
from unittest import mock

from absl.testing import absltest

from experiment import config
from experiment import errors
from experiment import study
from experiment import sweep
from experiment import testing

_PROGRAM = """
import pathlib, sys

given = dict(a.lstrip('-').partition('=')[::2] for a in sys.argv[1:])
folder = pathlib.Path(given['output'])
(folder / 'config.json').write_text('{"settings": {"number": 1}}')
(folder / 'result.txt').write_text(given['number'])
(folder / 'finished.json').write_text('{}')
"""


@dataclasses.dataclass(frozen=True)
class Plan(study.Plan):
  scale: str = config.setting('laptop', 'Which.', choices=('laptop', 'smoke'))


@dataclasses.dataclass(frozen=True)
class Settings:
  number: int = config.setting(1, 'A number.')


def _run(plan, given, output, rows=None):
  settings = Settings(**{'number': 2, **given})
  label = config.label(plan.scale, settings, Settings(2))
  made = study.Study('Figure 9', label, plan, output, rows)
  (folder,) = made.run(
      [sweep.Job('study_program', settings, made.folder / 'one')],
      'training',
      threads_setting=None,
  )

  def write(rows):
    (rows / 'rows.csv').write_text((folder / 'result.txt').read_text())

  made.collect(write)
  made.figure('figure9.png').touch()
  return made


def _program(folder, *arguments):
  sys.path.insert(0, str(folder))
  sys.argv = ['program', f'--output={folder}', *arguments]
  errors.run_main(study.main(Plan, Settings, 'unused', _run))


class StudyTest(absltest.TestCase):

  def setUp(self):
    super().setUp()
    self.folder = pathlib.Path(self.create_tempdir().full_path)
    (self.folder / 'study_program.py').write_text(_PROGRAM)
    self.enter_context(
        mock.patch.object(sys, 'path', [str(self.folder), *sys.path])
    )
    self.enter_context(contextlib.redirect_stderr(io.StringIO()))

  def test_rows_stay_in_the_study_s_folder(self):
    made = _run(Plan(), {'number': 3}, self.folder)
    folder = self.folder / 'laptop-number=3'
    self.assertEqual((folder / 'results' / 'rows.csv').read_text(), '3')
    self.assertEqual(made.figures, [folder / 'figure9.png'])
    self.assertEqual(made.known(), made.rows)
    self.assertEqual(
        str(made),
        f'Rows: {folder}/results\nFigure: {folder}/figure9.png',
    )

  def test_merges_when_it_is_asked_to(self):
    merged = self.folder / 'results'
    made = _run(Plan(results=str(merged)), {}, self.folder)
    self.assertEqual((merged / 'rows.csv').read_text(), '2')
    self.assertEqual((made.rows / 'rows.csv').read_text(), '2')
    self.assertEqual(made.known(), merged)
    self.assertIn(f'merged into {merged}\n', str(made))

  def test_another_program_may_say_where_the_rows_go(self):
    _run(Plan(scale='smoke'), {}, self.folder, self.folder / 'report')
    self.assertEqual((self.folder / 'report' / 'rows.csv').read_text(), '2')

  def test_smoke_is_never_merged_with_other_scales(self):
    merged = self.folder / 'results'
    merged.mkdir()
    rows = 'scale,value\nsmoke steps=2,1\n'
    (merged / 'other.csv').write_text(rows)
    for given in ({}, {'number': 3}):
      plan = Plan(scale='smoke', results=str(merged))
      _run(plan, given, self.folder)
      (merged / 'other.csv').write_text(f'{rows}laptop,1\n')
      with self.assertRaisesRegex(errors.UserError, '^--results=.*: has rows'):
        _run(plan, given, self.folder)
      (merged / 'other.csv').write_text(rows)

  def test_a_folder_for_rows_that_cannot_be_made(self):
    (self.folder / 'file').touch()
    plan = Plan(results=str(self.folder / 'file' / 'results'))
    with self.assertRaisesRegex(errors.UserError, 'not a directory'):
      _run(plan, {}, self.folder)
    self.assertFalse((self.folder / 'laptop').exists())

  def test_the_program(self):
    process = testing.Process(
        self.folder / 'output.txt', _program, self.folder, '--number=5'
    )
    self.assertEqual(process.wait(), 0, process.output())
    self.assertEndsWith(
        process.output(),
        f'Rows: {self.folder}/laptop-number=5/results\n'
        f'Figure: {self.folder}/laptop-number=5/figure9.png\n',
    )


if __name__ == '__main__':
  absltest.main()
