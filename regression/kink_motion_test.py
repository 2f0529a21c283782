# SPDX-License-Identifier: Apache-2.0
import pathlib

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np
import tensorflow as tf

from experiment import errors
from regression import datasets
from regression import kink_motion
from regression import networks
from regression import predict
from regression import train
from theory import kinks


class KinkMotionTest(parameterized.TestCase):

  def test_the_part_that_theory_has(self):
    # One hidden layer of one input: in closed form, by the biases alone.
    random = np.random.default_rng(0)
    w, a = random.choice([-1.0, 1.0], 8), random.normal(size=8)
    w *= random.uniform(0.5, 2, 8)
    b = -w * (np.arange(8) - 3.5) / 4.5  # Kinks apart, within the interval.
    truth = kinks.unseen(w, b, a, np.cos, (-1.0, 1.0))
    count = 400_000
    x = ((np.arange(count) + 0.5) * 2 / count - 1)[:, np.newaxis]
    data = datasets.Dataset(x, np.sin(x[:, 0]), np.cos(x))
    parameters = networks.MLPParameters(
        [tf.constant(w[np.newaxis]), tf.constant(a[:, np.newaxis])],
        [tf.constant(b), tf.zeros([1], tf.float64)],
    )
    zeros = tf.nest.map_structure(tf.zeros_like, parameters)
    directions = [
        zeros._replace(biases=[tf.one_hot(i, 8, dtype=tf.float64), zeros[1][1]])
        for i in range(8)
    ]
    seen, whole = kink_motion.derivatives(
        parameters, 'relu', data, directions, step=1e-3
    )
    seen, whole = np.array([seen, whole]) / count
    np.testing.assert_allclose(whole[1], truth, rtol=0.02, atol=1e-3)
    np.testing.assert_array_equal(seen[1], 0)
    np.testing.assert_allclose(seen[0], whole[0], rtol=1e-3, atol=1e-4)

  @parameterized.parameters(('relu', False), ('swish', True))
  def test_what_is_seen_of_trained_networks(self, activation, all_of_it):
    folder = pathlib.Path(self.create_tempdir().full_path) / 'run'
    train.train(
        train.Config(
            functions=('booth',), seeds=2, size=50, steps=60, evaluations=3,
            hidden=(32, 32), activation=activation, learning_rate=0.01,
            standardise=True, threads=1,
        ),
        folder, resume=False, quiet=True,
    )
    settings = kink_motion.Settings(
        str(folder), directions=16, points=20_000, step=1e-2
    )
    found = list(
        kink_motion.shares(predict.load(settings.run), settings)
    )
    self.assertEqual([member.seed for member, _ in found], [0, 1])
    for _, (value, gradient) in found:
      self.assertAlmostEqual(value.ratio, 1, delta=0.05)
      self.assertGreater(value.cosine, 0.99)
      if all_of_it:
        self.assertAlmostEqual(gradient.ratio, 1, delta=0.05)
        self.assertGreater(gradient.cosine, 0.99)
      else:
        self.assertLess(gradient.ratio * gradient.cosine, 0.9)

  def test_a_dead_network_has_no_gradient_term_to_see(self):
    parameters = networks.MLPParameters(
        [tf.ones([1, 3], tf.float64), tf.ones([3, 1], tf.float64)],
        [-9 * tf.ones([3], tf.float64), tf.ones([1], tf.float64)],
    )
    x = np.linspace(-1, 1, 50)[:, np.newaxis]
    data = datasets.Dataset(x, x[:, 0], np.ones_like(x))
    found = kink_motion.beside(parameters, 'relu', data, [parameters], 1e-3)
    value, gradient = map(kink_motion.describe, found)
    self.assertEqual(value, 'ratio 1.00, cosine 1.00, halves 1.00')
    self.assertStartsWith(gradient, 'without a derivative')

  def test_recorded_points_are_refused(self):
    folder = pathlib.Path(self.create_tempdir().full_path)
    x = np.random.default_rng(0).uniform(-1, 1, [30, 2])
    np.savez(folder / 'points.npz', x=x, y=x[:, 0], gradient=np.ones([30, 2]))
    train.train(
        train.Config(
            functions=(str(folder / 'points.npz'),), size=20, steps=3,
            seeds=1, evaluations=3, hidden=(4,), threads=1,
        ),
        folder / 'run', resume=False, quiet=True,
    )
    settings = kink_motion.Settings(str(folder / 'run'))
    with self.assertRaisesRegex(errors.UserError, 'points.npz: expected a '):
      next(kink_motion.shares(predict.load(settings.run), settings))


if __name__ == '__main__':
  absltest.main()
