# SPDX-License-Identifier: Apache-2.0
import json
import pathlib

from absl.testing import absltest
import numpy as np
import tensorflow as tf

from experiment import errors
from regression import train


def _config(**changes):
  settings = {
      'functions': ('booth', 'ackley'),
      'size': 20,
      'seeds': 2,
      'steps': 30,
      'evaluations': 3,
      'hidden': (8, 8),
      'threads': 1,
      **changes,
  }
  return train.Config(**settings)


class TrainTest(absltest.TestCase):

  def setUp(self):
    super().setUp()
    self.folder = pathlib.Path(self.create_tempdir().full_path)

  def test_a_run_from_settings_to_rows(self):
    path = self.folder / 'run'
    trained = train.train(_config(), path, resume=False, quiet=True)
    rows = (path / 'metrics.csv').read_text().splitlines()
    # Steps 22 or 23 (three quarters) and 30, for four networks.
    self.assertLen(rows, 1 + 2 * 4)
    header, last = (rows[i].split(',') for i in (0, -1))
    last = dict(zip(header, last, strict=True))
    self.assertEqual((last['function'], last['seed']), ('ackley', '1'))
    self.assertAlmostEqual(
        float(last['test_mse']), trained.test_errors(3)['test_mse'], 4
    )
    config = json.loads((path / 'config.json').read_text())
    self.assertEqual(config['settings']['size'], 20)

  def test_a_finished_run_gives_its_networks_back(self):
    path = self.folder / 'run'
    first = train.train(_config(), path, resume=False, quiet=True)
    again = train.train(_config(), path, resume=True, quiet=True)
    for one, two in zip(first.variables, again.variables, strict=True):
      np.testing.assert_array_equal(one, two)

  def test_goes_on_with_a_run_of_before_there_were_all_settings(self):
    path = self.folder / 'run'
    first = train.train(_config(), path, resume=False, quiet=True)
    config = json.loads((path / 'config.json').read_text())
    self.assertEqual(config['settings'].pop('balance'), 'fixed')
    self.assertEqual(config['settings'].pop('difference'), 0)
    (path / 'config.json').write_text(json.dumps(config))
    again = train.train(_config(), path, resume=True, quiet=True)
    np.testing.assert_array_equal(first.variables[0], again.variables[0])
    with self.assertRaisesRegex(errors.UserError, 'balance was fixed and'):
      adapting = _config(balance='relobralo')
      train.train(adapting, path, resume=True, quiet=True)

  def test_a_run_whose_weights_adapt_goes_on_with_the_same_numbers(self):
    adapting = _config(balance='relobralo', steps=6)
    whole = train.make_ensemble(adapting, 1)
    whole.advance(0, 6)
    part = train.make_ensemble(adapting, 1)
    part.advance(0, 3)
    saved = tf.train.Checkpoint(ensemble=part).write(str(self.folder / 'saved'))
    other = train.make_ensemble(adapting, 1)
    tf.train.Checkpoint(ensemble=other).read(saved).assert_consumed()
    other.advance(3, 6)
    for one, two in zip(whole.variables, other.variables, strict=True):
      np.testing.assert_array_equal(one, two)
    self.assertIn(
        (4, 2), [tuple(variable.shape) for variable in whole.variables]
    )

  def test_does_not_go_on_with_other_points(self):
    points, path = self.folder / 'points.npz', self.folder / 'run'
    settings = _config(functions=(str(points),), seeds=1, size=2)

    def write(values):
      np.savez(points, x=np.ones([9, 1]), y=values, gradient=np.ones([9, 1]))

    write(np.zeros(9))
    train.train(settings, path, resume=False, quiet=True)
    train.train(settings, path, resume=True, quiet=True)
    write(np.ones(9))
    with self.assertRaisesRegex(errors.UserError, 'data: --functions was'):
      train.train(settings, path, resume=True, quiet=True)

  def test_regular_training_ignores_the_gradient_weight(self):
    runs = [
        train.make_ensemble(_config(method='regular', gradient_weight=w), 1)
        for w in (1.0, 9.0)
    ]
    for run in runs:
      run.advance(0, 3)
    for one, two in zip(*(run.variables for run in runs), strict=True):
      np.testing.assert_array_equal(one, two)

  def test_evaluation_steps(self):
    steps = train.evaluation_steps(20_000, 16)
    self.assertLen(steps, 16)
    self.assertEqual((steps[0], steps[-1]), (100, 20_000))
    self.assertIn(15_000, steps)
    self.assertEqual(train.evaluation_steps(1, 2), [1])
    self.assertEqual(train.evaluation_steps(20_000, 2), [100, 15_000, 20_000])

  def test_names_an_unknown_function(self):
    with self.assertRaisesRegex(errors.UserError, 'functions=nonsense.*ackley'):
      train.make_ensemble(_config(functions=('nonsense',)), 1)

  def test_one_ensemble_has_one_number_of_inputs(self):
    path = str(self.folder / 'points.npz')
    np.savez(
        path, x=np.zeros([30, 3]), y=np.zeros(30), gradient=np.zeros([30, 3])
    )
    with self.assertRaisesRegex(errors.UserError, 'one number of inputs'):
      train.make_ensemble(_config(functions=('booth', path)), 1)

  def test_a_network_has_a_hidden_layer(self):
    with self.assertRaisesRegex(errors.UserError, '--difference=1e-09: exp'):
      train.make_ensemble(_config(difference=1e-9), 1)
    with self.assertRaisesRegex(errors.UserError, '--hidden=: expected one'):
      train.make_ensemble(_config(hidden=()), 1)


if __name__ == '__main__':
  absltest.main()
