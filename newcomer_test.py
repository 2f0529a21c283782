# SPDX-License-Identifier: Apache-2.0
"""Extends a copy of the project as docs/architecture.md says, and runs it."""

import os
import pathlib
import shutil
import subprocess
import sys

from absl.testing import absltest

from regression import figure2
from report import output
from sg import table1

_ROOT = pathlib.Path(output.__file__).parents[1]
_PACKAGES = (
    'experiment', 'regression', 'report', 'sg', 'sobolev_training', 'theory'
)

_METHOD = '''
"""The critic with another name."""

from sg.modules import interface
from sg.modules import loss_predictor


class Newcomer(loss_predictor.LossPredictor):
  learns_loss = True


METHOD = interface.Method(
    title='The newcomer', colour='#123456', cost=1.5, make=Newcomer.at
)
'''

_DISTANCE = """

def log_cosh(prediction: tf.Tensor, target: tf.Tensor) -> tf.Tensor:
  size = tf.abs(_residual(prediction, target))
  return tf.reduce_sum(size + tf.nn.softplus(-2 * size), axis=1)


_BY_NAME: dict[str, Distance] = {
    'log_cosh': log_cosh,
"""

_FUNCTION = """
FUNCTIONS: dict[str, Function] = {
    'sphere': Function(
        'Sphere', lambda x, y: x**2 + y**2, (-1, -1), (1, 1), ((0, 0),), 0
    ),
"""

_CLAIM = """

@SECTION.claim('A newcomer finds the way', rule='always')
def _(table: Table1) -> section.Readings:
  return {'here': verdicts.Finding('supported', [])}
"""

_PROGRAM = f"""
import pathlib

import {figure2.__name__} as figure2
import {output.__name__} as output
import {table1.__name__} as table1

rows = pathlib.Path('rows').resolve()
distance = dict(distance='log_cosh')
plan = figure2.Sweep(scale='smoke', functions=('sphere',), sizes=(20,), jobs=1)
tiny = dict(steps=4, evaluations=2, hidden=(4,), seeds=1)
figure2.run(plan, tiny | distance, rows.parent, rows)
plan = table1.Sweep(preset='smoke-cifar10', methods=('newcomer',), seeds=1)
tiny = dict(width=2, image_size=8, module_channels=2, aligned=2, epochs=0.2)
table1.run(plan, tiny | distance, rows.parent, rows)
output.write(rows, rows.parent)
"""


class NewcomerTest(absltest.TestCase):

  def setUp(self):
    super().setUp()
    self.tree = pathlib.Path(self.create_tempdir().full_path)
    for package in _PACKAGES:
      shutil.copytree(
          _ROOT / package,
          self.tree / package,
          ignore=shutil.ignore_patterns('*_test.py', '__pycache__'),
      )

  def _replace(self, path, before, after):
    text = (self.tree / path).read_text()
    self.assertEqual(text.count(before), 1, before)
    (self.tree / path).write_text(text.replace(before, after))

  def test_a_method_a_distance_a_function_and_a_claim(self):
    (self.tree / 'sg/modules/newcomer.py').write_text(_METHOD)
    methods = 'sg/modules/methods.py'
    noprop = 'from sg.modules import noprop\n'
    self._replace(methods, noprop, f'from sg.modules import newcomer\n{noprop}')
    self._replace(methods, 'critic, sobolev\n', 'critic, sobolev, newcomer\n')
    self._replace(
        'sobolev_training/distances.py',
        '\n_BY_NAME: dict[str, Distance] = {\n', _DISTANCE,
    )
    self._replace(
        'regression/functions.py',
        '\nFUNCTIONS: dict[str, Function] = {\n', _FUNCTION,
    )
    with open(self.tree / 'report/claims/section_4_3.py', 'a') as file:
      file.write(_CLAIM)
    path = os.pathsep.join([str(self.tree), *sys.path])
    subprocess.run(
        [sys.executable, '-c', _PROGRAM],
        cwd=self.tree, check=True, env={**os.environ, 'PYTHONPATH': path},
    )
    report = (self.tree / 'results.md').read_text()
    for found in (
        '| The newcomer |', '| Sphere 20 points |', 'distance=log_cosh',
        'A newcomer finds the way',
    ):
      self.assertIn(found, report)


if __name__ == '__main__':
  absltest.main()
