# SPDX-License-Identifier: Apache-2.0
"""Parameter gradients: the fast way against nested tapes."""

from unittest import mock

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np
import sonnet as snt
import tensorflow as tf

from sobolev_training import losses
from sobolev_training import parameter_gradients
from sobolev_training import piecewise_linear

# Both sides are float64 sums of some hundred terms of order 1.
_ROUNDING = 1e-12

_generator = np.random.default_rng(0)
_X = tf.constant(_generator.normal(size=(9, 3)))
_TARGET = (
    tf.constant(_generator.normal(size=(9, 1))),
    tf.constant(_generator.normal(size=(9, 1, 3))),
)


def _keras(*layers):
  return tf.keras.Sequential([tf.keras.Input([3], dtype='float64'), *layers])


def _dense(units, activation=None, **settings):
  return tf.keras.layers.Dense(
      units, activation, dtype='float64',
      bias_initializer='glorot_uniform' if units == 1 else 'normal', **settings
  )


_RECOGNISED = {
    'sonnet_mlp': lambda: snt.nets.MLP(
        [8, 7, 1], b_init=snt.initializers.RandomNormal()
    ),
    'sonnet_leaky': lambda: snt.nets.MLP([8, 1], activation=tf.nn.leaky_relu),
    'sonnet_sequential': lambda: snt.Sequential(
        [snt.Linear(8), tf.nn.relu, snt.Linear(7), tf.nn.relu, snt.Linear(1)]
    ),
    'keras_dense': lambda: _keras(
        _dense(8, 'relu'), _dense(7, 'relu'), _dense(1)
    ),
    # 0.3 is another number in float32, which is what TensorFlow takes.
    'keras_layers': lambda: _keras(
        _dense(8), tf.keras.layers.LeakyReLU(0.3, dtype='float64'), _dense(1)
    ),
    'keras_relu': lambda: _keras(
        _dense(8), tf.keras.layers.ReLU(negative_slope=0.3, dtype='float64'),
        _dense(1),
    ),
}

_OTHERS = {
    'smooth': lambda: snt.nets.MLP([8, 1], activation=tf.nn.tanh),
    'frozen': lambda: _keras(_dense(8, 'relu', trainable=False), _dense(1)),
}


def _nested(model, **settings):
  with tf.GradientTape() as tape:
    loss = losses.full_loss(model, _X, _TARGET, **settings)
    mean = tf.reduce_mean(loss.total)
  variables = model.trainable_variables
  gradients = tape.gradient(mean, variables)
  return loss, [
      tf.zeros(v.shape, v.dtype) if gradient is None else gradient
      for v, gradient in zip(variables, gradients, strict=True)
  ]


class ParameterGradientsTest(parameterized.TestCase):

  def _assert_equal(self, ours, theirs):
    for one, two in zip(
        tf.nest.flatten(ours), tf.nest.flatten(theirs), strict=True
    ):
      np.testing.assert_allclose(one, two, _ROUNDING, _ROUNDING)

  @parameterized.product(
      name=tuple(_RECOGNISED),
      settings=(
          {},
          {'weights': (1.0, 0.3), 'losses': ('l1', 'l2')},
          {'weights': (0.0, 1.0), 'losses': 'huber'},
          {'weights': (1.0, 0.0)},
          {'masks': (None, _generator.random([9, 1, 3]) > 0.3)},
      ),
  )
  def test_three_products_equal_nested_tapes(self, name, settings):
    model = _RECOGNISED[name]()
    model(_X)
    expected = _nested(model, **settings)
    with mock.patch.object(
        piecewise_linear,
        'loss_and_parameter_gradients',
        wraps=piecewise_linear.loss_and_parameter_gradients,
    ) as three_products:
      ours = parameter_gradients.loss_and_gradients(
          model, _X, _TARGET, **settings
      )
    three_products.assert_called_once()
    self._assert_equal(ours, expected)

  @parameterized.parameters(*_OTHERS)
  def test_nested_tapes_for_others(self, name):
    model = _OTHERS[name]()
    model(_X)
    ours = parameter_gradients.loss_and_gradients(model, _X, _TARGET)
    self._assert_equal(ours, _nested(model))

  def test_second_order_takes_nested_tapes(self):
    model = snt.nets.MLP([8, 1], activation=tf.nn.relu)
    target = (*_TARGET, tf.zeros([9, 1, 3, 3], tf.float64))
    loss, gradients = parameter_gradients.loss_and_gradients(
        model, _X, target, weights=(1.0, 1.0, 1.0)
    )
    # The second derivative of a ReLU network is zero, as the target's.
    first, expected = parameter_gradients.loss_and_gradients(
        model, _X, _TARGET
    )
    self.assertEqual(set(loss.terms), {0, 1, 2})
    self._assert_equal((loss.total, gradients), (first.total, expected))

  def test_target_may_be_a_function(self):
    model = snt.nets.MLP([8, 1])
    model(_X)

    def f(x):
      return tf.reduce_sum(x**2, -1, keepdims=True)

    ours = parameter_gradients.loss_and_gradients(model, _X, f)
    recorded = (f(_X), 2 * _X[:, tf.newaxis])
    expected = parameter_gradients.loss_and_gradients(model, _X, recorded)
    self._assert_equal(ours, expected)

  @parameterized.parameters(False, True)
  def test_compiled(self, jit_compile):
    model = snt.nets.MLP([8, 1])
    model(_X)

    @tf.function(jit_compile=jit_compile)
    def step(x):
      loss, gradients = parameter_gradients.loss_and_gradients(
          model, x, _TARGET
      )
      return loss.total, gradients

    loss, gradients = _nested(model)
    self._assert_equal(step(_X), (loss.total, gradients))

  @parameterized.parameters(
      ('float32', 'relu'), ('mixed_bfloat16', 'relu'), ('bfloat16', 'tanh')
  )
  def test_keras_models_of_another_type(self, policy, activation):
    # Not built yet, and called with an array.
    model = tf.keras.Sequential([
        tf.keras.layers.Dense(8, activation, dtype=policy),
        tf.keras.layers.Dense(1, dtype=policy),
    ])
    target = [array.numpy() for array in _TARGET]
    ours = parameter_gradients.loss_and_gradients(model, _X.numpy(), target)
    expected = losses.full_loss(model, _X, target)
    np.testing.assert_array_equal(ours[0].total, expected.total)
    self.assertEqual(ours[0].total.dtype, tf.float64)
    # A value alone is compared as finely as beside a derivative.
    alone = losses.full_loss(model, _X, target, weights=(1, 0))
    np.testing.assert_array_equal(alone.terms[0], expected.terms[0])
    # As its own target, its types are mixed in the same way.
    itself = losses.full_loss(model, _X, model)
    np.testing.assert_array_equal(itself.total, np.zeros(9))

  def test_broadcasting_is_an_error(self):
    model = snt.nets.MLP([8, 1])
    wrong = (_TARGET[0][:, 0], _TARGET[1])
    with self.assertRaisesRegex(ValueError, r'target\[0\]'):
      parameter_gradients.loss_and_gradients(model, _X, wrong)

  @parameterized.named_parameters(
      ('variable', lambda w: tf.Variable(w)),
      ('not_trainable', lambda w: tf.Variable(w, trainable=False)),
      ('tensor', tf.constant),
      ('keras', tf.keras.Variable),
  )
  def test_a_plain_function_needs_variables(self, make):
    weight = make(np.ones([3, 1]))

    def model(x):
      return x @ weight

    with self.assertRaisesRegex(ValueError, 'variables: expected'):
      parameter_gradients.loss_and_gradients(model, _X, _TARGET)
    with self.assertRaisesRegex(ValueError, 'variables: .* a single one'):
      parameter_gradients.loss_and_gradients(
          model, _X, _TARGET, variables=weight
      )
    _, (gradient,) = parameter_gradients.loss_and_gradients(
        model, _X, _TARGET, variables=iter([weight])
    )
    value, slope = (array.numpy() for array in _TARGET)
    error = 2 * (_X.numpy().sum(-1, keepdims=True) - value)
    expected = (error * _X.numpy() + 2 * (1 - slope[:, 0])).mean(0)
    np.testing.assert_allclose(gradient[:, 0], expected, _ROUNDING)


if __name__ == '__main__':
  absltest.main()
