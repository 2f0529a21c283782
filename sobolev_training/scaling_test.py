# SPDX-License-Identifier: Apache-2.0
"""Scaling: the chain rule against derivatives of the scaled function."""

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np
import tensorflow as tf

from sobolev_training import derivatives
from sobolev_training import losses
from sobolev_training import scaling
from sobolev_training import terms
from sobolev_training import testing


def data(inputs, outputs, count=50):
  """Inputs and outputs of very different units."""
  random = np.random.default_rng(0)
  network = testing.SmoothNetwork(inputs, outputs)
  units = 10.0 ** random.integers(-2, 3, size=inputs)
  x = 3 + units * random.normal(size=(count, *inputs))
  return x, (lambda x: 100 * network(x / units) - 7)


class ScalingTest(parameterized.TestCase):

  @parameterized.parameters(((2,), ()), ((3,), (2,)), ((2, 2), (1,)))
  def test_derivatives_follow_by_the_chain_rule(self, inputs, outputs):
    x, f = data(inputs, outputs)
    scaler = scaling.fit(x, f(x))
    # The function in scaled units, differentiated there.
    def scaled_f(x):
      return scaler.scale_outputs([f(scaler.unscale_inputs(x))])[0]

    scaled_x = scaler.scale_inputs(tf.constant(x))
    expected = derivatives.value_and_derivatives(scaled_f, scaled_x, 2)
    raw = derivatives.value_and_derivatives(f, tf.constant(x), 2)
    scaled = scaler.scale_outputs(raw)
    testing.assert_close(scaled, expected, 10 * testing.SAME_FLOAT64)
    for k, tensor in enumerate(scaler.unscale_outputs(scaled)):
      np.testing.assert_allclose(
          tensor, raw[k], rtol=testing.SAME_FLOAT64, atol=1e-9
      )

  def test_standardises_what_it_was_fitted_on(self):
    x, f = data((3,), (2,))
    scaler = scaling.fit(x, f(x))
    for scaled in (
        scaler.scale_inputs(x), scaler.scale_outputs([f(x)])[0].numpy()
    ):
      testing.assert_close(np.mean(scaled, 0), np.zeros(scaled.shape[1]), 1e-10)
      testing.assert_close(np.std(scaled, 0), np.ones(scaled.shape[1]), 1e-10)

  def test_integers(self):
    x = np.array([[1, 2], [3, 4], [6, 9]], np.uint8)
    scaler = scaling.fit(x, x[:, 0] > 1)
    expected = (x.astype(np.float64) - x.mean(0)) / x.std(0)
    np.testing.assert_allclose(scaler.scale_inputs(x), expected, rtol=1e-12)
    np.testing.assert_allclose(
        scaler.scale_inputs(tf.constant(x)), expected, rtol=1e-6
    )
    labels = np.array([0, 1, 1])
    for found in (
        scaler.scale_outputs([labels, None]),
        scaler.scale_outputs([tf.constant(labels), None]),
    ):
      np.testing.assert_allclose(
          found[0], [-(2**0.5), 0.5**0.5, 0.5**0.5], rtol=1e-6
      )
      self.assertIsNone(found[1])
    whole = scaler.unscale_inputs(np.array([[1, -1]]))
    np.testing.assert_allclose(whole, [x.mean(0) + x.std(0) * [1, -1]])

  def test_numpy_stays_numpy_and_float32_stays_float32(self):
    x, f = data((3,), ())
    scaler = scaling.fit(x, f(x))
    self.assertIsInstance(scaler.scale_inputs(x), np.ndarray)
    self.assertEqual(
        scaler.scale_inputs(tf.constant(x, tf.float32)).dtype, tf.float32
    )
    back = scaler.unscale_inputs(scaler.scale_inputs(x))
    np.testing.assert_allclose(back, x, rtol=1e-12)
    self.assertEqual(scaler.scale_outputs((None, None)), (None, None))

  def test_unscaled_model(self):
    x, f = data((3,), (2,))
    scaler = scaling.fit(x, f(x))
    model = scaler.unscaled(
        lambda x: scaler.scale_outputs([f(scaler.unscale_inputs(x))])[0]
    )
    testing.assert_close(model(tf.constant(x)), f(x), 1e-10)
    # A loss in raw units of a model in scaled units.
    loss = losses.full_loss(model, tf.constant(x), f)
    testing.assert_close(loss.total, np.zeros(50), 1e-10)

  def test_constant_columns_keep_their_unit(self):
    x = np.array([[1.0, 0.1], [2.0, 0.1], [4.0, 0.1]])
    scaler = scaling.fit(x, np.full([3], 0.3))
    np.testing.assert_array_equal(scaler.x_scale, [np.std([1, 2, 4]), 1])
    np.testing.assert_array_equal(scaler.y_scale, 1)
    np.testing.assert_allclose(scaler.scale_inputs(x)[:, 1], 0, atol=1e-16)
    slopes = scaler.scale_outputs((np.zeros(3), np.ones([3, 2])))[1]
    np.testing.assert_allclose(slopes, np.ones([3, 1]) * [np.std([1, 2, 4]), 1])

  @parameterized.parameters(1e300, 1.0, 1e-300)
  def test_numbers_of_any_size(self, unit):
    x = unit * np.array([[1.0, -1.0], [3.0, 1.0], [5.0, 0.0]])
    scaler = scaling.fit(x, x[:, 0])
    np.testing.assert_allclose(scaler.x_mean / unit, [3, 0], atol=1e-15)
    np.testing.assert_allclose(
        scaler.x_scale / unit, np.sqrt([8 / 3, 2 / 3]), rtol=1e-14
    )
    np.testing.assert_allclose(
        scaler.scale_inputs(x)[:, 0], np.sqrt(1.5) * np.array([-1, 0, 1]),
        atol=1e-14,
    )

  def test_of_masked_arrays_the_known_numbers_count(self):
    random = np.random.default_rng(0)
    x, y = random.normal(size=[50, 3]), random.normal(size=[50])
    missing = random.random(x.shape) < 0.3, random.random(y.shape) < 0.3
    masked = [
        np.ma.array(np.where(m, np.nan, d), mask=m)
        for d, m in zip((x, y), missing, strict=True)
    ]
    scaler = scaling.fit(*masked)
    for column in range(3):
      known = x[~missing[0][:, column], column]
      self.assertAlmostEqual(scaler.x_mean[column], known.mean())
      self.assertAlmostEqual(scaler.x_scale[column], known.std())
    self.assertAlmostEqual(scaler.y_mean, y[~missing[1]].mean())
    self.assertAlmostEqual(scaler.y_scale, y[~missing[1]].std())
    scaled = scaler.scale_inputs(masked[0])
    np.testing.assert_array_equal(np.ma.getmaskarray(scaled), missing[0])
    np.testing.assert_allclose(np.ma.mean(scaled, 0), 0, atol=1e-14)
    scaled = scaler.scale_outputs((masked[1], None))[0]
    np.testing.assert_array_equal(np.ma.getmaskarray(scaled), missing[1])
    with self.assertRaisesRegex(ValueError, '^x: expected a known number'):
      scaling.fit(np.ma.array(x, mask=[[0, 1, 0]] * 50), y)

  def test_errors(self):
    x, y = np.zeros([5, 2]), np.zeros([5, 1])
    with self.assertRaisesRegex(ValueError, r'^y: .* \[4, 1\] for x \[5, 2'):
      scaling.fit(x, y[:4])
    with self.assertRaisesRegex(ValueError, '^y: expected as many'):
      scaling.fit(x[:0], y[:0])
    bad = np.array(y)
    bad[2] = np.nan
    with self.assertRaisesRegex(ValueError, r'^y: 1 of 5 .* nan at \[2, 0\]'):
      scaling.fit(x, bad)
    with self.assertRaisesRegex(ValueError, r'^derivatives\[1\]: .* \[5, 2\]'):
      scaling.fit(x, y).scale_outputs((y, np.zeros([5, 2])))


class BalancedWeightsTest(parameterized.TestCase):

  def test_ignorance_costs_one_a_term(self):
    x, f = data((3,), (2,))
    full = derivatives.value_and_derivatives(f, tf.constant(x), 2)
    weights = scaling.balanced_weights(full)
    mean = tf.reduce_mean(full[0], axis=0)
    loss = losses.full_loss(
        lambda x: tf.repeat(mean[None], len(x), axis=0), x, full,
        weights=weights,
    )
    for k, term in loss.terms.items():
      self.assertAlmostEqual(weights[k] * np.mean(term), 1, places=10)

  def test_what_is_masked_adds_nothing(self):
    x, f = data((3,), (2,))
    y, slopes = (
        d.numpy() for d in derivatives.value_and_jacobian(f, tf.constant(x))
    )
    masks = np.arange(len(y)) % 3 != 0, np.isfinite(slopes)
    masks[1][1, 0] = False
    known = y[masks[0]]
    y[~masks[0]] = slopes[~masks[1]] = np.nan
    weights = scaling.balanced_weights((y, slopes), masks)
    ignorant = np.broadcast_to(known.mean(0), y.shape), np.zeros_like(slopes)
    loss = terms.loss_terms(
        tuple(map(tf.constant, ignorant)), (y, slopes), masks=masks
    )
    for k, term in loss.terms.items():
      self.assertAlmostEqual(weights[k] * np.mean(term), 1, places=10)
    recorded = (
        np.ma.array(y, mask=~np.broadcast_to(masks[0][:, None], y.shape)),
        np.ma.array(slopes, mask=~masks[1]),
    )
    self.assertEqual(scaling.balanced_weights(recorded), weights)
    # What either of both leaves out is left out.
    self.assertEqual(
        scaling.balanced_weights(recorded, (masks[0], None)), weights
    )
    with self.assertRaisesRegex(ValueError, r'^derivatives\[0\]: .*not finite'):
      scaling.balanced_weights((y, slopes), (None, masks[1]))

  def test_an_order_without_size(self):
    self.assertEqual(
        scaling.balanced_weights((np.array([1.0, 3.0]), np.zeros([2, 2]))),
        (1, 0),
    )
    # The mean of 0.1 seven times is not 0.1.
    constant = np.array([[0.1, 1.0]] * 6 + [[0.1, 3.0]])
    expected = 1 / (4 * 6 / 49)
    weight, = scaling.balanced_weights((constant,))
    self.assertAlmostEqual(weight, expected)
    self.assertEqual(scaling.balanced_weights((constant[:, 0],)), (0,))

  @parameterized.parameters(2.0**-500, 2.0**500)
  def test_units_far_from_one(self, unit):
    y, dy = np.array([1.0, 3.0, 8.0]), np.array([[1.0], [-2.0], [4.0]])
    weights = scaling.balanced_weights((unit * y, unit * dy))
    testing.assert_close(
        np.array(weights) * unit * unit, [3 / 26, 3 / 21], testing.SAME_FLOAT64
    )
    with self.assertRaisesRegex(ValueError, r'^derivatives\[1\]: .* 2\^'):
      scaling.balanced_weights((y, unit * unit / 4 * dy))


if __name__ == '__main__':
  absltest.main()
