# SPDX-License-Identifier: Apache-2.0
"""Functions of which TensorFlow lacks a derivative: right, or refused."""

import concurrent.futures
import functools

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np
import tensorflow as tf

from sobolev_training import derivatives
from sobolev_training import losses
from sobolev_training import targets
from sobolev_training import testing

X = np.random.default_rng(0).uniform(0.2, 0.8, size=[3, 2])
W = np.random.default_rng(1).normal(size=[2, 5])
ACTIVATIONS = [tf.tanh, tf.nn.softsign]


def fake_quant(x):
  """The identity within [-6, 6], to its derivative; float32."""
  return tf.quantization.fake_quant_with_min_max_args(x, -6, 6)


@tf.custom_gradient
def black_box(x):
  """sin x by NumPy, with a gradient by NumPy."""
  def by_numpy(f, x):
    return tf.ensure_shape(tf.numpy_function(f, [x], x.dtype), x.shape)

  def gradient(upstream):
    return upstream * by_numpy(np.cos, x)

  return by_numpy(np.sin, x), gradient


def nested(f):
  return tf.function(f)


# f and f' at z = x W, more outputs than inputs.
WITHOUT_SECOND = {
    'softsign': (tf.nn.softsign, lambda z: (1 + abs(z)) ** -2.0),
    'nested': (nested(tf.nn.softsign), lambda z: (1 + abs(z)) ** -2.0),
    'fake_quant': (
        lambda z: tf.cast(fake_quant(tf.cast(z, tf.float32)), z.dtype),
        np.ones_like,
    ),
    'recompute_grad': (tf.recompute_grad(tf.tanh), lambda z: np.cosh(z) ** -2),
}


class FirstDerivativesTest(parameterized.TestCase):

  @parameterized.product(
      name=tuple(WITHOUT_SECOND), mode=('eager', 'graph'), outputs=(1, 2, 5)
  )
  def test_targets_need_no_more(self, name, mode, outputs):
    f, slope = WITHOUT_SECOND[name]
    w = W[:, :outputs]
    right = slope(X @ w)[:, :, None] * w.T
    v, u = np.ones([2, outputs]), np.array([[1.0, -2.0], [0.5, 0.0]])
    target = targets.Function(lambda x: f(x @ w))
    full, projected, directional = testing.in_mode(mode, lambda x: (
        target.full(x, 1)[1],
        target.projected(x, (v,))[1],
        target.directional(x, (u,))[1],
    ))(tf.constant(X))
    for found, expected in (
        (full, right),
        (projected, np.einsum('bod,mo->mbd', right, v)),
        (directional, np.einsum('bod,md->mbo', right, u)),
    ):
      testing.assert_close(found, expected, testing.SAME_FLOAT64)


class RefusedTest(parameterized.TestCase):

  @parameterized.product(
      name=('softsign', 'nested', 'fake_quant'),
      mode=('eager', 'graph', 'xla'),
      form=('full', 'projected', 'directional'),
  )
  def test_training_names_the_operation(self, name, mode, form):
    f, _ = WITHOUT_SECOND[name]
    w = tf.Variable(W)
    vectors = {
        'full': (), 'projected': ((np.ones([1, 5]),),),
        'directional': ((np.ones([1, 2]),),),
    }[form]

    def run(x):
      with tf.GradientTape() as tape:
        loss = getattr(losses, f'{form}_loss')(
            lambda x: f(x @ w), x, lambda x: tf.zeros_like(x @ w), *vectors
        )
      return tape.gradient(loss.total, w)

    kind = 'FakeQuantWithMinMaxArgs' if name == 'fake_quant' else 'Softsign'
    with self.assertRaisesRegex(
        ValueError, f'model: TensorFlow cannot differentiate {kind}Grad'
    ):
      testing.in_mode(mode, run)(tf.constant(X))

  def test_values_and_the_loss_alone_are_right(self):
    w = tf.Variable(W)

    def model(x):
      return tf.nn.softsign(x @ w)

    self.assertEqual(
        losses.full_loss(model, X, model).total.numpy().tolist(), [0, 0, 0]
    )
    with tf.GradientTape() as tape:
      loss = losses.full_loss(model, X, lambda x: 0 * (x @ w), weights=(1, 0))
    self.assertIsNotNone(tape.gradient(loss.total, w))

  @parameterized.parameters(
      (lambda f, x: derivatives.value_and_derivatives(f, x, 2),),
      (lambda f, x: derivatives.value_and_projected(
          f, x, (np.ones([1, 5]), np.ones([1, 2]))),),
      (lambda f, x: derivatives.value_and_directional(
          f, x, (np.ones([1, 2]),) * 2),),
  )
  def test_second_derivatives(self, ask):
    with self.assertRaisesRegex(ValueError, '^f: .* differentiate SoftsignGr'):
      ask(lambda x: tf.nn.softsign(x @ W), X)

  @parameterized.product(
      case=(
          (tf.image.hsv_to_rgb, 'HSVToRGB'),
          (lambda x: tf.image.adjust_hue(x[:, None, None], 0.1)[:, 0, 0],
           'AdjustHue'),
          (lambda x: tf.random.shuffle(x), 'RandomShuffle'),
          (lambda x: tf.math.zeta(x + 2, 1 + tf.ones_like(x)), 'Zeta'),
          (lambda x: tf.pad(x, [[0, 0], [0, 1]], constant_values=x[0, 0]),
           'PadV2'),
          (nested(tf.image.hsv_to_rgb), 'HSVToRGB'),
      ),
      mode=('eager', 'graph'),
  )
  def test_first_derivatives_that_are_not_there(self, case, mode):
    f, kind = case
    x = tf.constant(np.random.default_rng(0).uniform(size=[3, 3]), tf.float32)
    ask = testing.in_mode(
        mode, lambda x: derivatives.value_and_jacobian(f, x)[1]
    )
    with self.assertRaisesRegex(
        ValueError, f'f: TensorFlow has no derivative of {kind}'
    ):
      ask(x)
    # What is meant to be constant may use them.
    held = testing.in_mode(mode, lambda x: derivatives.value_and_jacobian(
        lambda x: x + tf.reduce_sum(f(tf.stop_gradient(x)), 1)[:, None], x
    )[1])
    np.testing.assert_array_equal(held(x), np.tile(np.eye(3), [3, 1, 1]))

  @parameterized.product(
      case=(
          (tf.numpy_function, 'PyFunc'), (tf.py_function, 'EagerPyFunc'),
      ),
      mode=('eager', 'graph'),
  )
  def test_numpy_functions(self, case, mode):
    call, kind = case

    def f(x):
      return x + tf.ensure_shape(call(np.sin, [x], x.dtype), x.shape)

    ask = testing.in_mode(
        mode, lambda x: derivatives.value_and_jacobian(f, x)
    )
    with self.assertRaisesRegex(ValueError, f'f: .* no derivative of {kind}'):
      ask(tf.constant(X))

  def test_numpy_within_op_by_op(self):
    for f in (
        lambda x: tf.constant(np.sin(x)),
        lambda x: tf.constant(np.sin(x.numpy())),
    ):
      with self.assertRaisesRegex(ValueError, '^f: its value does not come fr'):
        derivatives.value_and_jacobian(f, X)
    value, jacobian = derivatives.value_and_jacobian(
        lambda x: tf.ones([3, 1]), X
    )
    np.testing.assert_array_equal(value, np.ones([3, 1]))
    np.testing.assert_array_equal(jacobian, np.zeros([3, 1, 2]))

  @parameterized.parameters(1, 5)
  def test_what_cannot_be_traced_is_right(self, outputs):
    w = W[:, :outputs]

    def f(x):
      y = tf.image.resize((x @ w)[:, None, :, None], [1, 3])[..., 0]
      return y * float(np.asarray(x).size)

    def by_hand(x):
      return 6 * tf.image.resize((x @ w)[:, None, :, None], [1, 3])[..., 0]

    u = np.array([[1.0, -2.0]])
    for ask in (
        lambda f: derivatives.value_and_jacobian(f, X),
        lambda f: derivatives.value_and_directional(f, X, (u,)),
    ):
      testing.assert_close(ask(f), ask(by_hand), testing.SAME_FLOAT32)

  @parameterized.named_parameters(
      ('index', 0, 1, lambda i: lambda x: ACTIVATIONS[i](x @ W)),
      ('default', False, True, lambda hard: lambda x, hard=hard: ACTIVATIONS[
          int(hard)](x @ W)),
      ('name', 'tanh', 'softsign', lambda name: lambda x: getattr(
          tf.nn, name)(x @ W)),
      ('setting', 'tanh', 'softsign', lambda name: functools.partial(
          lambda settings, x: getattr(tf.nn, settings['name'])(x @ W),
          {'name': name})),
      ('number', 0.3, 0.7, lambda n: lambda x: ACTIVATIONS[
          int(n > 0.5)](x @ W)),
      ('array', np.array(0), np.array(1), lambda i: lambda x: ACTIVATIONS[
          int(i)](x @ W)),
      ('layers', 0, 1, lambda i: functools.partial(
          lambda layers, x: layers[0][1](x @ layers[0][0]),
          [(W, ACTIVATIONS[i])])),
      ('function', 0, 1, lambda i: lambda x: tf.function(ACTIVATIONS[i])(
          tf.function(lambda x: x @ W)(x))),
  )
  def test_each_call_is_seen(self, smooth, not_smooth, make):
    derivatives.value_and_derivatives(make(smooth), X, 2)
    with self.assertRaisesRegex(ValueError, 'cannot differentiate SoftsignGra'):
      derivatives.value_and_derivatives(make(not_smooth), X, 2)
    derivatives.value_and_derivatives(make(smooth), X, 2)

  def test_threads_see_their_own(self):
    def refused(i):
      try:
        derivatives.value_and_derivatives(
            lambda x: ACTIVATIONS[i % 2](x @ W), X, 2
        )
      except ValueError:
        return True
      return False

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
      found = list(pool.map(refused, range(40)))
    self.assertEqual(found, [False, True] * 20)

  @parameterized.parameters('eager', 'graph')
  def test_custom_gradients_are_believed(self, mode):
    found = testing.in_mode(mode, lambda x: (
        derivatives.value_and_jacobian(lambda x: black_box(x @ W), x)[1],
        derivatives.value_and_directional(
            lambda x: black_box(x @ W), x, (np.array([[1.0, -2.0]]),))[1],
    ))(tf.constant(X))
    right = np.cos(X @ W)[:, :, None] * W.T
    testing.assert_close(found[0], right, testing.SAME_FLOAT64)
    testing.assert_close(
        found[1][0], right @ [1.0, -2.0], testing.SAME_FLOAT64
    )


class ValueTest(absltest.TestCase):

  def test_errors(self):
    for value, message in (
        ({'a': 1}, r"got dict: pick .* model\(x\)\['a'\]"),
        ([1], r'got list: .*model\(x\)\[0\]'),
        (np.ones([3, 1]), 'got ndarray: .*BlackBox'),
        (None, 'got NoneType'),
        (tf.ones([3, 1], tf.int32), 'expected floating values, got int32'),
        (tf.ones([3, 1], tf.complex64), 'expected a dense array of real'),
        (tf.ones([2, 1]), r'expected a value \[B, O...\] .* got \[2, 1\]'),
    ):
      with self.assertRaisesRegex(ValueError, f'^model: .*{message}'):
        losses.full_loss(lambda x, v=value: v, X, lambda x: x)
      with self.assertRaisesRegex(ValueError, f'^target: .*{message}'):
        losses.full_loss(lambda x: x, X, lambda x, v=value: v)
    with self.assertRaisesRegex(ValueError, '^model: .*function.* got int'):
      losses.full_loss(7, X, lambda x: x)


if __name__ == '__main__':
  absltest.main()
