"""Runs the README's examples of the library."""

import pathlib
import re
import runpy

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np
import sonnet as snt
import tensorflow as tf

import sobolev_training as sobolev

# What the examples import.
_USED = (snt, sobolev)
_README = pathlib.Path(__file__).parents[1] / 'README.md'


def example(name: str) -> str:
  """Returns the Python block that follows `<!-- example: name -->`."""
  text = _README.read_text() if _README.exists() else ''
  pattern = rf'<!-- example: {name} -->\s*```python\n(.*?)```'
  blocks = re.findall(pattern, text, re.DOTALL)
  if len(blocks) != 1:
    raise AssertionError(
        f'README.md: expected one Python block after `<!-- example: {name} -->`'
        f', found {len(blocks)}'
    )
  return blocks[0]


class ReadmeTest(parameterized.TestCase):

  @parameterized.parameters('sonnet', 'keras')
  def test_example_trains(self, name):
    tf.random.set_seed(0)
    file = self.create_tempfile(f'{name}.py', example(name))
    history = np.array(runpy.run_path(file.full_path)['history'])
    self.assertTrue(np.all(np.isfinite(history)))
    self.assertLess(np.mean(history[-5:]), 0.1 * history[0])


if __name__ == '__main__':
  absltest.main()
