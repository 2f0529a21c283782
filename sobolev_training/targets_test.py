# SPDX-License-Identifier: Apache-2.0
"""Targets: functions, networks, black boxes, recorded data."""

import functools

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np
import sonnet as snt
import tensorflow as tf

from sobolev_training import losses
from sobolev_training import targets
from sobolev_training import testing

X = np.random.default_rng(0).uniform(-1, 1, size=[4, 2])
# [M, O] and [M, B, D]; [M, D].
PROJECTIONS = (
    np.random.default_rng(1).normal(size=[2, 3]),
    np.random.default_rng(2).normal(size=[2, 4, 2]),
)
DIRECTIONS = (PROJECTIONS[1], np.array([[1.0, -2.0], [0.5, 0.0]]))

# sin(x W): by hand, D = cos(x W)_o W_do, D^2 = -sin(x W)_o W_do W_eo.
W = np.random.default_rng(3).normal(size=[2, 3])


def sine(x):
  return tf.sin(x @ W)


def slope(x):
  return tf.cos(x @ W)[:, :, None] * W.T


def curvature(x):
  outer = np.einsum('do,eo->ode', W, W)
  return -tf.sin(x @ W)[:, :, None, None] * outer


def opaque(f):
  """The same function, but tapes do not see through it."""
  return lambda x: tf.stop_gradient(f(x))


class FunctionTest(parameterized.TestCase):

  @parameterized.parameters(
      ('eager', 0), ('eager', 1), ('eager', 2), ('graph', 3), ('xla', 2)
  )
  def test_by_hand_and_by_tape(self, mode, known):
    # Whatever is known by hand is used: tapes would find zeros there.
    target = targets.Function(sine)
    if known == 3:
      target = targets.Function(
          opaque(sine), [opaque(slope), opaque(curvature)]
      )
    elif known:
      target = targets.Function(sine, [slope, curvature][:known])
    full, projected, directional = testing.in_mode(mode, lambda x: (
        target.full(x, 2),
        target.projected(x, PROJECTIONS),
        target.directional(x, DIRECTIONS),
    ))(tf.constant(X))
    truth = sine(X), slope(X), curvature(X)
    testing.assert_close(full, truth, testing.SAME_FLOAT64)
    j, h = truth[1].numpy(), truth[2].numpy()
    (v1, v2), (u1, u2) = PROJECTIONS, DIRECTIONS
    for got, expected in (
        (projected[1], np.einsum('bod,mo->mbd', j, v1)),
        (projected[2], np.einsum('bode,mo,mbd->mbe', h, v1, v2)),
        (directional[1], np.einsum('bod,mbd->mbo', j, u1)),
        (directional[2], np.einsum('bode,mbd,me->mbo', h, u1, u2)),
    ):
      testing.assert_close(got, expected, testing.SAME_FLOAT64)

  def test_orders_beyond_what_is_by_hand(self):
    # Only the slope can be differentiated: D^2 must come from it.
    target = targets.Function(opaque(sine), [slope])
    testing.assert_close(
        target.full(tf.constant(X), 2)[2], curvature(X), testing.SAME_FLOAT64
    )
    self.assertLen(target.full(tf.constant(X), 0), 1)
    # And so must projections of it.
    (v1, v2), (u1, u2) = PROJECTIONS, DIRECTIONS
    h = curvature(X).numpy()
    for got, expected in (
        (target.projected(tf.constant(X), PROJECTIONS),
         np.einsum('bode,mo,mbd->mbe', h, v1, v2)),
        (target.directional(tf.constant(X), DIRECTIONS),
         np.einsum('bode,mbd,me->mbo', h, u1, u2)),
    ):
      testing.assert_close(got[2], expected, testing.SAME_FLOAT64)

  def test_keras_models_are_called_for_inference(self):
    seen = []

    class Model(tf.keras.Model):

      def call(self, x, training=None):
        seen.append(training)
        return x

    targets.Function(Model()).full(tf.ones([4, 2]), 1)
    targets.Function(functools.partial(Model(), training=True)).full(
        tf.ones([4, 2]), 0
    )
    self.assertEqual(seen, [False, True])

  @parameterized.parameters(
      snt.nets.MLP([4, 3], activation=tf.tanh),
      tf.keras.Sequential([
          tf.keras.layers.Dense(4, activation='tanh'),
          tf.keras.layers.Dropout(0.5),
          tf.keras.layers.Dense(3),
      ]),
      snt.Sequential([snt.Linear(3), tf.tanh]),
  )
  def test_real_networks(self, network):
    x = tf.constant(X, tf.float32)
    value, jacobian = targets.as_target(network).full(x, 1)
    np.testing.assert_array_equal(value, network(x))
    self.assertEqual(jacobian.shape, (4, 3, 2))

  def test_errors(self):
    with self.assertRaisesRegex(ValueError, '^target: expected .* Module'):
      targets.as_target(tf.Module())
    with self.assertRaisesRegex(ValueError, '^target: .* got NoneType'):
      targets.as_target(None)

  def test_ask(self):
    function = targets.Function(sine)
    x = tf.constant(X)
    for form, vectors in (
        ('full', None), ('projected', PROJECTIONS), ('directional', DIRECTIONS)
    ):
      # Vectors of orders that are not asked for are left alone.
      answer = targets.ask(form, function, x, 1, vectors)
      expected = getattr(function, form)(x, vectors[:1] if vectors else 1)
      testing.assert_close(answer, expected, 0)

    class Short(targets.Function):

      def full(self, x, order):
        return super().full(x, 0)

    with self.assertRaisesRegex(
        ValueError, '^target: expected 2 tensors, orders 0 to 1, of Short.full'
    ):
      targets.ask('full', Short(sine), x, 1)


class BlackBoxTest(parameterized.TestCase):

  @parameterized.parameters('central', 'forward')
  def test_estimates(self, scheme):
    target = targets.BlackBox(lambda x: np.sin(x @ W), scheme=scheme)
    function = targets.Function(sine)
    x = tf.constant(X)
    # eps^(1/2) for first forward and for second central differences.
    tolerance = 1e-6
    testing.assert_close(target.full(x, 1), function.full(x, 1), tolerance)
    for name, vectors in (
        ('projected', PROJECTIONS[:1]), ('directional', DIRECTIONS[:1])
    ):
      testing.assert_close(
          getattr(target, name)(x, vectors),
          getattr(function, name)(x, vectors),
          10 * tolerance,
      )

  def test_in_a_loss_and_only_two_calls_along_a_direction(self):
    calls = []

    def black_box(x):
      calls.append(x)
      return np.sin(x @ W).astype(x.dtype)

    student = testing.SmoothNetwork((2,), (3,), dtype=tf.float32)
    x = tf.constant(X, tf.float32)
    u = (tf.constant(DIRECTIONS[1][:1], tf.float32),)
    loss = losses.directional_loss(
        student, x, targets.BlackBox(black_box), u
    )
    self.assertLen(calls, 3)
    expected = losses.directional_loss(
        student, x, lambda x: tf.sin(x @ tf.constant(W, tf.float32)), u
    )
    # eps^(2/3) of float32 is 2e-5.
    testing.assert_close(loss.total, expected.total, 1e-3)

  def test_not_in_a_graph(self):
    target = targets.BlackBox(lambda x: x)
    with self.assertRaisesRegex(ValueError, 'target: a black box cannot be'):
      tf.function(lambda x: target.full(x, 1))(tf.constant(X))

  def test_values_that_are_not_finite(self):
    target = targets.BlackBox(lambda x: np.where(x > 10, np.nan, x))
    with self.assertRaisesRegex(ValueError, r'^f: 1 of 2 .* nan at \[1, 0\]'):
      target.full(tf.constant([[1.0], [11.0]]), 1)


class ValidateTest(absltest.TestCase):

  def setUp(self):
    super().setUp()
    self.y, self.slopes = np.zeros([5, 3]), np.zeros([5, 3, 2])
    self.x = np.zeros([5, 2])

  def test_accepts(self):
    targets.validate(self.x, (self.y,))
    targets.validate(self.x, (self.y, self.slopes))
    targets.validate(np.zeros([5, 4, 4]), (self.y[:, 0], np.zeros([5, 4, 4])))
    targets.validate(self.x, (self.y, None))
    targets.validate(self.x, (None, self.slopes))

  def test_not_finite(self):
    self.slopes[3, 1, 0] = np.nan
    with self.assertRaisesRegex(
        ValueError,
        r'^recorded\[1\]: 1 of 30 numbers .* nan at \[3, 1, 0\]; .* mask',
    ):
      targets.validate(self.x, (self.y, self.slopes))
    for mask in (np.arange(5) != 3, np.isfinite(self.slopes)):
      targets.validate(self.x, (self.y, self.slopes), masks=(None, mask))
    for mask, message in (
        (np.ones(5), '^masks.1.: expected booleans'),
        (np.ones(4, bool), r'^masks.1.: expected the shape \[5\] .* got \[4\]'),
    ):
      with self.assertRaisesRegex(ValueError, message):
        targets.validate(self.x, (self.y, self.slopes), masks=(None, mask))
    masked = np.ma.masked_invalid(self.slopes)
    targets.validate(self.x, (self.y, masked))
    targets.validate(self.x, (self.y, masked), masks=(None, np.ones(5, bool)))
    with self.assertRaisesRegex(ValueError, '^masks: expected 2.* got 1'):
      targets.validate(self.x, (self.y, masked), masks=(None,))
    with self.assertRaisesRegex(ValueError, '^x: .* 1 of 10 are missing'):
      x = np.ma.array(self.x)
      x[4, 1] = np.ma.masked
      targets.validate(x, (self.y,))
    self.x[0, 1] = np.inf
    with self.assertRaisesRegex(ValueError, r'^x: 1 of 10 .*inf at \[0, 1\]'):
      targets.validate(self.x, (self.y,))

  def test_shapes(self):
    for recorded, message in (
        ((self.y[:4],), r'^recorded\[0\]: .*\[5, 3\].* got \[4, 3\]'),
        ((None, self.slopes[:, :, :1]), r'^recorded\[1\]: .*3, 2\].*3, 1\]'),
        ((self.y, self.slopes[:, 0]), r'^recorded\[1\]: .*\[5, 3, 2\].*\[5, 2'),
    ):
      with self.assertRaisesRegex(ValueError, message):
        targets.validate(self.x, recorded)


if __name__ == '__main__':
  absltest.main()
