# SPDX-License-Identifier: Apache-2.0
import dataclasses
import json
import pathlib
from unittest import mock

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np
import tensorflow as tf

from experiment import errors
from experiment import testing
from sg import presets
from sg import table1_run
from sg import train


def _config(**changes):
  settings = {
      'image_size': 8,
      'width': 2,
      'module_channels': 2,
      'batch_size': 128,
      'threads': 1,
      'aligned': 0,
      'checkpoint_seconds': 1e-6,
      **changes,
  }
  return presets.Config(**{**presets.PRESETS['smoke-cifar10'], **settings})


class Killed(BaseException):
  pass


class TrainTest(parameterized.TestCase):

  def setUp(self):
    super().setUp()
    self.folder = pathlib.Path(self.create_tempdir().full_path)

  @parameterized.parameters('sobolev', 'direct_sg', 'noprop', 'backprop')
  def test_a_run_from_settings_to_rows(self, method):
    path = self.folder / method
    trained = train.train(
        _config(method=method, aligned=4), path, False, quiet=True
    )
    rows = testing.rows(path)
    self.assertEqual(
        [int(row['step']) for row in rows], [trained.steps // 2, trained.steps]
    )
    names = {name for name in rows[0] if name.endswith('_2')}
    expected = {
        'sobolev': {'error_2', 'cosine_2', 'norm_ratio_2', 'loss_error_2',
                    'asymmetry_2', 'loss_pull_2', 'gradient_pull_2'},
        'direct_sg': {'error_2', 'cosine_2', 'norm_ratio_2', 'asymmetry_2',
                      'gradient_pull_2'},
    }
    self.assertEqual(names, expected.get(method, set()))
    again = trained.evaluate(trained.steps)
    self.assertAlmostEqual(float(again['top1']), float(rows[-1]['top1']), 4)
    self.assertStartsWith(
        train.result(_config(method=method), path),
        f'{method}, seed 0: top-1 {float(rows[-1]["top1"]):.2f} %, top-5 ',
    )

  def test_what_learns_gets_better(self):
    path = self.folder / 'learns'
    settings = _config(method='backprop', width=4, epochs=6)
    train.train(settings, path, False, quiet=True)
    rows = testing.rows(path)
    # Ten classes: chance is 10 %.
    self.assertGreater(float(rows[-1]['top1']), 30)
    self.assertLess(
        float(rows[1]['train_loss']), float(rows[0]['train_loss'])
    )

  @parameterized.parameters(('critic', 0.25), ('direct_sg', 0.5))
  def test_modules_learn_at_their_methods_step_size(self, method, expected):
    settings = _config(
        method=method, module_learning_rate=0.25, direct_sg_learning_rate=0.5
    )
    optimisers = table1_run.Table1Run(settings).trainer._module_optimisers
    self.assertEqual({o.learning_rate for o in optimisers}, {expected})

  @parameterized.parameters(('critic', 'huber'), ('direct_sg', 'l2'))
  def test_modules_have_their_methods_distance(self, method, expected):
    settings = _config(
        method=method, distance='huber', direct_sg_distance='l2'
    )
    modules = table1_run.Table1Run(settings).trainer.modules
    self.assertEqual({module._distance for module in modules}, {expected})

  def test_evaluates_on_held_out_images(self):
    path = self.folder / 'validation'
    settings = _config(method='critic', validation=400, epochs=0.2)
    data = table1_run.Table1Run(settings)._data
    self.assertEqual((data.train_size, data.test_size), (1600, 400))
    train.train(settings, path, False, quiet=True)
    self.assertIn(': validation top-1 ', train.result(settings, path))
    names = {name for name in testing.rows(path)[0] if 'top' in name}
    self.assertEqual(
        names, {'validation_top1', 'validation_top5', 'train_top1'}
    )

  def test_a_run_made_before_targets_were_a_setting(self):
    settings = _config(
        method='direct_sg', targets='received', direct_sg_distance='l1',
        epochs=0.1,
    )
    path = self.folder / 'before'
    train.train(settings, path, False, quiet=True)
    described = json.loads((path / 'config.json').read_text())
    for name in (
        'targets', 'direct_sg_distance', 'validation', 'warmup',
        'stem_pooling', 'zero_residuals',
    ):
      del described['settings'][name]
    described['settings']['true_loss'] = False
    (path / 'config.json').write_text(json.dumps(described))
    train.train(settings, path, True, quiet=True)
    other = dataclasses.replace(settings, targets='true')
    with self.assertRaisesRegex(
        errors.UserError, '--targets was received and is now true'
    ):
      train.train(other, path, True, quiet=True)

  def test_a_killed_run_ends_as_one_that_was_not(self):
    settings = _config(precision='float32', epochs=0.5)
    whole = train.train(settings, self.folder / 'whole', False, quiet=True)
    train_step = table1_run.Table1Run.advance

    def dies(self, step, until):
      if step >= 3:
        raise Killed
      # One step a call, so that there is a checkpoint at each.
      return train_step(self, step, until)

    with mock.patch.object(table1_run.Table1Run, 'advance', dies):
      with self.assertRaises(Killed):
        train.train(settings, self.folder / 'killed', False, quiet=True)
    resumed = train.train(settings, self.folder / 'killed', True, quiet=True)
    self.assertEqual(
        testing.rows(self.folder / 'killed'),
        testing.rows(self.folder / 'whole'),
    )
    variables = zip(
        whole.trainer.variables, resumed.trainer.variables, strict=True
    )
    for one, other in variables:
      np.testing.assert_array_equal(one, other)

  def test_seeds_and_methods_differ(self):
    first, other = (
        table1_run.Table1Run(_config(seed=seed)) for seed in (0, 1)
    )
    same = table1_run.Table1Run(_config(method='backprop'))
    weights = [
        e.trainer.segments[0].trainable_variables[0].numpy()
        for e in (first, other, same)
    ]
    self.assertTrue(np.any(weights[0] != weights[1]))
    # All methods start with the same lowest segment; those above it are drawn
    # after the modules below them.
    np.testing.assert_array_equal(weights[0], weights[2])

  def test_does_not_go_on_with_other_data(self):
    jpeg = tf.io.encode_jpeg(np.zeros([8, 8, 3], np.uint8)).numpy()
    for data in 'ab':
      for split in ('train', 'val'):
        path = self.folder / data / split / 'class' / f'{data}.JPEG'
        path.parent.mkdir(parents=True)
        path.write_bytes(jpeg)

    def run(data, resume):
      settings = _config(
          dataset='imagenet', classes=1, data=str(self.folder / data)
      )
      train.train(settings, self.folder / 'run', resume, quiet=True)

    with mock.patch.object(
        table1_run.Table1Run, 'advance', side_effect=Killed
    ):
      with self.assertRaises(Killed):
        run('a', False)
      with self.assertRaisesRegex(errors.UserError, 'other data: --data was'):
        run('b', True)
      with self.assertRaises(Killed):
        run('a', True)

  def test_data_of_more_or_fewer_classes(self):
    with self.assertRaisesRegex(errors.UserError, '--classes=1000: .*has 10'):
      table1_run.Table1Run(_config(classes=1000))

  def test_names_a_network_that_cannot_be_cut_so(self):
    with self.assertRaisesRegex(errors.UserError, '--cuts=1: .*0, 3 .*cifar10'):
      table1_run.Table1Run(_config(cuts=1))


if __name__ == '__main__':
  absltest.main()
