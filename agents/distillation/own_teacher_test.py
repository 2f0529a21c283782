# SPDX-License-Identifier: Apache-2.0
"""Runs the example of docs/distillation.md."""

import pathlib

from absl.testing import absltest
import numpy as np
import sonnet as snt
import tensorflow as tf

from agents.distillation import losses
import sobolev_training as sobolev
from sobolev_training import testing

# What the example imports.
_USED = (losses, snt, sobolev)
_DOCUMENT = pathlib.Path(__file__).parents[2] / 'docs/distillation.md'


class OwnTeacherTest(absltest.TestCase):

  def test_example_trains(self):
    tf.random.set_seed(0)
    history = np.array(testing.run_example(_DOCUMENT, 'own_teacher')['history'])
    self.assertLess(np.mean(history[-5:]), 0.3 * history[0])


if __name__ == '__main__':
  absltest.main()
