"""Tests of the rows of table 1 that only the report reads."""

import pathlib

from absl.testing import absltest
from absl.testing import parameterized

from experiment import errors
from report import table1_rows
from report import table1_testing as fake
from report import testing

_CURVES = 'scale,case,method,seed,step,epoch,top1,top5,train_loss'
_ALIGNMENT = (
    'scale,case,method,seed,step,epoch,split,cosine,norm_ratio,loss_error,'
    'asymmetry,loss_pull,gradient_pull'
)


class Table1RowsTest(parameterized.TestCase):

  def setUp(self):
    super().setUp()
    self.folder = pathlib.Path(self.create_tempdir())

  def _write(self, *lines):
    text = '\n'.join((_CURVES, *lines, ''))
    (self.folder / table1_rows.CURVES).write_text(text)

  def test_columns(self):
    self.assertEqual(_CURVES, ','.join(table1_rows.Curve._fields))
    self.assertEqual(_ALIGNMENT, ','.join(table1_rows.Alignment._fields))

  def test_rows_are_read_as_written(self):
    curves, alignment = fake.accuracies(), fake.alignment('imagenet/3')
    testing.write(self.folder / table1_rows.CURVES, curves)
    testing.write(self.folder / table1_rows.ALIGNMENT, alignment)
    self.assertEqual(curves, table1_rows.read_curves(self.folder))
    self.assertEqual(alignment, table1_rows.read_alignment(self.folder))

  def test_no_files_have_no_rows(self):
    self.assertEmpty(table1_rows.read_curves(self.folder))
    self.assertEmpty(table1_rows.read_alignment(self.folder))

  def test_what_is_no_number_is_named(self):
    good = 'laptop,cifar10/3,sobolev,0,390,1,44.5,90.25,'
    for column, wrong in (
        ('seed', good.replace(',0,390', ',first,390')),
        ('epoch', good.replace(',390,1,', ',390,,')),
        ('top1', good.replace('44.5', 'nan')),
        ('train_loss', good + 'inf'),
    ):
      self._write(good, wrong)
      with self.assertRaisesRegex(
          errors.UserError, f'table1_curves.csv: line 3: {column} is .*, expect'
      ):
        table1_rows.read_curves(self.folder)

  def test_a_missing_column_is_named(self):
    (self.folder / table1_rows.ALIGNMENT).write_text('scale,case\n')
    with self.assertRaisesRegex(
        errors.UserError, 'table1_alignment.csv: no column asymmetry, cosine'
    ):
      table1_rows.read_alignment(self.folder)

  def test_a_row_that_is_there_twice(self):
    good = 'laptop,cifar10/3,sobolev,0,390,1,44.5,90.25,1.5'
    other = good.replace('sobolev,0', 'sobolev,1')
    self._write(good, other, good)
    with self.assertRaisesRegex(
        errors.UserError,
        'line 4: scale, case, method, seed, step: laptop, cifar10/3, sobolev, '
        '0, 390 is in line 2 already: delete',
    ):
      table1_rows.read_curves(self.folder)

  def test_splits_of_one_moment_are_different_rows(self):
    testing.write(self.folder / table1_rows.ALIGNMENT, fake.alignment())
    table1_rows.read_alignment(self.folder)
    twice = fake.alignment()[:1] * 2
    testing.write(self.folder / table1_rows.ALIGNMENT, twice)
    with self.assertRaisesRegex(errors.UserError, 'split: laptop.*line 2'):
      table1_rows.read_alignment(self.folder)

  def test_an_unknown_method_is_named(self):
    self._write('laptop,cifar10/3,sobolew,0,390,1,44.5,90.25,1.5')
    with self.assertRaisesRegex(
        errors.UserError,
        "line 2: method is 'sobolew', expected one of backprop, noprop, ",
    ):
      table1_rows.read_curves(self.folder)

  def test_order_and_names(self):
    found = [
        *fake.accuracies('mine/2'),
        *fake.accuracies('imagenet/1'),
        *fake.accuracies(),
    ][::-1]
    self.assertEqual(
        ['cifar10/3', 'imagenet/1', 'mine/2'], table1_rows.cases(found)
    )
    self.assertEqual(list(table1_rows.METHODS), table1_rows.methods(found))
    self.assertEqual(
        'ImageNet, 1 module', table1_rows.case_title('imagenet/1')
    )
    self.assertEqual('mine/2', table1_rows.case_title('mine/2'))


if __name__ == '__main__':
  absltest.main()
