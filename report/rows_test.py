"""Tests of the rows that only the report reads."""

import pathlib
from typing import NamedTuple

from absl.testing import absltest
from absl.testing import parameterized

from experiment import errors
from report import rows
from report import testing


class RowsTest(parameterized.TestCase):

  def setUp(self):
    super().setUp()
    self.path = pathlib.Path(self.create_tempdir()) / 'rows.csv'

  def test_rows_are_read_as_written(self):
    networks = testing.networks({('booth', 20): 1.0}, seeds=2)
    testing.write(self.path, networks)
    self.assertEqual(networks, rows.read(self.path, rows.Network))

  def test_more_columns_may_be_there_in_any_order(self):
    self.path.write_text(
        'note,log_test_gradient_mse,function,log_test_mse\nhi,2,booth,1.5\n'
    )
    self.assertEqual(
        [rows.Baseline('booth', 1.5, 2.0)], rows.read(self.path, rows.Baseline)
    )

  def test_no_file_has_no_rows(self):
    self.assertEmpty(rows.read(self.path, rows.Baseline))

  def test_a_missing_column_is_named(self):
    self.path.write_text('function,log_test_mse\nbooth,1\n')
    with self.assertRaisesRegex(
        errors.UserError, 'rows.csv: no column log_test_gradient_mse: expected'
    ):
      rows.read(self.path, rows.Baseline)

  @parameterized.parameters('nan', 'inf', '', 'many')
  def test_what_is_no_number_is_named(self, text):
    self.path.write_text(
        'function,log_test_mse,log_test_gradient_mse\nbooth,1,1\n'
        f'beale,{text},1\n'
    )
    with self.assertRaisesRegex(
        errors.UserError, f"line 3: log_test_mse is '{text}', expected a finite"
    ):
      rows.read(self.path, rows.Baseline)

  def test_a_number_that_may_be_missing(self):
    class Kind(NamedTuple):
      scale: str
      loss: float | None

    self.path.write_text('scale,loss\nlaptop,\nlaptop,0.5\n')
    self.assertEqual(
        [('laptop', None), ('laptop', 0.5)], rows.read(self.path, Kind)
    )
    for text in ('nan', 'inf', 'much'):
      self.path.write_text(f'scale,loss\nlaptop,{text}\n')
      with self.assertRaisesRegex(errors.UserError, f"loss is '{text}'"):
        rows.read(self.path, Kind)

  def test_an_error_of_zero_has_no_logarithm(self):
    (network, *_) = testing.networks({('booth', 20): 1.0}, seeds=1)
    testing.write(self.path, [network._replace(test_mse=0.0)])
    with self.assertRaisesRegex(errors.UserError, 'test_mse.*above 0'):
      rows.read(self.path, rows.Network)

  def test_functions_and_scales_keep_their_order(self):
    found = [
        rows.Network(scale, function, 20, 'regular', 0, 1, 1, 1, 1, 1, 1)
        for scale, function in (
            ('laptop steps=9', 'mine'),
            ('smoke', 'bukin'),
            ('paper', 'ackley'),
        )
    ]
    self.assertEqual(['ackley', 'bukin', 'mine'], rows.functions(found))
    self.assertEqual(['paper', 'smoke', 'laptop steps=9'], rows.scales(found))

  def test_titles(self):
    self.assertEqual('Bukin N.6', rows.title('bukin'))
    self.assertEqual('My function', rows.title('my_function'))

  def test_only_one_scale_goes_into_a_figure(self):
    found = testing.grid(scale='smoke')
    self.assertEqual('smoke', rows.only_scale(found))
    with self.assertRaisesRegex(ValueError, r"got \['paper', 'smoke'\]"):
      rows.only_scale(found + testing.grid())
    with self.assertRaisesRegex(ValueError, r'expected one scale, got \[\]'):
      rows.only_scale([])


if __name__ == '__main__':
  absltest.main()
