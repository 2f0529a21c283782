# SPDX-License-Identifier: Apache-2.0
"""Recordings, against the target itself and against NumPy."""

import os

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np
import tensorflow as tf

import sobolev_training as sobolev
from sobolev_training import recording
from sobolev_training import testing

_POINTS = 7


def _vectors(form, own):
  """(v1, v2) for two outputs and three inputs, of each point or for all."""
  random = np.random.default_rng(1)
  axes = [2 if form == 'projected' else 3, 3]
  lead = [4, _POINTS] if own else [4]
  return tuple(random.normal(size=[*lead, a]) for a in axes)


class RecordingTest(parameterized.TestCase):

  def setUp(self):
    super().setUp()
    self.x = np.random.default_rng(0).uniform(-1, 1, [_POINTS, 3])
    self.teacher = testing.SmoothNetwork((3,), (2,))
    self.student = testing.SmoothNetwork((3,), (2,), seed=1)

  @parameterized.product(
      form=('full', 'projected', 'directional'), own=(False, True),
      mode=testing.MODES,
  )
  def test_loss_is_that_of_the_target(self, form, own, mode):
    index, weights = np.array([5, 0, 3]), (1, 0.5, 0.1)
    vectors = _vectors(form, own)
    if form == 'full':
      arguments, asked = {'order': 2}, []
    else:
      name = {'projected': 'projections', 'directional': 'directions'}[form]
      arguments = {name: vectors}
      asked = [[v[:, index] if own else v for v in vectors]]
    labels = recording.record(
        self.teacher, self.x, batch_size=3, **arguments
    )
    path = os.path.join(self.create_tempdir(), 'labels')
    labels.save(path)
    labels = recording.load(path)
    loss_fn = getattr(sobolev, f'{form}_loss')
    expected = loss_fn(
        self.student, tf.constant(self.x[index]), self.teacher, *asked,
        weights=weights,
    )
    step = testing.in_mode(
        mode,
        lambda index: labels.loss(self.student, index, weights=weights).total,
    )
    testing.assert_close(
        step(tf.constant(index)), expected.total, testing.SAME_FLOAT64
    )

  def test_rows_of_the_hessian(self):
    teacher = testing.SmoothNetwork((3,), (1,))
    rows = np.stack([np.eye(3)[[0, 1, 2, 0, 1, 2, 0]], np.eye(3)[[1] * 7]])
    labels = recording.record(
        teacher, self.x, projections=(np.ones([1, 1]), rows[:1])
    )
    hessian = testing.per_example(teacher.numpy, self.x, 2, 1e-4)[:, 0]
    expected = np.einsum('nij,ni->nj', hessian, rows[0])
    testing.assert_close(
        labels.target[2][0], expected, testing.SECOND_CENTRAL_DIFFERENCE
    )

  def test_black_box(self):
    labels = recording.record(
        sobolev.targets.BlackBox(self.teacher.numpy), self.x, order=1
    )
    truth = recording.record(self.teacher, self.x, order=1)
    testing.assert_close(
        list(labels.target), list(truth.target), testing.CENTRAL_DIFFERENCE
    )

  @parameterized.parameters(
      ({}, '^order: expected one of .* got 0'),
      ({'order': 1, 'directions': ()}, '^order: expected one of .* got 2'),
      ({'order': -1}, '^order: expected 0 or more'),
      ({'order': 1, 'batch_size': 0}, '^batch_size: expected 1 or more'),
      ({'projections': np.ones([1, 2])}, '^projections: expected a tuple'),
      ({'directions': (np.ones([1, 6, 3]),)}, r'^directions\[0\]: expected 7'),
      ({'directions': (np.ones([1, 2]),)}, r'^directions\[0\]: expected the'),
  )
  def test_wrong_arguments_are_named(self, arguments, message):
    with self.assertRaisesRegex(ValueError, message):
      recording.record(self.teacher, self.x, **arguments)

  def test_no_points(self):
    with self.assertRaisesRegex(ValueError, r'^x: expected points'):
      recording.record(self.teacher, self.x[:0], order=1)

  def test_other_file(self):
    path = os.path.join(self.create_tempdir(), 'other.npz')
    np.savez(path, x=self.x)
    with self.assertRaisesRegex(ValueError, "^path: .* no 'form'"):
      recording.load(path)


if __name__ == '__main__':
  absltest.main()
