# SPDX-License-Identifier: Apache-2.0
"""Runs the README's examples of the library."""

import contextlib
import pathlib

from absl.testing import absltest
from absl.testing import parameterized
import keras
import numpy as np
import sonnet as snt

import sobolev_training as sobolev
from sobolev_training import testing

# What the examples import.
_USED = (snt, sobolev)
_README = pathlib.Path(__file__).absolute().parents[1] / 'README.md'


class ReadmeTest(parameterized.TestCase):

  @parameterized.parameters('fit', 'surrogate', 'sonnet', 'keras')
  def test_example_trains(self, name):
    keras.utils.set_random_seed(0)
    # One of them writes a file.
    self.enterContext(contextlib.chdir(self.create_tempdir().full_path))
    history = np.array(testing.run_example(_README, name)['history'])
    self.assertTrue(np.all(np.isfinite(history)))
    self.assertLess(np.mean(history[-5:]), 0.1 * history[0])


if __name__ == '__main__':
  absltest.main()
