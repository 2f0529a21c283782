# SPDX-License-Identifier: Apache-2.0
"""Keras models under a strategy of two replicas learn as on one device."""

from absl.testing import absltest
import keras
import numpy as np
import tensorflow as tf

from sobolev_training import keras as sobolev_keras
from sobolev_training import testing

_RATE = 0.1


def _devices():
  """Makes two of one CPU, before TensorFlow starts."""
  cpu, *_ = tf.config.list_physical_devices('CPU')
  tf.config.set_logical_device_configuration(
      cpu, [tf.config.LogicalDeviceConfiguration()] * 2
  )


def _network(units, outputs=2):
  keras.utils.set_random_seed(units)
  return keras.Sequential([
      keras.Input([2]),
      keras.layers.Dense(
          units, 'tanh', kernel_regularizer=keras.regularizers.L2(0.01)
      ),
      keras.layers.Dense(outputs),
  ])


def _under(strategy, make):
  """What a model learns, having made and compiled it under a strategy."""
  with strategy.scope():
    model = make()
  # 13 in batches of 6: of the last batch one replica gets nothing.
  x = np.random.default_rng(0).uniform(-1, 1, [13, 2])
  y = np.sin(2 * x), 2 * np.cos(2 * x)[:, :, None] * np.eye(2)
  if isinstance(model, sobolev_keras.Distiller):
    y = y[0][:, :1]
  weight = np.linspace(0, 2, len(x))
  history = model.fit(
      x, y, sample_weight=weight, validation_data=(x, y), batch_size=6,
      epochs=2, shuffle=False, verbose=0,
  ).history
  weights = [v.numpy() for v in model.trainable_weights]
  return dict(sorted(history.items())), weights


class StrategyTest(absltest.TestCase):

  @classmethod
  def setUpClass(cls):
    super().setUpClass()
    _devices()
    keras.config.set_floatx('float64')
    keras.mixed_precision.set_dtype_policy('float64')
    # One for all tests: another one would take its collective operations.
    cls.strategy = tf.distribute.MirroredStrategy(['CPU:0', 'CPU:1'])

  def _assert_same(self, make):
    one = _under(tf.distribute.get_strategy(), make)
    self.assertEqual(self.strategy.num_replicas_in_sync, 2)
    two = _under(self.strategy, make)
    self.assertEqual(one[0].keys(), two[0].keys())
    testing.assert_close(
        list(two[0].values()), list(one[0].values()), testing.SAME_FLOAT64
    )
    testing.assert_close(two[1], one[1], testing.SAME_FLOAT64)

  def test_fit_with_derivatives(self):
    def make():
      model = sobolev_keras.wrap(_network(5))
      model.compile(
          keras.optimizers.SGD(_RATE), sobolev_weights=(1, 0.5),
          metrics=['mae'],
          sobolev_balance={'smoothing': 0.5, 'temperature': 0.5},
      )
      return model

    self._assert_same(make)

  def test_distillation(self):
    def make():
      # Of one output v is +-1: the loss does not depend on what was drawn.
      model = sobolev_keras.Distiller(
          _network(7, 1), _network(5, 1), losses=('squared_l2', 'l2'),
          activation='linear', label_weight=0.3,
      )
      model.compile(keras.optimizers.SGD(_RATE), 'mse')
      return model

    self._assert_same(make)


if __name__ == '__main__':
  absltest.main()
