"""Runs the README's examples of the library."""

import pathlib

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np
import sonnet as snt
import tensorflow as tf

import sobolev_training as sobolev
from sobolev_training import testing

# What the examples import.
_USED = (snt, sobolev)
_README = pathlib.Path(__file__).parents[1] / 'README.md'


class ReadmeTest(parameterized.TestCase):

  @parameterized.parameters('sonnet', 'keras')
  def test_example_trains(self, name):
    tf.random.set_seed(0)
    history = np.array(testing.run_example(_README, name)['history'])
    self.assertTrue(np.all(np.isfinite(history)))
    self.assertLess(np.mean(history[-5:]), 0.1 * history[0])


if __name__ == '__main__':
  absltest.main()
