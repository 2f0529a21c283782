# SPDX-License-Identifier: Apache-2.0
"""The guards against derivatives that are zero, or wrong."""

import gc
import warnings
import weakref

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np
import sonnet as snt
import tensorflow as tf

from sobolev_training import guards
from sobolev_training import losses
from sobolev_training import testing

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


def of_moments(caught):
  """The guard's own warnings: Python 3.13 has some for AutoGraph too."""
  return [w for w in caught if w.category is guards.MomentsWarning]


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
        self.assertEmpty(of_moments(caught))
        guards.check(x, (y, y))
      self.assertLen(of_moments(caught), int(expected))

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


def softmax_cross_entropy(labels, logits):
  return tf.nn.softmax_cross_entropy_with_logits(labels, logits)[:, None]


SCALE = tf.Variable(2.0)


class SecondDerivativeTest(parameterized.TestCase):

  @parameterized.parameters(
      (lambda x: softmax_cross_entropy(tf.nn.softmax(x), tf.sin(x)), True),
      # Labels of the parameters alone: the mixed derivative lacks the term.
      (lambda x: softmax_cross_entropy(
          tf.nn.softmax(SCALE * tf.ones([3, 4])), x), True),
      (tf.function(
          lambda x: softmax_cross_entropy(tf.nn.softmax(x), x)), True),
      (lambda x: softmax_cross_entropy(tf.fill([3, 4], 0.25), x), False),
      (lambda x: softmax_cross_entropy(
          tf.stop_gradient(tf.nn.softmax(x)), x), False),
  )
  def test_labels(self, model, expected):
    for mode in ('eager', 'graph', 'xla'):
      self.assertEqual(
          _warned(model, mode), [guards.SecondDerivativeWarning] * expected,
          mode,
      )

  def test_labels_lack_a_term(self):
    # When this fails, TensorFlow has mended it: take the guard away.
    x = tf.constant([[0.3, -0.2, 0.5]], tf.float64)
    curvatures = []
    for f in (
        lambda x: softmax_cross_entropy(tf.nn.softmax(x), x),
        lambda x: -tf.reduce_sum(
            tf.nn.softmax(x) * tf.nn.log_softmax(x), 1, keepdims=True),
    ):
      with tf.GradientTape() as outer:
        outer.watch(x)
        with tf.GradientTape() as inner:
          inner.watch(x)
          value = f(x)
        gradient = inner.gradient(value, x)[:, 0]
      curvatures.append(outer.gradient(gradient, x))
    self.assertFalse(np.allclose(*curvatures, rtol=1e-3))


def _warned(model, mode, order=1):
  """The guards' warnings of a loss, of a model [3, 4] -> [3, O]."""
  x = tf.random.stateless_normal([3, 4], [1, 2])
  run = testing.in_mode(mode, lambda x: losses.full_loss(
      model, x, lambda x: tf.zeros_like(model(x)),
      weights=(1.0,) * (order + 1),
  ).total)
  with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter('always')
    run(x)
  categories = [w.category for w in caught]
  return [c for c in categories if c.__module__ == guards.__name__]


class BatchTest(parameterized.TestCase):

  @parameterized.parameters(
      (lambda x: x - tf.reduce_mean(x, 0), True),
      (lambda x: x / tf.reduce_max(tf.abs(x)), True),
      (tf.function(lambda x: x - tf.reduce_mean(x, [0])), True),
      (lambda x: tf.transpose(
          tf.transpose(x - tf.reduce_sum(x, 0, keepdims=True))), True),
      (lambda x: x - tf.reduce_mean(x, 1, keepdims=True), False),
      (lambda x: x - tf.stop_gradient(tf.reduce_mean(x, 0)), False),
      (lambda x: tf.transpose(
          tf.transpose(x) - tf.reduce_mean(tf.transpose(x), 0)), False),
      (lambda x: tf.map_fn(lambda row: row - tf.reduce_mean(row), x), False),
      (lambda x: x * tf.reduce_mean(tf.ones([3, 4]), 0), False),
      # Ensembles of as many as there are examples.
      (lambda x: tf.reduce_mean(tf.stack([x, 2 * x, x**2]), 0), False),
      (lambda x: tf.reduce_mean(tf.stack([x] * 3, 1), 1), False),
      (lambda x: tf.reduce_mean(x[None] * tf.ones([3, 1, 1]), 0), False),
      (lambda x: tf.reduce_mean(
          tf.expand_dims(x, 0) * tf.ones([3, 1, 1]), 0), False),
      (lambda x: tf.reduce_mean(
          tf.einsum('bi,mij->mbj', x, tf.ones([3, 4, 2])), 0), False),
      (lambda x: x - tf.reduce_mean(
          tf.einsum('bi,ij->bj', x, tf.ones([4, 4])), 0), True),
  )
  def test_reductions(self, model, expected):
    for mode in ('eager', 'graph'):
      self.assertEqual(
          guards.BatchStatisticsWarning in _warned(model, mode), expected, mode
      )

  @parameterized.parameters(True, False)
  def test_batch_normalisation(self, training):
    norm = snt.BatchNorm(True, True)
    layer = tf.keras.layers.BatchNormalization()
    model = tf.keras.Sequential([tf.keras.Input([4]), layer])
    for call in (
        lambda x: norm(x, is_training=training),
        lambda x: model(x, training=training),
    ):
      call(tf.ones([3, 4]))
      for mode in ('eager', 'graph'):
        self.assertEqual(
            guards.BatchStatisticsWarning in _warned(call, mode), training
        )


class EagerTest(absltest.TestCase):

  def test_a_model_is_called_once_and_not_kept(self):
    symbolic = []

    def model(x):
      symbolic.append(tf.is_symbolic_tensor(x))
      return tf.sin(x)

    for _ in range(2):
      losses.full_loss(model, tf.ones([3, 4]), lambda x: x)
    self.assertEqual(symbolic, [False, False])  # Nothing leaks of a graph.
    alive = weakref.ref(model)
    del model
    gc.collect()
    self.assertIsNone(alive())

  def test_what_cannot_be_traced(self):
    layer = tf.keras.layers.LayerNormalization()
    layer(tf.ones([3, 4]))
    with warnings.catch_warnings(record=True) as caught:
      warnings.simplefilter('always')
      losses.full_loss(
          lambda x: layer(x) if np.asarray(x).any() else x,
          tf.ones([3, 4]),
          lambda x: x,
      )
    self.assertLen(of_moments(caught), 1)

  def test_a_custom_gradient_mends_moments(self):
    @tf.custom_gradient
    def variance(x):
      result = tf.nn.moments(x, [1], keepdims=True)[1]
      centred = x - tf.reduce_mean(x, 1, keepdims=True)
      return result, lambda upstream: upstream * centred / 2

    for mode in ('eager', 'graph'):
      self.assertEmpty(_warned(lambda x: x / tf.sqrt(1 + variance(x)), mode))

  def test_a_warning_comes_again(self):
    model = tf.keras.layers.LayerNormalization()
    model(tf.ones([3, 4]))
    for _ in range(2):
      self.assertEqual(_warned(model, 'eager'), [guards.MomentsWarning])


if __name__ == '__main__':
  absltest.main()
