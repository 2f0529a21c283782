# SPDX-License-Identifier: Apache-2.0
"""Operations: derivatives and their training are right, refused or warned of.

The truth is central differences in float64. docs/derivatives.md lists what was
found.
"""

import warnings

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np
import tensorflow as tf

from sobolev_training import derivatives
from sobolev_training import guards
from sobolev_training import losses
from sobolev_training import testing

X = np.random.default_rng(0).uniform(0.2, 0.8, [2, 4])
W = np.random.default_rng(1).uniform(0.5, 1.5, [4])
U = np.random.default_rng(2).normal(size=[1, 4])
# Of central differences with the step 1e-2.
ROUGH = 1e-2
MATRIX = tf.constant(np.random.default_rng(3).normal(size=[4, 4]))


def image(f):
  """f of images [B, 2, 2, 1], flattened."""
  return lambda x: tf.reshape(f(tf.reshape(x, [-1, 2, 2, 1])), [2, -1])


def single(f):
  """f in float32."""
  return lambda x: tf.cast(f(tf.cast(x, tf.float32)), x.dtype)


RIGHT = {
    'tanh': tf.tanh,
    'softmax': tf.nn.softmax,
    'log_softmax': tf.nn.log_softmax,
    'selu': tf.nn.selu,
    'silu': tf.nn.silu,
    'softplus': tf.nn.softplus,
    'leaky_relu': lambda x: tf.nn.leaky_relu(x - 0.5) ** 2,
    'lgamma': tf.math.lgamma,
    'digamma': tf.math.digamma,
    'erf': tf.math.erf,
    'igamma of x': lambda x: tf.math.igamma(tf.ones_like(x), x),
    'igammac of x': lambda x: tf.math.igammac(tf.ones_like(x), x),
    'betainc of x': lambda x: tf.math.betainc(
        tf.ones_like(x), 2 * tf.ones_like(x), x / 3),
    'erfinv': lambda x: tf.math.erfinv(x / 3),
    'ndtri': lambda x: tf.math.ndtri(x / 3),
    'lbeta': lambda x: tf.math.lbeta(x)[:, None],
    'polygamma of x': lambda x: tf.math.polygamma(tf.ones_like(x), x),
    'zeta of q': lambda x: tf.math.zeta(tf.ones_like(x) * 3, x),
    'norm': lambda x: tf.norm(x, axis=1, keepdims=True),
    'logsumexp': lambda x: tf.reduce_logsumexp(x, 1, keepdims=True),
    'l2_normalize': lambda x: tf.nn.l2_normalize(x, 1),
    'cumsum': lambda x: tf.cumsum(x**2, 1),
    'cumprod': lambda x: tf.math.cumprod(x, 1),
}
# The first derivative is right, and its training is refused.
NOT_TRAINED = {
    'softsign': (tf.nn.softsign, 'SoftsignGrad'),
    'igamma of a': (
        lambda x: tf.math.igamma(x, tf.ones_like(x)), 'IgammaGradA'),
    'local response normalisation': (
        single(image(tf.nn.local_response_normalization)), 'LRNGrad'),
    'max_pool_with_argmax': (
        image(lambda a: tf.nn.max_pool_with_argmax(a, 2, 1, 'SAME')[0]),
        'MaxPoolGradWithArgmax'),
    'dilation2d': (
        image(lambda a: tf.nn.dilation2d(
            a, MATRIX[:2, :2, None], [1] * 4, 'SAME', 'NHWC', [1] * 4)),
        'Dilation2DBackpropInput'),
    'fractional_max_pool': (
        image(lambda a: tf.nn.fractional_max_pool(
            a, [1, 1.5, 1.5, 1], seed=1)[0]), 'FractionalMaxPoolGrad'),
    'cumulative_logsumexp': (
        lambda x: tf.math.cumulative_logsumexp(x, 1), 'CumulativeLogsumexp'),
    'crop_and_resize': (
        single(image(lambda a: tf.image.crop_and_resize(
            a, [[0, 0, 1, 1.0]] * 2, [0, 1], [3, 3]))),
        'CropAndResizeGradImage'),
}
# There is no first derivative, or a wrong one.
REFUSED = {
    'betainc of a': (
        lambda x: tf.math.betainc(x, tf.ones_like(x), tf.ones_like(x) / 2),
        'Betainc'),
    'polygamma of the order': (
        lambda x: tf.math.polygamma(x, tf.ones_like(x)), 'Polygamma'),
    'zeta of x': (
        lambda x: tf.math.zeta(x + 2, tf.ones_like(x)), 'Zeta'),
    'resize area': (
        image(lambda a: tf.image.resize(a, [3, 3], 'area')), 'ResizeArea'),
    'hsv_to_rgb': (
        lambda x: tf.image.hsv_to_rgb(x[:, :3]), 'HSVToRGB'),
    'twice': (
        lambda x: tf.image.hsv_to_rgb(tf.image.hsv_to_rgb(x[:, :3])),
        'HSVToRGB'),
    'NumPy, and another': (
        lambda x: tf.image.hsv_to_rgb(tf.ensure_shape(
            tf.numpy_function(np.sin, [x[:, :3]], x.dtype), [2, 3])),
        'HSVToRGB'),
    'recomputed': (
        lambda x: x[:, :3] + tf.recompute_grad(tf.image.hsv_to_rgb)(x[:, :3]),
        'HSVToRGB'),
    'shuffle': (tf.random.shuffle, 'RandomShuffle'),
    'numpy_function': (
        lambda x: tf.ensure_shape(
            tf.numpy_function(np.sin, [x], x.dtype), x.shape), 'PyFunc'),
    'py_function': (
        lambda x: tf.ensure_shape(
            tf.py_function(np.sin, [x], x.dtype), x.shape), 'EagerPyFunc'),
}
# Trained wrongly, with a warning.
WARNED = {
    'moments': (
        lambda x: x / tf.sqrt(tf.nn.moments(x, [1], keepdims=True)[1]),
        guards.MomentsWarning),
    'cross entropy of computed labels': (
        lambda x: tf.nn.softmax_cross_entropy_with_logits(
            tf.nn.softmax(x), tf.sin(x))[:, None],
        guards.SecondDerivativeWarning),
}


def trained(f, mode):
  """Returns the gradient of a loss by a factor of the inputs, [4]."""
  w = tf.Variable(W)

  def run(x):
    with tf.GradientTape() as tape:
      loss = tf.reduce_sum(losses.full_loss(
          lambda x: f(x * w), x, lambda x: tf.zeros_like(f(x))
      ).total)
    return tape.gradient(loss, w)

  return testing.in_mode(mode, run)(tf.constant(X))


def by_differences(f):
  """The same."""
  def loss(w):
    def scaled(x):
      return f(tf.constant(x * w)).numpy()

    value = scaled(X)
    slope = testing.per_example(
        lambda x: scaled(np.broadcast_to(x, X.shape))[:1], X[:1], step=1e-4
    ), testing.per_example(
        lambda x: scaled(np.broadcast_to(x, X.shape))[1:], X[1:], step=1e-4
    )
    return np.sum(value**2) + sum(np.sum(s**2) for s in slope)

  return testing.central_difference(loss, W, step=1e-4)


def jacobian(f, step=1e-5):
  """[B, O, D], by differences."""
  full = testing.central_difference(
      lambda x: f(tf.constant(x)).numpy(), X, step
  )
  return np.stack([full[b, :, b] for b in range(len(X))])


class SurveyTest(parameterized.TestCase):

  @parameterized.product(name=tuple(RIGHT), mode=('eager', 'graph'))
  def test_right(self, name, mode):
    f = RIGHT[name]
    slope = jacobian(f)
    full, along = testing.in_mode(mode, lambda x: (
        derivatives.value_and_jacobian(f, x)[1],
        derivatives.value_and_directional(f, x, (U,))[1],
    ))(tf.constant(X))
    testing.assert_close(full, slope, testing.CENTRAL_DIFFERENCE)
    testing.assert_close(along[0], slope @ U[0], testing.CENTRAL_DIFFERENCE)
    testing.assert_close(
        trained(f, mode), by_differences(f), testing.SECOND_CENTRAL_DIFFERENCE
    )

  @parameterized.product(name=tuple(NOT_TRAINED), mode=('eager', 'graph'))
  def test_not_trained(self, name, mode):
    f, kind = NOT_TRAINED[name]
    full, along = testing.in_mode(mode, lambda x: (
        derivatives.value_and_jacobian(f, x)[1],
        derivatives.value_and_directional(f, x, (U,))[1],
    ))(tf.constant(X))
    slope = jacobian(f, step=1e-2)  # Some compute in float32.
    testing.assert_close(full, slope, ROUGH)
    testing.assert_close(along[0], slope @ U[0], ROUGH)
    with self.assertRaisesRegex(ValueError, f'^model: .*{kind}.* trained'):
      trained(f, mode)

  @parameterized.product(name=tuple(REFUSED), mode=('eager', 'graph'))
  def test_refused(self, name, mode):
    f, kind = REFUSED[name]
    with self.assertRaisesRegex(ValueError, f'^f: .*no derivative of {kind},'):
      testing.in_mode(
          mode, lambda x: derivatives.value_and_jacobian(f, x)
      )(tf.constant(X))

  @parameterized.product(name=tuple(WARNED), mode=('eager', 'graph'))
  def test_warned(self, name, mode):
    f, kind = WARNED[name]
    with warnings.catch_warnings(record=True) as caught:
      warnings.simplefilter('always')
      trained(f, mode)
    self.assertIn(kind, [w.category for w in caught])

  def test_recompute_grad_is_right_or_says_so(self):
    f = tf.recompute_grad(tf.tanh)
    testing.assert_close(
        trained(f, 'eager'), trained(tf.tanh, 'eager'), testing.SAME_FLOAT64
    )
    with self.assertRaisesRegex(NotImplementedError, 'recompute_grad'):
      trained(f, 'graph')


if __name__ == '__main__':
  absltest.main()
