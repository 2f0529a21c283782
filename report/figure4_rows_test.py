"""Tests of reading figure 4's files, and of the names in them."""

import pathlib

from absl.testing import absltest
from absl.testing import parameterized

from experiment import errors
from report import figure4_rows
from report import figure4_testing as fake
from report import testing

_CURVES = (
    'scale,game,percent,method,seed,step,test_kl,action_error,train_kl,episodes'
)
_TEACHERS = 'game,policy,frames,games,max_game_steps,mean,low,high,commit'
_TEACHER_CURVES = 'game,frames,training_score,greedy_score,stochastic_score'


class Figure4RowsTest(parameterized.TestCase):

  def setUp(self):
    super().setUp()
    self.folder = pathlib.Path(self.create_tempdir())

  def _write(self, name, *lines):
    (self.folder / name).write_text('\n'.join((*lines, '')))

  def test_columns(self):
    for kind, columns in (
        (figure4_rows.Curve, _CURVES),
        (figure4_rows.Teacher, _TEACHERS),
        (figure4_rows.TeacherCurve, _TEACHER_CURVES),
    ):
      self.assertEqual(columns, ','.join(kind._fields))

  @parameterized.parameters(
      ('figure4_curves.csv', figure4_rows.read_curves, fake.curves),
      ('teachers.csv', figure4_rows.read_teachers, fake.teachers),
      (
          'teacher_curves.csv',
          figure4_rows.read_teacher_curves,
          fake.teacher_curves,
      ),
  )
  def test_rows_are_read_as_written(self, name, read, make):
    self.assertEmpty(read(self.folder))  # No such file.
    found = make('pong') + make('breakout')
    testing.write(self.folder / name, found)
    self.assertEqual(found, read(self.folder))

  @parameterized.parameters(
      ('percent', '10', '101', 'to 100'),
      ('percent', '10', '', 'a finite number'),
      ('action_error', '0.25', '25', 'from 0 to 1'),
      ('action_error', '0.25', '-0.1', 'from 0 to 1'),
      ('test_kl', '0.5', 'nan', 'a finite number'),
      ('method', 'sobolev', 'critic', 'one of regular, sobolev'),
  )
  def test_a_broken_curve(self, column, right, wrong, expected):
    good = 'laptop,pong,10,sobolev,0,200,0.5,0.25,,3'
    bad = good.replace(',0,200', ',1,200').replace(f',{right},', f',{wrong},')
    self._write(figure4_rows.CURVES, _CURVES, good, bad)
    with self.assertRaisesRegex(
        errors.UserError,
        f'figure4_curves.csv: line 3: {column} is .*, expected .*{expected}',
    ):
      figure4_rows.read_curves(self.folder)

  @parameterized.parameters(
      (
          figure4_rows.CURVES,
          figure4_rows.read_curves,
          (
              _CURVES,
              'a,pong,10,sobolev,0,0,1,1,,',
              'a,pong,10.0,sobolev,0,0,2,1,,',
          ),
          'scale, game, percent, method, seed, step: a, pong, 10.0, sobolev',
      ),
      (
          figure4_rows.TEACHERS,
          figure4_rows.read_teachers,
          (_TEACHERS, *['pong,greedy,40,30,9,1,0,2,a'] * 2),
          'game, policy: pong, greedy is in line 2',
      ),
      (
          figure4_rows.TEACHER_CURVES,
          figure4_rows.read_teacher_curves,
          (_TEACHER_CURVES, *['pong,40,,,'] * 2),
          'game, frames: pong, 40.0 is in line 2',
      ),
  )
  def test_a_row_that_is_there_twice(self, name, read, lines, expected):
    self._write(name, *lines)
    with self.assertRaisesRegex(errors.UserError, f'line 3: {expected}'):
      read(self.folder)

  @parameterized.parameters(
      ('pong,greedy,40,30,9,2.5,0,2,a', 'mean is 2.5, expected a number from '),
      ('pong,random,40,30,9,1,0,2,a', "policy is 'random', expected one of st"),
      ('pong,greedy,many,30,9,1,0,2,a', "frames is 'many', expected a finite"),
  )
  def test_a_broken_teacher(self, line, expected):
    self._write(figure4_rows.TEACHERS, _TEACHERS, line)
    with self.assertRaisesRegex(
        errors.UserError, f'teachers.csv: line 2: {expected}'
    ):
      figure4_rows.read_teachers(self.folder)

  def test_order_and_names(self):
    found = [
        *fake.curves('space_invaders'),
        *fake.curves('sea_quest'),
        *fake.curves('pong'),
    ]
    games = figure4_rows.games(found)
    self.assertEqual(['pong', 'space_invaders', 'sea_quest'], games)
    self.assertEqual(
        ['Pong', 'Space Invaders', 'Sea quest'],
        [figure4_rows.game_title(game) for game in games],
    )

  @parameterized.parameters(
      ('pong/10', 'pong', 10.0),
      ('pong/0.5', 'pong', 0.5),
      ('space_invaders/100', 'space_invaders', 100.0),
  )
  def test_cases(self, case, game, percent):
    self.assertEqual(case, figure4_rows.case(game, percent))
    self.assertEqual((game, percent), figure4_rows.of_case(case))

  def test_no_case(self):
    for wrong in ('pong', 'pong/', 'pong/many'):
      with self.assertRaisesRegex(
          errors.UserError, f"case '{wrong}': expected a game and a percentage"
      ):
        figure4_rows.of_case(wrong)


if __name__ == '__main__':
  absltest.main()
