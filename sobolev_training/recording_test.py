# SPDX-License-Identifier: Apache-2.0
"""Recordings, against the target itself and against NumPy."""

import os
import pathlib
from unittest import mock

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
    # One output, two rows of each Hessian.
    labels = recording.record(
        teacher, self.x, projections=(np.ones([1, 1]), rows)
    )
    path = pathlib.Path(self.create_tempdir()) / 'rows.npz'
    labels.save(path)
    labels = recording.load(path)
    hessian = testing.per_example(teacher.numpy, self.x, 2, 1e-4)[:, 0]
    expected = np.einsum('nij,mni->mnj', hessian, rows)
    testing.assert_close(
        labels.target[2], expected, testing.SECOND_CENTRAL_DIFFERENCE
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
      ({'directions': (np.full([1, 3], np.nan),)}, r'^directions\[0\]: 3 of'),
      ({'projections': (np.ones([1, 2]) * 1j,)}, r'^projections\[0\]: .*real'),
      ({'order': '1'}, '^order: expected an integer'),
      ({'order': 1, 'batch_size': 'a'}, '^batch_size: expected an integer'),
      ({'order': 1, 'batch_size': 2.5}, '^batch_size: expected an integer'),
  )
  def test_wrong_arguments_are_named(self, arguments, message):
    with self.assertRaisesRegex(ValueError, message):
      recording.record(self.teacher, self.x, **arguments)

  def test_wrong_points_are_named(self):
    masked = np.ma.array(self.x, mask=self.x > 0)
    for x, message in (
        (self.x[:0], '^x: expected points'), (masked, '^x: expected known'),
        (None, '^x: expected a dense array'),
    ):
      with self.assertRaisesRegex(ValueError, message):
        recording.record(self.teacher, x, order=1)

  @parameterized.parameters(
      ([7],), ([-1],), ([0.5],), ([True] * _POINTS,), ([],), (3,), ([[1]],)
  )
  def test_wrong_index_is_named(self, index):
    labels = recording.record(self.teacher, self.x, order=1)
    for given in (index, tf.constant(index)):
      with self.assertRaisesRegex(ValueError, '^index: expected '):
        labels.loss(self.student, given)

  def test_what_a_target_says_is_checked_at_once(self):
    asked = []

    class Odd(sobolev.targets.Function):

      def __init__(self, answer):
        self._answer = answer

      def full(self, x, order):
        asked.append(len(x))
        return self._answer(x)[:order + 1]

    for answer, message in (
        (lambda x: (x[:, :1], tf.ones_like(x)), 'target: target_1: .* shape'),
        (
            lambda x: (x[:, :1], 1 / tf.zeros_like(x[:, None])),
            'target: order 1 of points from 0 on: .* not finite',
        ),
    ):
      with self.assertRaisesRegex(ValueError, message):
        recording.record(Odd(answer), self.x, order=1, batch_size=2)
    self.assertLen(asked, 4)  # Of each the values' shape, and one batch.

  def test_a_recording_stays_when_another_is_not_whole(self):
    path = pathlib.Path(self.create_tempdir()) / 'labels.npz'
    labels = recording.record(self.teacher, self.x, order=1)
    labels.save(path)
    before = path.read_bytes()
    with mock.patch.object(np, 'savez', side_effect=OSError('disk full')):
      with self.assertRaisesRegex(OSError, 'disk full'):
        labels.save(path)
    self.assertEqual(path.read_bytes(), before)
    self.assertLen(list(path.parent.iterdir()), 1)

  def test_other_files(self):
    path = pathlib.Path(self.create_tempdir()) / 'other.npz'
    recording.record(self.teacher, self.x, order=1).save(path)
    whole = path.read_bytes()
    np.save(path.with_suffix('.npy'), self.x)
    for content in (
        b'', b'hello', whole[:len(whole) // 2],
        path.with_suffix('.npy').read_bytes(),
    ):
      path.write_bytes(content)
      with self.assertRaisesRegex(ValueError, '^path: expected a whole .npz'):
        recording.load(path)

  @parameterized.parameters(
      ({'form': None}, "^path: .* no 'form'"),
      ({'x': np.array([None])}, '^path: expected a whole .npz file of num'),
      ({'target_1': np.ones([3, 2, 3])}, r'^path: target_1: .* \[3, 2, 3\]'),
      ({'x': np.ones([3, 3])}, '^path: target_0: expected the shape'),
      ({'form': 'projected'}, '^path: vectors: expected 1, .* got 0'),
      ({'vectors_0': np.ones([1, 2])}, '^path: vectors: expected 0, .* got 1'),
      (
          {
              'form': 'projected', 'target_1': np.ones([1, _POINTS, 3]),
              'vectors_0': np.ones([1, 3, 2]),
          },
          r'^path: vectors_0: .* \[1, 3, 2\]',
      ),
  )
  def test_other_contents(self, changes, message):
    path = os.path.join(self.create_tempdir(), 'other.npz')
    labels = recording.record(self.teacher, self.x, order=1)
    contents = {
        'form': 'full', 'x': self.x, 'target_0': labels.target[0],
        'target_1': labels.target[1],
    } | changes
    np.savez(path, **{k: v for k, v in contents.items() if v is not None})
    with self.assertRaisesRegex(ValueError, message):
      recording.load(path)


if __name__ == '__main__':
  absltest.main()
