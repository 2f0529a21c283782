"""Tests of reading the folder of results."""

import dataclasses
import pathlib

from absl.testing import absltest

from experiment import errors
from experiment import results
from report import figure4_rows
from report import figure4_testing
from report import loading
from report import table1_rows
from report import table1_testing as fake
from report import testing

_GAINS = {('booth', 20): 1.0}


class LoadingTest(absltest.TestCase):

  def setUp(self):
    super().setUp()
    self.folder = pathlib.Path(self.create_tempdir())

  def _write(self, *scales):
    networks = [
        network
        for scale in scales
        for network in testing.networks(_GAINS, 2, scale)
    ]
    testing.write_results(self.folder, networks)

  def test_the_fullest_scale_is_shown(self):
    self._write('smoke', 'laptop', 'laptop steps=9')
    found = loading.read(self.folder)
    self.assertEqual(['laptop', 'smoke', 'laptop steps=9'], found.scales())
    self.assertEqual('laptop', found.shown(found.scales()))
    self.assertEqual('smoke', found.shown(['laptop steps=9', 'smoke']))
    self.assertIsNone(found.shown([]))

  def test_a_chosen_scale_is_shown(self):
    self._write('smoke', 'laptop')
    found = loading.read(self.folder, 'smoke')
    self.assertEqual('smoke', found.shown(found.scales()))
    self.assertIsNone(found.shown(['laptop']))

  def test_a_scale_of_surfaces_alone(self):
    self._write('smoke')
    grid = testing.grid(scale='laptop')
    testing.write(self.folder / 'figure3.csv', grid)
    found = loading.read(self.folder, 'laptop')
    self.assertEqual('laptop', found.shown({row.scale for row in found.grid}))
    self.assertEqual(['laptop', 'smoke'], found.scales())

  def test_a_scale_that_was_not_run(self):
    self._write('smoke')
    with self.assertRaisesRegex(
        errors.UserError,
        '--scale=paper: no results of that scale .*expected one of auto, smoke',
    ):
      loading.read(self.folder, 'paper')

  def test_scales_of_one_artifact(self):
    self._write('smoke')
    results.merge(
        self.folder / 'measured.csv',
        [testing.row('table1', 'a', 'critic', 'top1', 1.0, scale='laptop')],
    )
    found = loading.read(self.folder)
    self.assertEqual(['laptop'], found.scales('table1'))
    self.assertEqual(['laptop', 'smoke'], found.scales())

  def test_table1_during_training(self):
    self._write('laptop')
    found = loading.read(self.folder)
    self.assertEmpty(found.accuracies)
    self.assertEmpty(found.alignment)
    curves, alignment = fake.accuracies(), fake.alignment()
    testing.write(self.folder / table1_rows.CURVES, curves)
    testing.write(self.folder / table1_rows.ALIGNMENT, alignment)
    found = loading.read(self.folder)
    self.assertEqual(curves, found.accuracies)
    self.assertEqual(alignment, found.alignment)
    alignment[1] = alignment[1]._replace(norm_ratio='much')
    testing.write(self.folder / table1_rows.ALIGNMENT, alignment)
    with self.assertRaisesRegex(
        errors.UserError, "table1_alignment.csv: line 3: norm_ratio is 'much'"
    ):
      loading.read(self.folder)

  def test_figure4(self):
    self._write('laptop')
    found = loading.read(self.folder)
    self.assertEmpty(found.students)
    self.assertEmpty(found.teachers)
    self.assertEmpty(found.teacher_curves)
    written = {
        figure4_rows.CURVES: figure4_testing.curves(),
        figure4_rows.TEACHERS: figure4_testing.teachers(),
        figure4_rows.TEACHER_CURVES: figure4_testing.teacher_curves(),
    }
    for name, rows in written.items():
      testing.write(self.folder / name, rows)
    found = loading.read(self.folder)
    self.assertEqual(
        list(written.values()),
        [found.students, found.teachers, found.teacher_curves],
    )

  def test_nothing_was_run(self):
    self._write('smoke')
    for path in self.folder.iterdir():
      if path.name not in ('claims.csv', 'paper.csv'):
        path.unlink()
    found = loading.read(self.folder)
    self.assertEmpty(found.evidence)
    self.assertNotEmpty(found.claims)
    self.assertNotEmpty(found.paper)

  def test_files_that_do_not_belong_together(self):
    self._write('smoke')
    path = self.folder / 'measured.csv'
    row = results.read(path)[0]
    self.assertEqual('regular', row.method)
    good = [r for r in results.read(path) if r.metric == 'log_test_mse'][0]
    for wrong in (
        dataclasses.replace(good, mean=good.mean + 0.01),
        dataclasses.replace(good, n=3),
    ):
      results.merge(path, [wrong])
      with self.assertRaisesRegex(
          errors.UserError, 'disagree about booth/20, regular, scale smoke'
      ):
        loading.read(self.folder)
    results.merge(path, [good])
    loading.read(self.folder)

  def test_a_function_without_a_baseline(self):
    self._write('smoke')
    found = list(testing.baselines().values())
    testing.write(
        self.folder / 'figure2_baselines.csv',
        [row for row in found if row.function != 'booth'],
    )
    with self.assertRaisesRegex(errors.UserError, 'no row for booth'):
      loading.read(self.folder)


if __name__ == '__main__':
  absltest.main()
