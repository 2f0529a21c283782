# SPDX-License-Identifier: Apache-2.0
"""The references that the other tests rely on, against closed forms."""

import pathlib

from absl.testing import absltest
import numpy as np
import tensorflow as tf

from sobolev_training import testing


class TestingTest(absltest.TestCase):

  def test_differences(self):
    x = np.array([[0.3, -0.8], [1.1, 0.4]])
    first = testing.per_example(lambda x: np.sin(x[:, 0]) * x[:, 1], x)
    expected = np.stack([np.cos(x[:, 0]) * x[:, 1], np.sin(x[:, 0])], axis=1)
    testing.assert_close(first, expected, testing.CENTRAL_DIFFERENCE)
    second = testing.per_example(np.exp, x, order=2, step=1e-4)
    expected = np.einsum('bi,ij,ik->bijk', np.exp(x), np.eye(2), np.eye(2))
    testing.assert_close(second, expected, testing.SECOND_CENTRAL_DIFFERENCE)

  def test_losses(self):
    p, t = [1.0, 2.0, 0.5], [-2.0, 6.0, 0.5]
    for kind, expected in (
        ('squared_l2', 25), ('l2', 5), ('l1', 7), ('huber', 2.5 + 3.5)
    ):
      self.assertAlmostEqual(testing.loss_of_example(kind, p, t), expected)
    with self.assertRaisesRegex(ValueError, 'kind: unknown'):
      testing.loss_of_example('mse', p, t)

  def test_contract(self):
    tensor = np.arange(12).reshape(2, 3, 2)
    np.testing.assert_array_equal(
        testing.contract(tensor, np.array([[1, 0, 0], [0, 0, 2]])),
        tensor[0, 0] + 2 * tensor[1, 2],
    )

  def test_network_is_the_same_in_numpy(self):
    for inputs, outputs in (((), ()), ((2, 3), (4,))):
      network = testing.SmoothNetwork(inputs, outputs)
      x = np.random.default_rng(0).normal(size=(5, *inputs))
      testing.assert_close(
          network(tf.constant(x)), network.numpy(x), testing.SAME_FLOAT64
      )

  def test_modes(self):
    eager = [
        testing.in_mode(mode, lambda _: tf.constant(tf.executing_eagerly()))(0)
        for mode in testing.MODES
    ]
    self.assertEqual([bool(e) for e in eager], [True, False, False])

  def test_assert_close_fails(self):
    testing.assert_close((1.0, [2.0]), (1.0, [2.0 + 1e-13]), 1e-12)
    for wrong in ((1.0, [2.1]), (1.0, [np.nan])):
      with self.assertRaises(AssertionError):
        testing.assert_close((1.0, [2.0]), wrong, 1e-12)

  def test_examples_run(self):
    block = '<!-- example: one -->\n```python\nx = 1\ny = x + 1\n```\n'
    document = pathlib.Path(self.create_tempfile('a.md', block).full_path)
    self.assertEqual(testing.run_example(document, 'one')['y'], 2)
    for text, name in ((block, 'other'), (2 * block, 'one')):
      document.write_text(text)
      with self.assertRaisesRegex(AssertionError, f'one Python .*{name}'):
        testing.run_example(document, name)


if __name__ == '__main__':
  absltest.main()
