# SPDX-License-Identifier: Apache-2.0
"""Runs the example of docs/synthetic_gradients.md."""

import pathlib

from absl.testing import absltest
import numpy as np
import sonnet as snt
import tensorflow as tf

from sg import training
from sg.modules import sobolev
from sg.networks import networks
from sobolev_training import testing

# What the example imports.
_USED = (snt, networks, sobolev, training)
_DOCUMENT = pathlib.Path(__file__).parents[1] / 'docs/synthetic_gradients.md'


class OwnNetworkTest(absltest.TestCase):

  def test_example_trains(self):
    tf.random.set_seed(0)
    history = np.array(testing.run_example(_DOCUMENT, 'own_network')['history'])
    self.assertLess(np.mean(history[-5:]), 0.1 * history[0])


if __name__ == '__main__':
  absltest.main()
