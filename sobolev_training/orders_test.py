# SPDX-License-Identifier: Apache-2.0
"""Orders: what is used, and at which points it is asked for."""

from absl.testing import absltest
import numpy as np
import tensorflow as tf

from sobolev_training import orders
from sobolev_training import testing

X = tf.constant([[1.0], [2.0], [3.0]], tf.float64)
SOME = np.array([False, True, True])


def at(weights=(1, 1), masks=None, target=None, **settings):
  """The points [B] for each order."""
  checked = orders.Orders(weights, masks=masks)
  if target is not None:
    checked.record(target)
  return {
      k: points[:, 0].numpy().tolist()
      for used, points in checked.points(X, **settings)
      for k in used
  }


class PointsTest(absltest.TestCase):

  def test_without_masks_there_is_one_set(self):
    for masks in (None, (None, None), (None, np.ones(3, bool))):
      masks = masks and (*masks, None)
      points = orders.Orders((1, 0, 1), masks=masks).points(X)
      self.assertEqual([used for used, _ in points], [[0, 2]])
      self.assertIs(points[0][1], X)

  def test_orders_with_the_same_examples_share_one(self):
    components = np.broadcast_to(SOME[:, None, None], [3, 1, 1])
    for masks in ((SOME, SOME.copy()), (SOME, components)):
      points = orders.Orders((1, 1), masks=masks).points(X)
      self.assertEqual([used for used, _ in points], [[0, 1]])
    masks = (tf.constant(SOME),) * 2
    run = tf.function(
        lambda *m: len(orders.Orders((1, 1), masks=(m[0], m[0])).points(X))
    )
    self.assertEqual(run(*masks), 1)

  def test_an_order_that_knows_nothing_of_an_example_never_sees_it(self):
    self.assertEqual(
        at(masks=(None, SOME)), {0: [1, 2, 3], 1: [2, 2, 3]}
    )
    self.assertEqual(
        at(masks=(None, ~SOME)), {0: [1, 2, 3], 1: [1, 1, 1]}
    )

  def test_together_only_what_no_order_knows_is_replaced(self):
    last = np.array([False, False, True])
    self.assertEqual(
        at(masks=(SOME, last), together=True), {0: [2, 2, 3], 1: [2, 2, 3]}
    )
    self.assertEqual(
        at(masks=(None, last), together=True), {0: [1, 2, 3], 1: [1, 2, 3]}
    )

  def test_masks_of_the_same_bytes(self):
    self.assertEqual(
        at(masks=(SOME, SOME[None])), {0: [2, 2, 3], 1: [1, 2, 3]}
    )

  def test_recorded_masks_count_with_those_given(self):
    value = np.ma.array(np.ones([3, 2]), mask=[[1, 1], [0, 1], [0, 0]])
    slope = np.ones([3, 2, 1])
    self.assertEqual(
        at(target=(value, slope)), {0: [2, 2, 3], 1: [1, 2, 3]}
    )
    # Of example 1 each side knows a component, and both together none.
    mask = np.array([[True, True], [False, True], [True, True]])
    self.assertEqual(
        at(masks=(mask, None), target=(value, slope))[0], [3, 3, 3]
    )

  def test_errors(self):
    with self.assertRaisesRegex(
        ValueError, r'^masks\[1\]: expected 3 examples, as x has, got 2'
    ):
      at(masks=(None, np.ones([2, 1], bool)))
    with self.assertRaisesRegex(ValueError, r'^target\[0\]: expected 3 exam'):
      at(target=(np.ma.array(np.ones([2, 1]), mask=[[1], [0]]), None))


class WeightsTest(absltest.TestCase):

  def test_used(self):
    for weights, used in (
        ((1, 0), [0]), ((0, 2.5), [1]), ((np.float32(1), np.int64(1)), [0, 1]),
        ((tf.constant(0.0), tf.Variable(0.0), 0), [0, 1]),
        ((np.array(1.0), tf.keras.Variable(0.0)), [0, 1]),
    ):
      checked = orders.Orders(weights)
      self.assertEqual((checked.used, checked.highest), (used, used[-1]))

  def test_type(self):
    checked = orders.Orders((0.7, tf.constant(0.5)))
    self.assertEqual(checked.weight(0, tf.float64), 0.7)
    self.assertEqual(checked.weight(1, tf.float64).dtype, tf.float64)
    with self.assertRaisesRegex(ValueError, r'^weights\[0\]: 1e\+300 is too'):
      orders.Orders((1e300,)).weight(0, tf.float32)

  def test_errors(self):
    schedule = tf.keras.optimizers.schedules.ExponentialDecay(1.0, 1, 0.5)
    for weight, message in (
        (schedule, 'expected a number, got a ExponentialDecay; call'),
        (None, 'expected a dense array of real numbers, got NoneType'),
        ('1', 'expected a dense .* got str'),
        (1j, 'expected a dense .* complex'),
        (tf.constant(-1.0), 'expected 0 or more, got -1.0'),
        (tf.constant(np.nan), 'expected 0 or more, got nan'),
        (np.ones(3), r'expected a scalar, got \[3\]; to weigh'),
        (np.ma.masked, 'expected known numbers'),
    ):
      with self.assertRaisesRegex(ValueError, rf'^weights\[1\]: {message}'):
        orders.Orders((1.0, weight))


class CheckedTest(absltest.TestCase):

  def test_what_a_mask_hides_must_not_spoil_the_rest(self):
    prediction = tf.constant([[[1.0, np.inf]], [[np.nan, np.inf]]])
    component = np.array([[[True, False]], [[False, False]]])

    def run(mask):
      checked = orders.Orders((1, 1), masks=(None, mask))
      return checked.checked(1, prediction)

    # Whole examples, and components that are finite, may be masked.
    for mask in (np.array([True, False]), component[1:]):
      np.testing.assert_array_equal(run(mask), prediction)
    with self.assertRaisesRegex(ValueError, r'^masks\[1\]: order 1 .*whole'):
      run(component)
    with self.assertRaisesRegex(tf.errors.InvalidArgumentError, r'masks\[1\]'):
      testing.in_mode('graph', run)(tf.constant(component))
    # XLA cannot raise an error.
    np.testing.assert_array_equal(
        testing.in_mode('xla', run)(tf.constant(component)),
        [[[np.nan, np.nan]], prediction[1]],
    )


if __name__ == '__main__':
  absltest.main()
