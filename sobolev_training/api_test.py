# SPDX-License-Identifier: Apache-2.0
"""The package's public names."""

import os
import subprocess
import sys

from absl.testing import absltest

import sobolev_training as sobolev
from sobolev_training import losses


class ApiTest(absltest.TestCase):

  def test_every_public_name_is_there_and_documented(self):
    for name in sobolev.__all__:
      self.assertTrue(getattr(sobolev, name).__doc__, name)
    self.assertIs(sobolev.full_loss, losses.full_loss)
    self.assertIs(sobolev.losses, losses)
    self.assertEqual(dir(sobolev), sobolev.__all__)

  def test_unknown_name(self):
    with self.assertRaisesRegex(AttributeError, "no attribute 'sobolev_loss'"):
      _ = sobolev.sobolev_loss

  def test_import_alone_loads_neither_keras_nor_figures(self):
    code = (
        'import sys, sobolev_training\n'
        'sys.exit(", ".join({"keras", "matplotlib"} & set(sys.modules)))'
    )
    # TensorFlow brings Keras 3 with itself unless it is told not to.
    settings = {
        'PYTHONPATH': os.pathsep.join(sys.path), 'TF_USE_LEGACY_KERAS': '1'
    }
    subprocess.run(
        [sys.executable, '-c', code], check=True, env=os.environ | settings
    )


if __name__ == '__main__':
  absltest.main()
