# SPDX-License-Identifier: Apache-2.0
from absl.testing import absltest
from absl.testing import parameterized
import numpy as np
import sonnet as snt
import tensorflow as tf

from sobolev_training import mlp_layers

_X = tf.constant(np.random.default_rng(0).normal(size=(9, 3)))


def _keras(*layers):
  return tf.keras.Sequential([tf.keras.Input([3], dtype='float64'), *layers])


def _dense(units, activation=None, **settings):
  return tf.keras.layers.Dense(
      units, activation, dtype='float64', **settings
  )


_RECOGNISED = {
    'sonnet_mlp': lambda: snt.nets.MLP([8, 7, 1]),
    'sonnet_leaky': lambda: snt.nets.MLP([8, 1], activation=tf.nn.leaky_relu),
    'sonnet_sequential': lambda: snt.Sequential(
        [snt.Linear(8), tf.nn.relu, snt.Linear(7), tf.nn.relu, snt.Linear(1)]
    ),
    'keras_dense': lambda: _keras(
        _dense(8, 'relu'), _dense(7, 'relu'), _dense(1)
    ),
    'keras_layers': lambda: _keras(
        _dense(8), tf.keras.layers.LeakyReLU(0.3, dtype='float64'), _dense(1)
    ),
}

_OTHERS = {
    'two_outputs': lambda: snt.nets.MLP([8, 2]),
    'smooth': lambda: snt.nets.MLP([8, 1], activation=tf.nn.tanh),
    'mixed': lambda: snt.Sequential(
        [snt.Linear(8), tf.nn.relu, snt.Linear(7), tf.nn.leaky_relu,
         snt.Linear(1)]
    ),
    'relu_output': lambda: snt.nets.MLP([8, 1], activate_final=True),
    'dropout': lambda: snt.nets.MLP([8, 1], dropout_rate=0.5),
    'no_bias': lambda: snt.nets.MLP([8, 1], with_bias=False),
    'no_hidden_layer': lambda: snt.nets.MLP([1]),
    'capped': lambda: _keras(
        _dense(8), tf.keras.layers.ReLU(6.0, dtype='float64'), _dense(1)
    ),
    'frozen': lambda: _keras(_dense(8, 'relu', trainable=False), _dense(1)),
    'function': lambda: lambda x: x[:, :1],
}


class MlpLayersTest(parameterized.TestCase):

  @parameterized.parameters(*_RECOGNISED)
  def test_layers_make_up_the_network(self, name):
    model = _RECOGNISED[name]()  # Without variables so far.
    found = mlp_layers.find(model, _X)
    hidden = _X
    for weight, bias in zip(*found.variables, strict=True):
      z = tf.matmul(hidden, weight) + bias
      hidden = tf.maximum(z, found.slope * z)
    # The last layer is linear. Float64 sums of some ten terms.
    np.testing.assert_allclose(z, model(_X), atol=1e-14)

  @parameterized.parameters(*_OTHERS)
  def test_leaves_others_alone(self, name):
    self.assertIsNone(mlp_layers.find(_OTHERS[name](), _X))

  def test_leaves_a_subclass_alone(self):
    class Doubled(snt.nets.MLP):

      def __call__(self, x):
        return 2 * super().__call__(x)

    self.assertIsNone(mlp_layers.find(Doubled([8, 1]), _X))


if __name__ == '__main__':
  absltest.main()
