# SPDX-License-Identifier: Apache-2.0
"""Distances: values by a loop, gradients by central differences, extremes."""

import functools

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np
import tensorflow as tf

from sobolev_training import distances
from sobolev_training import testing

CASES = [
    (mode, name, axes)
    for mode in testing.MODES
    for name in distances.NAMES
    for axes in ((), (3,), (2, 1, 2))
]


def residuals(axes):
  """A prediction and a target; away from the kinks of l1 and huber."""
  random = np.random.default_rng(0)
  target = random.normal(size=(4, *axes))
  size = random.uniform(0.1, 2.0, size=target.shape)
  size += 0.01 * (abs(size - 1) < 0.01)
  return target + random.choice([-1, 1], size=target.shape) * size, target


def gradient(distance, prediction, target, mode='eager'):
  def run(prediction, target):
    with tf.GradientTape() as tape:
      tape.watch(prediction)
      loss = tf.reduce_sum(distance(prediction, target))
    return tape.gradient(loss, prediction)

  return testing.in_mode(mode, run)(
      tf.constant(prediction), tf.constant(target)
  ).numpy()


class DistancesTest(parameterized.TestCase):

  @parameterized.parameters(*CASES)
  def test_value_and_gradient(self, mode, name, axes):
    prediction, target = residuals(axes)
    distance = distances.by_name(name)

    def reference(prediction):
      return np.array([
          testing.loss_of_example(name, p, t)
          for p, t in zip(prediction, target, strict=True)
      ])

    value = testing.in_mode(mode, distance)(
        tf.constant(prediction), tf.constant(target)
    )
    testing.assert_close(value, reference(prediction), testing.SAME_FLOAT64)
    expected = testing.central_difference(
        lambda p: np.sum(reference(p)), prediction
    )
    testing.assert_close(
        gradient(distance, prediction, target, mode), expected,
        testing.CENTRAL_DIFFERENCE,
    )

  @parameterized.parameters(*[
      (mode, name) for mode in testing.MODES for name in distances.NAMES
  ])
  def test_zero_with_zero_gradient_at_the_target(self, mode, name):
    target = np.array([[1.0, 2.0], [0.0, -3.0]], np.float32)
    distance = distances.by_name(name)
    value = testing.in_mode(mode, distance)(
        tf.constant(target), tf.constant(target)
    )
    np.testing.assert_array_equal(value, [0, 0])
    np.testing.assert_array_equal(
        gradient(distance, target, target, mode), np.zeros([2, 2])
    )

  def test_l2_of_extremes(self):
    # The squares of these leave float32's range: 1e50, 1e-60.
    for size in (1e25, 1e-30, 1.0):
      r = np.array([[3 * size, -4 * size]], np.float32)
      value = distances.l2(tf.constant(r), tf.zeros([1, 2]))
      testing.assert_close(value / size, [5], testing.SAME_FLOAT32)
      testing.assert_close(
          gradient(distances.l2, r, np.zeros([1, 2], np.float32)),
          [[0.6, -0.8]],
          testing.SAME_FLOAT32,
      )

  def test_huber_grows_linearly_and_takes_delta(self):
    r = np.array([[1e30]], np.float32)
    zero = np.zeros([1, 1], np.float32)
    value = distances.huber(tf.constant(r), tf.constant(zero))
    testing.assert_close(value, [1e30], testing.SAME_FLOAT32)
    testing.assert_close(
        gradient(distances.huber, r, zero), [[1]], testing.SAME_FLOAT32
    )
    narrow = functools.partial(distances.huber, delta=0.1)
    value = narrow(tf.constant([[0.05, -3.0]]), tf.zeros([1, 2]))
    expected = testing.loss_of_example('huber', [0.05, -3], [0, 0], delta=0.1)
    testing.assert_close(value, [expected], testing.SAME_FLOAT32)

  def test_unknown_batch_size(self):
    spec = tf.TensorSpec([None, 2])
    for name in distances.NAMES:
      run = tf.function(distances.by_name(name), input_signature=[spec, spec])
      self.assertEqual(run(tf.ones([3, 2]), tf.zeros([3, 2])).shape, (3,))
      with self.assertRaisesRegex(
          tf.errors.InvalidArgumentError, 'target: its shape must be'
      ):
        run(tf.ones([3, 2]), tf.zeros([1, 2]))

  def test_errors(self):
    with self.assertRaisesRegex(
        ValueError, r'^target: .*\[4, 1\] of the prediction, got \[4\]'
    ):
      distances.l1(tf.ones([4, 1]), tf.ones([4]))
    with self.assertRaisesRegex(ValueError, "^losses: expected squared_l2.*'L"):
      distances.by_name('L2')
    with self.assertRaisesRegex(ValueError, '^delta: expected a positive'):
      distances.huber(tf.ones([1]), tf.ones([1]), delta=0.0)

  def test_is_by_component(self):
    narrow = functools.partial(distances.huber, delta=0.1)
    for distance in (distances.l2, narrow):
      self.assertTrue(distances.is_by_component(distance))
    self.assertFalse(distances.is_by_component(lambda p, t: p))

  def test_an_infinite_residual(self):
    found = distances.l2(tf.ones([1, 2]), [[np.inf, 0.0]])
    self.assertEqual(found.numpy().tolist(), [np.inf])

  def test_functions_take_two_arguments(self):
    for wrong in (lambda prediction: prediction, lambda a, b, c: a):
      with self.assertRaisesRegex(ValueError, '^losses: .*prediction, target'):
        distances.by_name(wrong)


if __name__ == '__main__':
  absltest.main()
