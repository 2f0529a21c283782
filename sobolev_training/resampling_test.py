# SPDX-License-Identifier: Apache-2.0
"""Resampling: it is linear, so its derivative along u is the resampled u."""

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np
import tensorflow as tf

from sobolev_training import derivatives
from sobolev_training import losses
from sobolev_training import testing

X = np.random.default_rng(0).normal(size=[2, 3, 4, 1])
U = np.random.default_rng(1).normal(size=[1, 3, 4, 1])
# Most kernels compute in float32, whatever the images' type.
TOLERANCE = testing.SAME_FLOAT32

METHODS = ('bilinear', 'nearest', 'bicubic', 'lanczos3', 'mitchellcubic')


def resize(method, antialias=False):
  def f(x):
    y = tf.image.resize(x, [5, 6], method=method, antialias=antialias)
    return tf.reshape(y, [-1, 30])

  return f


class ResamplingTest(parameterized.TestCase):

  @parameterized.product(
      method=METHODS, antialias=(False, True), mode=('eager', 'graph')
  )
  def test_derivatives(self, method, antialias, mode):
    f = resize(method, antialias)
    jacobian, along = testing.in_mode(mode, lambda x: (
        derivatives.value_and_jacobian(f, x)[1],
        derivatives.value_and_directional(f, x, (U,))[1],
    ))(tf.constant(X))
    basis = f(tf.constant(np.eye(12).reshape(12, 3, 4, 1)))
    for b in range(2):
      testing.assert_close(
          np.reshape(jacobian[b], [30, 12]), np.transpose(basis), TOLERANCE
      )
      testing.assert_close(along[0, b], f(tf.constant(U))[0], TOLERANCE)

  @parameterized.parameters('eager', 'graph', 'nested', 'xla')
  def test_training(self, mode):
    # m = R x W: D m = R^T W, so that with targets 0 the loss is a quadratic
    # form in W, whose gradient is twice itself along W.
    f = resize('bilinear')
    w = np.random.default_rng(2).normal(size=[30, 2])
    w = tf.Variable(w, dtype=tf.float32)

    def run(x):
      def model(x):
        return (tf.function(f) if mode == 'nested' else f)(x) @ w

      with tf.GradientTape() as tape:
        loss = tf.reduce_sum(losses.full_loss(
            model, x, lambda x: tf.zeros_like(model(x))
        ).total)
      return loss, tape.gradient(loss, w)

    in_mode = 'graph' if mode == 'nested' else mode
    loss, gradient = testing.in_mode(in_mode, run)(tf.constant(X, tf.float32))
    testing.assert_close(
        np.sum(gradient * w) / (2 * loss), 1.0, 10 * TOLERANCE
    )

  def test_tensorflow_outside_is_what_it_was(self):
    x = tf.constant(X)
    derivatives.value_and_jacobian(resize('bilinear'), x)
    with tf.GradientTape() as outer:
      outer.watch(x)
      with tf.GradientTape() as tape:
        tape.watch(x)
        y = resize('bilinear')(x)
      gradient = tape.gradient(y, x, output_gradients=tf.square(y))
    self.assertIsNone(outer.gradient(gradient, [y])[0])

  def test_keras(self):
    layer = tf.keras.layers.UpSampling2D(interpolation='bilinear')
    x, u = tf.constant(X, tf.float32), tf.constant(U, tf.float32)
    along = derivatives.value_and_directional(layer, x, (u,))[1]
    testing.assert_close(along[0, 0], layer(u)[0], TOLERANCE)


if __name__ == '__main__':
  absltest.main()
