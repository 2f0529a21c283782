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

  def test_import_alone_loads_no_tensorflow(self):
    code = (
        'import sys, sobolev_training; sys.exit("tensorflow" in sys.modules)'
    )
    path = {'PYTHONPATH': os.pathsep.join(sys.path)}
    subprocess.run(
        [sys.executable, '-c', code], check=True, env=os.environ | path
    )


if __name__ == '__main__':
  absltest.main()
