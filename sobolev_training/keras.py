# SPDX-License-Identifier: Apache-2.0
"""Keras models that learn values and derivatives: compile, fit, evaluate, save.

  inputs = keras.Input([2])
  hidden = keras.layers.Dense(64, 'tanh')(inputs)
  model = sobolev.keras.Model(inputs, keras.layers.Dense(1)(hidden))
  model.compile('adam', sobolev_weights=(1, 0.5))
  model.fit(x, (y, dy), validation_data=(x_new, (y_new, dy_new)))

`y` is a tuple of the values [N, O...], their first derivatives [N, O..., D...]
and so on, one entry for each of `sobolev_weights`. NaN in it, or the mask
of a NumPy masked array, says that a number is not known: it adds nothing to the
loss, and the rest is not scaled up. `wrap` does the same for a model that
exists.

What is logged: `loss`, with the losses of layers, such as regularisers;
`order_0`, `order_1`, ..., the terms without their weights; and Keras's metrics,
of the values, where one that is not known counts as predicted exactly. To a
callback that watches an order, such as `EarlyStopping('val_order_1')`, give
`mode='min'`. To load a saved model, import this module before.
"""

from typing import Any

import keras

from sobolev_training import keras_steps
from sobolev_training.keras_callbacks import GradientConflict
from sobolev_training.keras_distiller import Distiller
from sobolev_training.keras_learner import Learner

__all__ = ['Distiller', 'GradientConflict', 'Learner', 'Model', 'wrap']


# Keras changes what this class inherits from when it makes a functional model
# of it: what is not functional cannot inherit from this class.
@keras.saving.register_keras_serializable('sobolev_training')
class Model(Learner, keras.Model):
  """A functional Keras model, `Model(inputs, outputs)`, that learns so."""


@keras.saving.register_keras_serializable('sobolev_training')
class _Wrapped(Learner, keras.Model):
  """A model around another one."""

  def __init__(self, model: keras.Model, **settings: Any):
    settings.setdefault('dtype', model.dtype_policy)
    super().__init__(**settings)
    self.model = model
    self.built = model.built

  def build(self, input_shape: Any):
    if not self.model.built:
      self.model.build(input_shape)

  def call(self, x: Any, training: bool | None = None) -> Any:
    return self.model(x, training=training)

  def get_config(self) -> dict[str, Any]:
    model = keras.saving.serialize_keras_object(self.model)
    return super().get_config() | {'model': model}

  @classmethod
  def from_config(cls, config: dict[str, Any]) -> '_Wrapped':
    model = keras.saving.deserialize_keras_object(config['model'])
    return cls(**config | {'model': model})


def wrap(model: keras.Model) -> keras.Model:
  """Returns a model that trains a Keras model with derivatives.

  Args:
    model: any Keras model with one floating input and one output. It keeps its
      weights: training the result trains this model.

  Raises:
    ValueError: another thing than a Keras model.
  """
  keras_steps.require_model('model', model)
  return _Wrapped(model, name=model.name)
