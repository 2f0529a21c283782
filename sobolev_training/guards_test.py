"""The guards against derivatives that are zero, or wrong."""

import warnings

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np
import sonnet as snt
import tensorflow as tf

from sobolev_training import guards

X = tf.random.stateless_normal([2, 4, 4, 1], [1, 2])


def sonnet_network(activation):
  return snt.Sequential([
      snt.Conv2D(3, 3, stride=2),
      activation,
      lambda x: tf.nn.max_pool2d(x, 2, 2, 'SAME'),
      snt.Flatten(),
      snt.Linear(5),
      activation,
      snt.Linear(2),
  ])


def keras_network(activation):
  return tf.keras.Sequential([
      tf.keras.layers.Conv2D(3, 3, activation=activation),
      tf.keras.layers.BatchNormalization(),
      tf.keras.layers.Flatten(),
      tf.keras.layers.Dense(5, activation=activation),
      tf.keras.layers.Dense(2),
  ])


def found(model):
  results = []

  @tf.function
  def run(x):
    results.append(guards.is_piecewise_linear(x, model(x)))

  run(X)
  return results[-1]


class GuardsTest(parameterized.TestCase, tf.test.TestCase):

  @parameterized.parameters(
      tf.nn.relu, tf.nn.leaky_relu, tf.nn.relu6, tf.abs, tf.identity,
      lambda x: x * tf.cast(x > 0, x.dtype), lambda x: tf.maximum(x, 0.1 * x),
  )
  def test_piecewise_linear(self, activation):
    self.assertTrue(found(sonnet_network(activation)))

  @parameterized.parameters(
      tf.tanh, tf.nn.softplus, tf.nn.silu, tf.nn.gelu, tf.nn.elu, tf.square,
      lambda x: x * x, lambda x: 1 / (3 + tf.abs(x)),
  )
  def test_curved(self, activation):
    self.assertFalse(found(sonnet_network(activation)))

  def test_curved_by_its_last_layer(self):
    network = sonnet_network(tf.nn.relu)
    self.assertFalse(found(lambda x: tf.nn.log_softmax(network(x))))

  def test_keras(self):
    self.assertTrue(found(keras_network('relu')))
    self.assertFalse(found(keras_network('softplus')))

  @parameterized.parameters(
      (tf.keras.layers.LayerNormalization(), True),
      (tf.keras.layers.GroupNormalization(2), True),
      (snt.LayerNorm(-1, True, True), True),
      (snt.InstanceNorm(True, True), True),
      (tf.keras.layers.RMSNormalization(), False),
      (tf.keras.layers.BatchNormalization(), False),
      (tf.function(snt.LayerNorm(-1, True, True)), True),
      (lambda x: tf.cond(
          tf.reduce_sum(x) > 0,
          lambda: tf.nn.moments(x, [0])[1] + x, lambda: x), True),
      (tf.function(lambda x: tf.function(tf.tanh)(x) + x), False),
      (lambda x: x - tf.nn.moments(tf.square(x), [0])[0], False),  # A mean.
      (lambda x: x + tf.nn.moments(tf.ones([4, 1]), [0])[1], False),
  )
  def test_moments(self, layer, expected):
    network = snt.Sequential(
        [snt.Linear(4), lambda x: x[:, None], layer, snt.Linear(2)]
    )
    predictions = []

    @tf.function
    def run(x):
      y = network(x)
      predictions.append(guards.stops_gradients(x, y))
      with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter('always')
        guards.check(x, (y,))
        self.assertEmpty(caught)
        guards.check(x, (y, y))
      self.assertLen(caught, int(expected))

    run(X[:, 0, :, 0])
    self.assertEqual(predictions[-1], expected)

  def test_moments_stop_a_gradient(self):
    # When this fails, TensorFlow has mended it: take the guard away.
    x = tf.constant([1.0, 2.0, 4.0])
    with tf.GradientTape() as outer:
      outer.watch(x)
      with tf.GradientTape() as inner:
        inner.watch(x)
        variance = tf.nn.moments(x, [0])[1]
      gradient = inner.gradient(variance, x)
    # d/dx_i sum_j dv/dx_j = 0, for the variance v of x + c is that of x.
    self.assertNotAllClose(outer.gradient(gradient, x), tf.zeros(3))

  def test_fused_batch_norm_stops_one_an_order_later(self):
    # When this fails, TensorFlow has mended it: take the guard away.
    x, w = tf.random.stateless_normal([2, 3, 2, 2, 1], [1, 2])

    def fused(x):
      return tf.compat.v1.nn.fused_batch_norm(
          x, tf.ones([1]), tf.zeros([1]), is_training=True
      )[0]

    def plain(x):
      centred = x - tf.reduce_mean(x)
      return centred / tf.sqrt(tf.reduce_mean(centred**2) + 1e-3)

    def derivative(f, order):
      if order == 0:
        return lambda x: tf.tanh(f(x))
      lower = derivative(f, order - 1)

      def gradient(x):
        with tf.GradientTape() as tape:
          tape.watch(x)
          y = tf.reduce_sum(w * lower(x))
        return tape.gradient(y, x)

      return gradient

    for order, right in ((1, True), (2, True), (3, False)):
      one, other = (derivative(f, order)(x) for f in (fused, plain))
      self.assertEqual(np.allclose(one, other, 1e-3, 1e-3), right, order)
    found = []

    @tf.function
    def run(x):
      y = tf.tanh(fused(x))
      found.extend(guards.stops_gradients(x, y, order) for order in (1, 2))

    run(x)
    self.assertEqual(found, [False, True])

  def test_constant_model_is_not_called_piecewise_linear(self):
    self.assertFalse(found(lambda x: tf.ones([2, 2])))

  def test_check(self):
    zero, one = tf.zeros([2, 1]), tf.ones([2, 1])
    guards.check(X, (one, zero))  # Order 1 only.
    guards.check(X, (one, zero, one))
    nothing = tf.zeros([0, 1])
    guards.check(X[:0], (nothing, nothing, nothing))
    with self.assertWarnsRegex(guards.PiecewiseLinearWarning, 'or order 1$'):
      guards.check(X, (one, one, zero))


if __name__ == '__main__':
  absltest.main()
