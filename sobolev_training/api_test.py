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

  def test_import_loads_tensorflow_and_sonnet_alone(self):
    code = """
import sys, tensorflow, sonnet

def packages():
  return {name.partition('.')[0] for name in sys.modules}

before = packages()
import sobolev_training, sobolev_training.surrogate_figures
sys.exit(', '.join(packages() - before - {'sobolev_training'}) or None)
"""
    path = {'PYTHONPATH': os.pathsep.join(sys.path)}
    ran = subprocess.run(
        [sys.executable, '-c', code], check=False, env=os.environ | path,
        stderr=subprocess.PIPE, text=True,
    )
    self.assertEqual(ran.returncode, 0, ran.stderr)


if __name__ == '__main__':
  absltest.main()
