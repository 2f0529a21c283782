# SPDX-License-Identifier: Apache-2.0
"""One step of Keras's `fit` and `evaluate` on a loss of each example.

Keras adds the gradients of the replicas of a `tf.distribute` strategy. A mean
over a replica's own examples would so be multiplied by the number of replicas,
and examples of a small last batch would count more than others. Here a step's
loss is the sum of the replica's examples over the number of all replicas'
examples: the same loss and gradients as on one device, for any batch size.
"""

from collections.abc import Callable
from collections.abc import Sequence
import inspect
from typing import Any
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

from sobolev_training import arrays


class StepLoss(NamedTuple):
  """What a model's `step_loss` returns.

  Attributes:
    losses: [B], what to minimise the mean of.
    prediction: [B, O...], the model's value, for Keras's metrics.
    metrics: quantities [B] of each example, by the name of their metric.
  """

  losses: tf.Tensor
  prediction: tf.Tensor
  metrics: dict[str, tf.Tensor]


class Steps:
  """A Keras model's steps, to be inherited from before `keras.Model`.

  The model has a method `step_loss(x, y, sample_weight, training)` that returns
  a `StepLoss`, and sets `step_metrics` when it is compiled.
  """

  # A tuple in a class of its own: Keras would track a list of metrics, and
  # those of an earlier `compile` would stay.
  step_metrics: 'StepMetrics | None' = None

  @property
  def metrics(self) -> list[keras.Metric]:
    """Keras's, and the step's own."""
    own = self.step_metrics.by_name.values() if self.step_metrics else ()
    return [*super().metrics, *own]

  def compile_from_config(self, config: dict[str, Any]):
    """See `keras.Model`."""
    self.compile(**keras.saving.deserialize_keras_object(config))
    if self.built:
      self.optimizer.build(self.trainable_variables)

  def prepared(self, name: str, y: Any, whole: bool = True) -> Any:
    """Returns y as the steps take it, having checked it.

    Args:
      name: the argument's name.
      y: as for `fit`.
      whole: whether these are all examples, not one batch.
    """
    require_real(name, y)
    return y

  def fit(self, x: Any = None, y: Any = None, *args: Any, **settings: Any):
    """See `keras.Model.fit`; what a NumPy mask hides is not learnt."""
    require_real('x', x, finite=True)
    settings = _named(keras.Model.fit, args, settings)
    validation = settings.get('validation_data')
    if isinstance(validation, (list, tuple)) and validation:
      x_new, *rest = validation
      require_real('validation_data[0]', x_new, finite=True)
      if rest:
        rest[0] = self.prepared('validation_data[1]', rest[0])
      settings['validation_data'] = (x_new, *rest)
    return super().fit(x, self.prepared('y', y), **settings)

  def evaluate(self, x: Any = None, y: Any = None, *args: Any, **settings: Any):
    """See `keras.Model.evaluate`, and `fit`."""
    require_real('x', x, finite=True)
    settings = _named(keras.Model.evaluate, args, settings)
    return super().evaluate(x, self.prepared('y', y), **settings)

  def train_on_batch(self, x: Any, y: Any = None, *args: Any, **settings: Any):
    """See `keras.Model.train_on_batch`, and `fit`."""
    require_real('x', x)
    settings = _named(keras.Model.train_on_batch, args, settings)
    y = self.prepared('y', y, whole=False)
    return super().train_on_batch(x, y, **settings)

  def test_on_batch(self, x: Any, y: Any = None, *args: Any, **settings: Any):
    """See `keras.Model.test_on_batch`, and `fit`."""
    require_real('x', x)
    settings = _named(keras.Model.test_on_batch, args, settings)
    y = self.prepared('y', y, whole=False)
    return super().test_on_batch(x, y, **settings)

  def save(self, filepath: Any, *args: Any, **settings: Any):
    """See `keras.Model.save`; a `.h5` file has no place for what this is."""
    if str(filepath).endswith(('.h5', '.hdf5')):
      raise ValueError(
          f'filepath: expected a name that ends in .keras, got {filepath}'
      )
    super().save(filepath, *args, **settings)

  def predict(self, x: Any, *args: Any, **settings: Any) -> Any:
    """See `keras.Model.predict`; points are refused that a mask hides."""
    require_real('x', x)
    return super().predict(x, *args, **settings)

  def predict_on_batch(self, x: Any) -> Any:
    """See `keras.Model.predict_on_batch`, and `predict`."""
    require_real('x', x)
    return super().predict_on_batch(x)

  def train_step(self, data: Any) -> dict[str, tf.Tensor]:
    """Updates the weights on one batch; returns the metrics."""
    x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
    with tf.GradientTape() as tape:
      result = self._regularised(x, y, sample_weight, training=True)
      loss = self.optimizer.scale_loss(_share_of_mean(result.losses))
    gradients = tape.gradient(loss, self.trainable_weights)
    self.optimizer.apply_gradients(
        zip(gradients, self.trainable_weights, strict=True)
    )
    return self._report(x, y, sample_weight, result)

  def test_step(self, data: Any) -> dict[str, tf.Tensor]:
    """Evaluates one batch; returns the metrics."""
    x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
    result = self._regularised(x, y, sample_weight, training=False)
    return self._report(x, y, sample_weight, result)

  def _regularised(self, x, y, sample_weight, training) -> StepLoss:
    """Adds the losses of the model's layers to that of each example."""
    result = self.step_loss(x, y, sample_weight, training)
    losses = result.losses
    for extra in self.losses:
      losses += tf.cast(tf.reduce_sum(extra), losses.dtype)
    return result._replace(losses=losses)

  def _report(self, x, y, sample_weight, result) -> dict[str, tf.Tensor]:
    for metric in self.metrics:
      if metric.name == 'loss':
        metric.update_state(result.losses)
    for name, values in result.metrics.items():
      self.step_metrics.by_name[name].update_state(values)
    return self.compute_metrics(x, y, result.prediction, sample_weight)


class StepMetrics:
  """The metrics that a model has beside Keras's own."""

  def __init__(self, names: Sequence[str]):
    self.by_name = {name: keras.metrics.Mean(name) for name in names}


def _named(
    method: Callable[..., Any], args: Sequence[Any], settings: dict[str, Any]
) -> dict[str, Any]:
  """Returns what a method of Keras gets after x and y, by name."""
  bound = inspect.signature(method).bind(None, None, None, *args, **settings)
  named = dict(list(bound.arguments.items())[3:])
  named |= named.pop('kwargs', {})
  weight = named.get('sample_weight')
  require_real('sample_weight', weight, finite=True)
  if isinstance(weight, (list, tuple)) and any(one is None for one in weight):
    raise ValueError(
        'sample_weight: expected one array, or one for each order, got None in '
        'it; give ones'
    )
  return named


def require_real(name: str, data: Any, finite: bool = False):
  """Checks NumPy arrays that Keras would take without their mask, or in part.

  Args:
    name: the argument's name.
    data: anything; arrays may be entries of lists and tuples, and of the first
      batch of a `PyDataset`.
    finite: whether NaN and infinity are refused too.

  Raises:
    ValueError: masked, complex or no numbers.
  """
  if isinstance(data, np.ndarray):
    data = arrays.dense(name, data)
    if finite and data.dtype.kind == 'f':
      arrays.require_finite(name, data)
  elif isinstance(data, keras.utils.PyDataset) and data.num_batches:
    require_real(f'{name}[0]', data[0])
  elif isinstance(data, (list, tuple)):
    for part in data:
      require_real(name, part, finite)


def require_model(name: str, model: Any):
  """Checks that there is a Keras model."""
  if not isinstance(model, keras.Model):
    raise ValueError(
        f'{name}: expected a Keras model, got {type(model).__name__}'
    )


def activation(value: Any) -> Callable[[tf.Tensor], tf.Tensor]:
  """Returns the function of the argument `activation`."""
  try:
    return keras.activations.get(value)
  except (TypeError, ValueError):
    raise ValueError(
        f'activation: expected a name in keras.activations, got {value!r}'
    ) from None


def mean_over_replicas(values: tf.Tensor) -> tf.Tensor:
  """Returns the mean of [B] over the examples of all replicas of this step."""
  return _sum_over_replicas(_share_of_mean(values))


def _share_of_mean(values: tf.Tensor) -> tf.Tensor:
  """Returns what, added over the replicas, is the mean over all examples."""
  count = _sum_over_replicas(tf.cast(tf.size(values), values.dtype))
  return tf.math.divide_no_nan(tf.reduce_sum(values), count)


def _sum_over_replicas(value: tf.Tensor) -> tf.Tensor:
  replica = tf.distribute.get_replica_context()
  return replica.all_reduce(tf.distribute.ReduceOp.SUM, value)
