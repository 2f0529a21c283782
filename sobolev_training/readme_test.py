# SPDX-License-Identifier: Apache-2.0
"""Runs the examples of the README and of docs/recipes.md."""

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
_ROOT = pathlib.Path(__file__).absolute().parents[1]
_README, _RECIPES = _ROOT / 'README.md', _ROOT / 'docs' / 'recipes.md'


class ReadmeTest(parameterized.TestCase):

  def _run(self, document, name):
    """Runs an example in an empty folder, and checks that it trained."""
    keras.utils.set_random_seed(0)
    self.enterContext(contextlib.chdir(self.create_tempdir().full_path))
    variables = testing.run_example(document, name)
    history = np.array(variables['history'])
    self.assertTrue(np.all(np.isfinite(history)))
    self.assertLess(np.mean(history[-5:]), 0.1 * history[0])
    return variables

  @parameterized.parameters('fit', 'surrogate', 'sonnet', 'keras')
  def test_example_trains(self, name):
    self._run(_README, name)

  @parameterized.parameters(
      'curvature', 'internal', 'attention', 'kinks', 'black_box'
  )
  def test_recipe_trains(self, name):
    self._run(_RECIPES, name)

  def test_uncertainty_is_found_between_the_points(self):
    found = self._run(_RECIPES, 'uncertainty')
    np.testing.assert_allclose(found['predicted'], found['truth'], rtol=0.1)


if __name__ == '__main__':
  absltest.main()
