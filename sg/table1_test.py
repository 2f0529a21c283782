# SPDX-License-Identifier: Apache-2.0
import dataclasses
import pathlib

from absl.testing import absltest

from experiment import config
from experiment import errors
from report.rows import synthetic_gradients as rows_lib
from report.rows import table
from sg import presets
from sg import table1


class Table1Test(absltest.TestCase):

  def test_a_sweep_from_settings_to_rows_and_figures(self):
    folder = pathlib.Path(self.create_tempdir().full_path)
    plan = table1.Sweep(
        preset='smoke-cifar10',
        methods=('sobolev', 'noprop'),
        seeds=1,
    )
    given = {
        'width': 2, 'image_size': 8, 'aligned': 4, 'precision': 'bfloat16'
    }
    made = table1.run(plan, given, folder)
    for figure in made.figures:
      self.assertTrue(figure.exists())
    rows = table.read(made.rows, rows_lib.Accuracy)
    self.assertEqual({row.method for row in rows}, {'sobolev', 'noprop'})
    self.assertLen(made.figures, 2)
    # Not the preset's own settings, and so not under its name alone; but for
    # the precision, which is the processor's matter.
    self.assertEqual(
        {row.scale for row in rows}, {'smoke image_size=8 width=2 aligned=4'}
    )
    # The same again, all of it finished: a reference alone has no alignment.
    alone = dataclasses.replace(plan, methods=('noprop',))
    made = table1.run(alone, given, folder, folder / 'other')
    self.assertLen(made.figures, 1)


  def test_a_setting_that_is_chosen_is_not_given_too(self):
    folder = pathlib.Path(self.create_tempdir().full_path)
    path = folder / rows_lib.Candidate.FILE
    path.write_text(
        ','.join(rows_lib.Candidate._fields) + '\n'
        'choices,true,synthetic/3,critic,l1,1,0.0003,100,10,1,50,1,1,\n'
    )
    plan = table1.Sweep(
        preset='smoke-cifar10', methods=('critic',), choices=str(path)
    )
    with self.assertRaisesRegex(
        errors.UserError, '^--module_learning_rate: --choices has it for critic'
    ):
      table1.run(plan, {'module_learning_rate': 1e-3}, folder)


class PresetsTest(absltest.TestCase):

  def test_every_preset_is_valid(self):
    for name in presets.PRESETS:
      config.validate(presets.preset(name, {}))

  def test_what_is_given_goes_first(self):
    settings = presets.preset('laptop-cifar10', {'epochs': 2.0})
    self.assertEqual((settings.epochs, settings.width), (2.0, 16))

  def test_the_paper_trains_for_80000_steps(self):
    settings = presets.preset('paper-cifar10', {})
    self.assertEqual(
        settings.epochs * 50_000 / settings.batch_size, 80_000
    )


if __name__ == '__main__':
  absltest.main()
