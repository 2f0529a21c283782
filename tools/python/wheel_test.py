# SPDX-License-Identifier: Apache-2.0
"""Installs the library's wheel in a fresh virtual environment, and uses it.

It downloads TensorFlow: minutes, and a gigabyte of disk.
"""

import pathlib
import subprocess
import tempfile
import venv
import zipfile

from absl.testing import absltest

_ROOT = pathlib.Path(__file__).resolve().parents[2]

_PROGRAM = """
import importlib.util
import numpy as np
import sobolev_training as sobolev

for name in ('experiment', 'gym', 'regression', 'scipy'):
  assert importlib.util.find_spec(name) is None, name
for name in sobolev.__all__:
  getattr(sobolev, name)
x = np.linspace(-1, 1, 9)[:, None]
s = sobolev.surrogate.fit(x, x[:, 0] ** 2, 2 * x, hidden=(8,), steps=20)
print(sobolev.__version__, s.predict(x, 1)[1].shape)
"""

_USER = """
import sobolev_training as sobolev

def weights(first: sobolev.terms.Weight) -> tuple[sobolev.terms.Weight, ...]:
  return first, 0.5

def mean(loss: sobolev.SobolevLoss) -> float:
  return float(loss.total[0])

version: str = sobolev.__version__
"""


class WheelTest(absltest.TestCase):

  def test_installs_and_works_alone(self):
    folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
    venv.create(folder / 'env', with_pip=True)
    python = folder / 'env' / 'bin' / 'python'

    def run(*arguments):
      return subprocess.run(
          [python, *arguments], cwd=folder, check=True, text=True,
          stdout=subprocess.PIPE,
      ).stdout

    run('-m', 'pip', 'wheel', '-q', '--no-deps', '-w', folder, _ROOT)
    wheel, = folder.glob('*.whl')
    with zipfile.ZipFile(wheel) as archive:
      names = archive.namelist()
    self.assertIn('sobolev_training/py.typed', names)
    for name in names:
      self.assertStartsWith(name, 'sobolev_training')
      self.assertNotRegex(name, r'test|BUILD')
    run('-m', 'pip', 'install', '-q', wheel, 'mypy')
    version = wheel.name.split('-')[1]
    self.assertEqual(run('-c', _PROGRAM).strip(), f'{version} (9, 1)')
    (folder / 'user.py').write_text(_USER)
    run('-m', 'mypy', '--strict', '--ignore-missing-imports', 'user.py')


if __name__ == '__main__':
  absltest.main()
