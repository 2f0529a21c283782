# SPDX-License-Identifier: Apache-2.0
"""Loss terms: slow NumPy loops, weights, masks, shapes, stopped gradients."""

import functools

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np
import tensorflow as tf

from sobolev_training import distances
from sobolev_training import terms
from sobolev_training import testing

BATCH, OUTPUTS, INPUTS, COUNT = 3, 2, 4, 5


def data(seed, *, sampled=False, dtype=np.float64):
  """(value [B, O], Jacobian [B, O, D]); sampled, (value, [M, B, D])."""
  random = np.random.default_rng(seed)
  first = (COUNT, BATCH, INPUTS) if sampled else (BATCH, OUTPUTS, INPUTS)
  return tuple(
      random.normal(size=shape).astype(dtype)
      for shape in ((BATCH, OUTPUTS), first)
  )


def loop(kinds, weights, predictions, target, *, sampled=False, masks=None):
  """The paper's sum over orders, a mean over M, for each example."""
  totals = np.zeros(BATCH)
  for b in range(BATCH):
    for k, (kind, weight) in enumerate(zip(kinds, weights, strict=True)):
      p, t = predictions[k], target[k]
      mask = np.ones(t.shape, bool) if masks is None else masks[k]
      if sampled and k:
        each = [
            testing.loss_of_example(
                kind, p[m, b][mask[m, b]], t[m, b][mask[m, b]]
            )
            for m in range(COUNT)
        ]
      else:
        each = [
            testing.loss_of_example(kind, p[b][mask[b]], t[b][mask[b]])
        ]
      totals[b] += weight * sum(each) / len(each)
  return totals


class ValueTest(parameterized.TestCase):

  @parameterized.parameters(*[
      (mode, kind, sampled)
      for mode, kind in zip(
          testing.MODES * 2, distances.NAMES + distances.NAMES[:2], strict=True
      )
      for sampled in (False, True)
  ])
  def test_against_a_loop(self, mode, kind, sampled):
    kinds = (kind, 'l1')
    weights = (0.5, 3.0)
    predictions, target = data(0, sampled=sampled), data(1, sampled=sampled)
    run = testing.in_mode(
        mode,
        functools.partial(
            terms.loss_terms, weights=weights, losses=kinds, sampled=sampled
        ),
    )
    loss = run(tuple(map(tf.constant, predictions)), target)
    expected = loop(kinds, weights, predictions, target, sampled=sampled)
    testing.assert_close(loss.total, expected, testing.SAME_FLOAT64)
    self.assertEqual(set(loss.terms), {0, 1})
    unweighted = loop(kinds, (0, 1), predictions, target, sampled=sampled)
    testing.assert_close(loss.terms[1], unweighted, testing.SAME_FLOAT64)

  @parameterized.parameters(*testing.MODES)
  def test_gradient_goes_to_predictions_only(self, mode):
    predictions, target = data(0), data(1)

    def run(predictions, target):
      with tf.GradientTape() as tape:
        tape.watch([predictions, target])
        loss = terms.loss_terms(predictions, target)
        mean = tf.reduce_mean(loss.total)
      zero = tf.UnconnectedGradients.NONE
      to_target = tape.gradient(
          mean, [predictions, target], unconnected_gradients=zero
      )
      self.assertEqual(to_target[1], (None, None))
      return to_target[0]

    gradients = testing.in_mode(mode, run)(
        tuple(map(tf.constant, predictions)), tuple(map(tf.constant, target))
    )
    for k in range(2):
      testing.assert_close(
          gradients[k], 2 * (predictions[k] - target[k]) / BATCH,
          testing.SAME_FLOAT64,
      )

  @parameterized.parameters(*distances.NAMES)
  def test_zero_at_the_target(self, kind):
    target = tuple(map(tf.constant, data(0)))
    loss = terms.loss_terms(target, target, losses=kind)
    np.testing.assert_array_equal(loss.total, np.zeros(BATCH))

  def test_a_distance_of_ones_own(self):
    def scaled(prediction, target):
      return 7 * distances.l1(prediction, target)

    predictions, target = data(0), data(1)
    loss = terms.loss_terms(
        tuple(map(tf.constant, predictions)), target, losses=('l1', scaled)
    )
    expected = loop(('l1', 'l1'), (1, 7), predictions, target)
    testing.assert_close(loss.total, expected, testing.SAME_FLOAT64)

  def test_numpy_float64_fits_a_float32_model(self):
    predictions = tuple(map(tf.constant, data(0, dtype=np.float32)))
    loss = terms.loss_terms(predictions, data(0))
    self.assertEqual(loss.total.dtype, tf.float32)
    np.testing.assert_array_equal(loss.total, np.zeros(BATCH))


class WeightsTest(absltest.TestCase):

  def test_predictions_of_numpy(self):
    one, zero = np.ones([3, 1]), np.zeros([3, 1])
    loss = terms.loss_terms((one,), (zero,), weights=(2.0,))
    np.testing.assert_array_equal(loss.total, [2, 2, 2])
    with self.assertRaisesRegex(ValueError, r'^predictions\[0\]: .* dense'):
      terms.loss_terms((one + 1j,), (zero,), weights=(1.0,))

  def test_zero_skips_the_term(self):
    value, jacobian = map(tf.constant, data(0))
    loss = terms.loss_terms((value, None), (value, None), weights=(1, 0))
    self.assertEqual(set(loss.terms), {0})
    loss = terms.loss_terms((None, jacobian), (None, jacobian), weights=(0, 1))
    self.assertEqual(set(loss.terms), {1})

  def test_a_tensor_may_be_zero_and_is_computed(self):
    predictions, target = tuple(map(tf.constant, data(0))), data(1)
    weight = tf.Variable(0.0)
    run = tf.function(
        lambda: terms.loss_terms(predictions, target, weights=(1.0, weight))
    )
    only_value = terms.loss_terms(predictions, target, weights=(1, 0)).total
    np.testing.assert_array_equal(run().total, only_value)
    weight.assign(2.0)
    np.testing.assert_allclose(run().total, only_value + 2 * run().terms[1])

  def test_errors(self):
    run = functools.partial(terms.loss_terms, data(0), data(0))
    for weights, message in (
        (1.0, r'^weights: expected a tuple'),
        ((1.0, -0.5), r'^weights\[1\]: expected 0 or more, got -0.5'),
        ((float('nan'), 1.0), r'^weights\[0\]: expected 0 or more, got nan'),
        ((0, 0.0), r'^weights: expected one above 0'),
        ((1.0, tf.ones([3])), r'^weights\[1\]: expected a scalar, got \[3\]'),
        ((1.0, 1.0, 1.0), '^predictions: expected 3.* got 2'),
    ):
      with self.assertRaisesRegex(ValueError, message):
        run(weights=weights)


class MasksTest(parameterized.TestCase):

  @parameterized.parameters(*[
      (mode, sampled, which)
      for mode in testing.MODES
      for sampled in (False, True)
      for which in ('examples', 'inputs', 'everything')
  ])
  def test_nan_targets_behind_a_mask(self, mode, sampled, which):
    predictions, target = data(0, sampled=sampled), data(1, sampled=sampled)
    axes = target[1].shape[1:] if sampled else target[1].shape
    random = np.random.default_rng(2)
    inputs = (BATCH, INPUTS) if sampled else (BATCH, 1, INPUTS)
    given = {
        'examples': np.array([True, False, True]),
        'inputs': random.random(inputs) < 0.5,
        'everything': random.random(axes) < 0.5,
    }[which]
    lead = given.reshape(given.shape + (1,) * (len(axes) - given.ndim))
    mask = np.broadcast_to(lead, target[1].shape)
    target[1][~mask] = np.nan
    kinds = ('squared_l2', 'l2')

    def run(predictions):
      with tf.GradientTape() as tape:
        tape.watch(predictions)
        loss = terms.loss_terms(
            predictions, target, losses=kinds, masks=(None, given),
            sampled=sampled,
        ).total
      return loss, tape.gradient(loss, predictions[1])

    loss, gradient = testing.in_mode(mode, run)(
        tuple(map(tf.constant, predictions))
    )
    everything = np.ones(target[0].shape, bool)
    expected = loop(
        kinds, (1, 1), predictions, target, sampled=sampled,
        masks=(everything, mask),
    )
    testing.assert_close(loss, expected, testing.SAME_FLOAT64)
    gradient = gradient.numpy()
    self.assertTrue(np.all(np.isfinite(gradient)))
    np.testing.assert_array_equal(gradient[~mask], 0)
    self.assertTrue(np.all(gradient[mask] != 0))

  def test_values_of_some_examples(self):
    target = data(1)
    target[0][1] = np.inf
    loss = terms.loss_terms(
        tuple(map(tf.constant, data(0))), target, weights=(1.0, 0.0),
        masks=(np.array([True, False, True]), None),
    )
    self.assertEqual(loss.total[1], 0)
    self.assertTrue(np.all(np.isfinite(loss.total)))

  def test_a_distance_of_ones_own_by_example(self):
    def one_more(prediction, target):
      return distances.l1(prediction, target) + 1

    predictions, keep = tuple(map(tf.constant, data(0))), [True, False, True]
    loss = terms.loss_terms(
        predictions, data(0), losses=('l1', one_more), masks=(None, keep)
    )
    np.testing.assert_array_equal(loss.total, [1, 0, 1])
    with self.assertRaisesRegex(
        ValueError, r'^masks\[1\]: a loss of your own .* \[3\], got \[3, 2, 4\]'
    ):
      terms.loss_terms(
          predictions, data(0), losses=one_more,
          masks=(None, np.ones([BATCH, OUTPUTS, INPUTS], bool)),
      )

  @parameterized.parameters(*testing.MODES)
  def test_a_distance_without_a_slope_at_0_gives_no_gradient(self, mode):
    target = data(1)
    target[0][1] = np.nan
    mask = np.array([True, False, True])

    def gradient(value):
      with tf.GradientTape() as tape:
        tape.watch(value)
        loss = terms.loss_terms(
            (value,), target[:1], weights=(1.0,), masks=(mask,),
            losses=lambda p, t: tf.reduce_sum((p - t) ** 2, 1) ** 0.5,
        )
      return tape.gradient(loss.total, value)

    value = data(0)[0]
    expected = value - target[0]
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    expected[1] = 0
    found = testing.in_mode(mode, gradient)(tf.constant(value))
    np.testing.assert_allclose(found, expected, rtol=1e-12)

  @parameterized.parameters(False, True)
  def test_masked_arrays(self, sampled):
    predictions, target = data(0, sampled=sampled), data(1, sampled=sampled)
    masks = [np.random.default_rng(2).random(t.shape) < 0.5 for t in target]
    masked = [
        np.ma.array(np.where(known, t, np.nan), mask=~known)
        for t, known in zip(target, masks, strict=True)
    ]
    kinds = ('squared_l2', 'l2')
    loss = terms.loss_terms(
        tuple(map(tf.constant, predictions)), masked, losses=kinds,
        sampled=sampled,
    )
    expected = loop(
        kinds, (1, 1), predictions, target, sampled=sampled, masks=masks
    )
    testing.assert_close(loss.total, expected, testing.SAME_FLOAT64)

  def test_errors(self):
    run = functools.partial(
        terms.loss_terms, tuple(map(tf.constant, data(0))), data(1)
    )
    for mask, message in (
        (np.ones([3]), r'^masks\[0\]: expected booleans, .* got float64'),
        (np.ones([4], bool), r'^masks\[0\]: .*\[3\] or \[3, 2\].* \[4\]'),
        (np.ones([2, 3], bool), r'^masks\[0\]: .* got \[2, 3\]'),
    ):
      with self.assertRaisesRegex(ValueError, message):
        run(masks=(mask, None))
    with self.assertRaisesRegex(ValueError, '^masks: expected 2.* got 1'):
      run(masks=(None,))


class ShapesTest(absltest.TestCase):

  def test_batch_of_another_order(self):
    for sampled in (False, True):
      recorded = data(0, sampled=not sampled)
      with self.assertRaisesRegex(
          ValueError, r'^predictions\[1\]: its batch is \[.*sampled=True'
      ):
        terms.loss_terms(
            tuple(map(tf.constant, recorded)), recorded, sampled=sampled
        )

  def test_nothing_is_broadcast(self):
    value, jacobian = map(tf.constant, data(0))
    for target, message in (
        # The classic: [N] against [N, 1] becomes [N, N].
        ((value[:, :1], jacobian), r'^target\[0\]: .*\[3, 2\].*got \[3, 1\]'),
        ((value[:, 0], jacobian), r'^target\[0\]: .*value, got \[3\]'),
        ((value, jacobian[:, 0]), r'^target\[1\]: .*order 1, got \[3, 4\]'),
        ((value, jacobian[:1]), r'^target\[1\]: .* got \[1, 2, 4\]'),
        ((value, None), r'^target\[1\]: .* weights\[1\] is not 0, got None'),
        ((value,), r'^target: expected 2.* got 1'),
        ((value, tf.cast(jacobian, tf.float32)), r'^target\[1\]: .*float64'),
    ):
      with self.assertRaisesRegex(ValueError, message):
        terms.loss_terms((value, jacobian), target)

  def test_sizes_known_only_when_it_runs(self):
    spec = tf.TensorSpec([None, 2])
    # XLA leaves out the check that has the message.
    for jit_compile, message in (
        (False, r'target\[0\]: its shape must be'), (True, '')
    ):
      run = tf.function(
          lambda p, t: terms.loss_terms((p,), (t,), weights=(1.0,)).total,
          input_signature=[spec, spec],
          jit_compile=jit_compile,
      )
      loss = run(tf.ones([3, 2]), tf.zeros([3, 2]))
      np.testing.assert_array_equal(loss, [2, 2, 2])
      with self.assertRaisesRegex(tf.errors.InvalidArgumentError, message):
        run(tf.ones([3, 2]), tf.zeros([1, 2]))

  def test_turned_axes_known_only_when_it_runs(self):
    spec = tf.TensorSpec([None, None, None])
    for jit_compile in (True, False):
      run = tf.function(
          lambda p, t: terms.loss_terms((p,), (t,), weights=(1.0,)).total,
          input_signature=[spec, spec], jit_compile=jit_compile,
      )
      with self.assertRaises((ValueError, tf.errors.InvalidArgumentError)):
        run(tf.ones([4, 3, 2]), tf.ones([4, 2, 3]))

  def test_a_number_keeps_the_digits_of_its_type(self):
    one = tf.ones([1, 1], tf.float64)
    loss = terms.loss_terms((one,), (0 * one,), weights=(0.7,))
    self.assertEqual(loss.total[0], 0.7)
    loss = terms.loss_terms((one,), (0 * one,), weights=(1e-50,))
    self.assertEqual(loss.total[0], 1e-50)

  def test_a_prediction_that_is_not_finite_behind_a_mask(self):
    prediction = tf.constant([[np.nan, 1], [2, np.inf]])
    mask = np.array([[False, True], [True, False]])
    with tf.GradientTape() as tape:
      tape.watch(prediction)
      loss = terms.loss_terms(
          (prediction,), (np.zeros([2, 2]),), weights=(1.0,), masks=(mask,)
      ).total
    np.testing.assert_array_equal(loss, [1, 4])
    np.testing.assert_array_equal(
        tape.gradient(loss, prediction), [[0, 2], [4, 0]]
    )

  def test_nan_in_numpy_data(self):
    target = data(1)
    target[1][1, 0, 3] = np.nan
    target[1][2, 0, 0] = np.inf
    with self.assertRaisesRegex(
        ValueError,
        r'^target\[1\]: 2 of 24 .* first is nan at \[1, 0, 3\]; .* mask',
    ):
      terms.loss_terms(tuple(map(tf.constant, data(0))), target)

  def test_losses_errors(self):
    run = functools.partial(
        terms.loss_terms, tuple(map(tf.constant, data(0))), data(1)
    )
    with self.assertRaisesRegex(ValueError, '^losses: expected squared_l2'):
      run(losses='mse')
    with self.assertRaisesRegex(ValueError, '^losses: expected 2.* got 1'):
      run(losses=('l1',))
    for own, shape in (
        (lambda p, t: tf.reduce_mean((p - t) ** 2), r'\[\]'),
        (lambda p, t: (p - t)[:, :1] ** 2, r'\[3, 1\]'),
    ):
      for mask in (None, np.ones([3], bool)):
        with self.assertRaisesRegex(
            ValueError, rf'^losses\[0\]: .* each example, \[3\], got {shape}'
        ):
          run(losses=(own, 'l1'), masks=(mask, None))

  def test_data_of_another_shape_behind_a_mask(self):
    value, jacobian = data(1)
    mask = np.ones([3], bool)
    with self.assertRaisesRegex(ValueError, r'^target\[0\]: .* got \[3\]'):
      terms.loss_terms(
          tuple(map(tf.constant, data(0))), (value[:, 0], jacobian),
          masks=(mask, mask),
      )

  def test_weights_errors(self):
    with self.assertRaisesRegex(ValueError, r'^weights\[1\]: .* \[3\]; to'):
      terms.used_orders((1.0, np.ones(3)))


if __name__ == '__main__':
  absltest.main()
