# SPDX-License-Identifier: Apache-2.0
"""What a Keras model needs to learn values and derivatives; see `keras`."""

from collections.abc import Iterator
from collections.abc import Sequence
import contextlib
import dataclasses
import functools
import inspect
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from sobolev_training import arrays
from sobolev_training import balancing
from sobolev_training import derivatives
from sobolev_training import distances
from sobolev_training import guards
from sobolev_training import keras_steps
from sobolev_training import orders as orders_lib
from sobolev_training import terms
from sobolev_training import watched


@dataclasses.dataclass(frozen=True)
class _Settings:
  """What `compile` was given, one entry for each order."""

  weights: tuple[float, ...]
  losses: tuple[str | distances.Distance, ...]
  balance: str | dict[str, Any] | None


class Learner(keras_steps.Steps):
  """What a Keras model inherits from, before `keras.Model`, to learn so."""

  def compile(
      self,
      optimizer: Any = 'adam',
      *,
      sobolev_weights: Sequence[float] = (1.0, 1.0),
      sobolev_losses: terms.Losses = 'squared_l2',
      sobolev_balance: str | dict[str, Any] | None = None,
      **settings: Any,
  ):
    """Configures the model; see `keras.Model.compile`.

    Args:
      optimizer: as for `keras.Model`.
      sobolev_weights: a number for each order from 0 (values) on. An order with
        the weight 0 is not computed; its entry of `y` may be anything.
      sobolev_losses: a distance's name or function (see `distances`), or one
        for each order. A function gets numbers that are not known as NaN, but
        for examples of which none is known.
      sobolev_balance: `relobralo`, or a dictionary with its settings, for
        weights that adapt (see `balancing`), which are logged as `factor_0`,
        `factor_1`, ...; `evaluate` and `val_loss` keep to `sobolev_weights`, so
        that epochs can be compared.
      **settings: as for `keras.Model`.

    Raises:
      ValueError: an argument does not fit; its message starts with the name.
    """
    for name in ('loss', 'loss_weights'):
      if settings.pop(name, None) is not None:
        raise ValueError(
            f'{name}: a Sobolev loss has one for each order; pass '
            f'sobolev_{"weights" if name == "loss_weights" else "losses"}'
        )
    with _naming_arguments():
      used = terms.used_orders(sobolev_weights)
      if isinstance(sobolev_losses, str) or callable(sobolev_losses):
        sobolev_losses = [sobolev_losses] * len(sobolev_weights)
      arrays.require_tuple('losses', sobolev_losses, len(sobolev_weights))
      for distance in sobolev_losses:
        distances.by_name(distance)
    super().compile(optimizer, **settings)
    self._sobolev = _Settings(
        tuple(sobolev_weights), tuple(sobolev_losses), sobolev_balance
    )
    self._balance = _make_balance(sobolev_balance, self._sobolev.weights)
    names = ['order', *(['factor'] if self._balance else [])]
    self.step_metrics = keras_steps.StepMetrics(
        [f'{name}_{k}' for name in names for k in used]
    )

  def get_compile_config(self) -> dict[str, Any]:
    """See `keras.Model`; a loss of one's own is saved by its name."""
    config = super().get_compile_config()
    if config:
      config['sobolev_weights'] = list(self._sobolev.weights)
      config['sobolev_losses'] = keras.saving.serialize_keras_object(
          [_saveable(loss) for loss in self._sobolev.losses]
      )
      config['sobolev_balance'] = self._sobolev.balance
    return config

  def save_own_variables(self, store: Any):
    """See `keras.Model`."""
    super().save_own_variables(store)
    for k, variable in enumerate(self._balance_variables()):
      store[f'balance_{k}'] = variable.numpy()

  def load_own_variables(self, store: Any):
    """See `keras.Model`."""
    own, balance = {}, {}
    for name in store.keys():
      kind = balance if name.startswith('balance_') else own
      kind[name] = store[name]
    super().load_own_variables(own)
    if balance:  # None in the weights of another model.
      for k, variable in enumerate(self._balance_variables()):
        variable.assign(balance[f'balance_{k}'])

  def _balance_variables(self) -> Sequence[tf.Variable]:
    balance = self._balance if self.compiled else None
    return balance.variables if balance else ()

  def fit(self, x: Any = None, y: Any = None, *args: Any, **settings: Any):
    """Trains the model; see `keras.Model.fit`.

    Args:
      x: [N, D...], or a data set of (x, y) or (x, y, sample_weight).
      y: (values, first derivatives, ...), [N, O...], [N, O..., D...], ...; NaN,
        or masked, where not known. In a data set masks are lost: there NaN.
      *args: as for `keras.Model`.
      **settings: as for `keras.Model`. `validation_data` has such a `y` too.
        `sample_weight` is [N], or one for each order.

    Raises:
      ValueError: an array does not fit; its message starts with the name.
    """
    return super().fit(x, y, *args, **settings)

  def compute_metrics(
      self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None
  ) -> dict[str, tf.Tensor]:
    """See `keras.Model`; Keras's metrics compare the values.

    They get the prediction for what is not known, as they cannot leave it out.
    """
    first = isinstance(sample_weight, (list, tuple))
    truth = self._orders('y', y)[0]
    if 0 in terms.used_orders(self._sobolev.weights):
      truth = tf.convert_to_tensor(truth)
      if truth.dtype.is_floating:
        known = ~tf.math.is_nan(truth)
        truth = tf.where(known, truth, tf.cast(y_pred, truth.dtype))
    return super().compute_metrics(
        x, truth, y_pred, sample_weight[0] if first else sample_weight
    )

  def step_loss(
      self, x: tf.Tensor, y: Any, sample_weight: Any, training: bool
  ) -> keras_steps.StepLoss:
    """The loss of each example; see `keras_steps`."""
    weights, losses = self._sobolev.weights, self._sobolev.losses
    used = terms.used_orders(weights)
    y = self._orders('y', y)
    masks = [None] * len(weights)
    for k in used:
      masks[k] = _known(k, y[k], distances.by_name(losses[k]))
    with _naming_arguments():
      orders = orders_lib.Orders(weights, losses, masks)
    # Together, so that the model is called once.
    (_, points), = orders.points(arrays.points(x), together=True)
    model = watched.Watched(
        lambda points: self(points, training=training), 'model', orders.highest
    )
    value, *higher = derivatives.value_and_derivatives(
        model, points, orders.highest
    )
    *predictions, _ = terms.of_one_type((value, *higher, points))
    guards.warn(model.findings())
    targets = {k: _target(k, y[k], predictions[k]) for k in used}
    with _naming_arguments():
      checked = orders.checked_together(
          'y', {k: predictions[k] for k in used}
      )
      loss = terms.compare(orders, checked, targets)
    if sample_weight is not None:
      loss = self._weigh_examples(loss, sample_weight)
    metrics = {f'order_{k}': term for k, term in loss.terms.items()}
    if self._balance:
      if training:
        loss = self._balance(loss, mean=keras_steps.mean_over_replicas)
      factors = tf.unstack(self._balance.factors)
      for k, factor in zip(used, factors, strict=True):
        metrics[f'factor_{k}'] = tf.fill(tf.shape(loss.total), factor)
    return keras_steps.StepLoss(loss.total, value, metrics)

  def _weigh_examples(
      self, loss: terms.SobolevLoss, sample_weight: Any
  ) -> terms.SobolevLoss:
    """Multiplies the terms of each example."""
    weights = self._sobolev.weights
    if not isinstance(sample_weight, (list, tuple)):
      sample_weight = [sample_weight] * len(weights)
    sample_weight = self._orders('sample_weight', sample_weight)
    for k in loss.terms:
      sizes = tf.TensorShape(sample_weight[k].shape)[1:]
      if sizes.is_fully_defined() and sizes.num_elements() != 1:
        raise ValueError(
            f'sample_weight[{k}]: expected [B], a number for each example, got '
            f'{arrays.text(sample_weight[k])}; NaN in y leaves a component out'
        )
    by_order = {
        k: term * tf.reshape(
            tf.cast(sample_weight[k], term.dtype), tf.shape(term)
        )
        for k, term in loss.terms.items()
    }
    total = tf.add_n([weights[k] * term for k, term in by_order.items()])
    return terms.SobolevLoss(total, by_order)

  def _orders(self, name: str, values: Any) -> Sequence[Any]:
    """Returns values having checked that there is one for each order."""
    count = len(self._sobolev.weights)
    if count == 1 and not isinstance(values, (list, tuple)):
      values = (values,)
    if not isinstance(values, (list, tuple)) or len(values) != count:
      given = type(values).__name__
      if isinstance(values, (list, tuple)):
        given += f' of {len(values)}'
      raise ValueError(
          f'{name}: expected a tuple of {count}, one for each order of '
          f'sobolev_weights, got {given}'
      )
    return values

  def prepared(self, name: str, y: Any, whole: bool = True) -> Any:
    """Returns arrays with NaN for what NumPy's masks hide; see `Steps`.

    Raises:
      ValueError: no real numbers, an infinity, or an order of which nothing is
        known.
    """
    if y is None or not self.compiled:  # A data set; Keras asks to compile.
      return y
    y = list(self._orders(name, y))
    for k in terms.used_orders(self._sobolev.weights):
      y[k] = arrays.recorded(f'{name}[{k}]', y[k])
      array = np.asarray(y[k])
      if not array.size:
        raise ValueError(
            f'{name}[{k}]: expected examples, got {list(array.shape)}'
        )
      if whole and np.isnan(array).all():
        raise ValueError(
            f'{name}[{k}]: all of its numbers are NaN; give this order the '
            'weight 0 in sobolev_weights'
        )
      with np.errstate(over='ignore'):
        array = array.astype(keras.config.floatx())  # As Keras does.
      infinite = np.argwhere(np.isinf(array))
      if len(infinite):
        raise ValueError(
            f'{name}[{k}]: {len(infinite)} numbers are infinite, as '
            f'{array.dtype.name}, the first at {infinite[0].tolist()}; NaN '
            'says that a number is not known'
        )
    return tuple(y)


@keras.saving.register_keras_serializable('sobolev_training', 'Partial')
class _Partial:
  """A distance with settings while Keras saves it; reading makes a partial."""

  def __init__(self, partial: functools.partial):
    self._partial = partial

  def get_config(self) -> dict[str, Any]:
    return keras.saving.serialize_keras_object({
        'loss': _saveable(self._partial.func),
        'settings': self._partial.keywords,
    })

  @classmethod
  def from_config(cls, config: dict[str, Any]) -> functools.partial:
    config = keras.saving.deserialize_keras_object(config)
    loss = distances.by_name(config['loss'])
    return functools.partial(loss, **config['settings'])


def _saveable(loss: str | distances.Distance) -> Any:
  """Returns a distance as Keras saves it: one of this package by its name."""
  if isinstance(loss, functools.partial):
    return _Partial(loss)
  named = callable(loss) and distances.is_by_component(loss)
  return loss.__name__ if named else loss


def _make_balance(
    settings: str | dict[str, Any] | None, weights: Sequence[float]
) -> balancing.ReLoBRaLo | None:
  if settings is None:
    return None
  if settings == 'relobralo':
    settings = {}
  if not isinstance(settings, dict):
    raise ValueError(
        'sobolev_balance: expected relobralo, a dictionary of its settings or '
        f'None, got {settings!r}'
    )
  known = list(inspect.signature(balancing.ReLoBRaLo).parameters)[1:]
  for name in settings:
    if name not in known:
      raise ValueError(
          f'sobolev_balance: expected settings of {", ".join(known)}, got '
          f'{name!r}'
      )
  with arrays.naming('sobolev_balance'):
    return balancing.ReLoBRaLo(weights, **settings)


@contextlib.contextmanager
def _naming_arguments() -> Iterator[None]:
  """Names the argument of this module that an error of another is about."""
  try:
    yield
  except ValueError as error:  # It starts with the name.
    message = str(error)
    for theirs, ours in _NAMES.items():
      if message.startswith(theirs):
        message = ours + message.removeprefix(theirs)
        break
    raise ValueError(message) from error


_NAMES = {
    'losses': 'sobolev_losses', 'weights': 'sobolev_weights', 'masks': 'y',
}


def _target(k: int, array: tf.Tensor, prediction: tf.Tensor) -> tf.Tensor:
  """Returns an entry of y in the type of what it is compared with."""
  what = f"the model's derivative of order {k}" if k else "the model's value"
  array = tf.cast(array, prediction.dtype)
  return arrays.require_equal(f'y[{k}]', array, prediction, what)


def _known(k: int, target: Any, distance: distances.Distance) -> tf.Tensor:
  """Returns the mask of numbers, or examples, that are not NaN."""
  if target is None:
    raise ValueError(
        f'y[{k}]: expected an array, as sobolev_weights[{k}] is not 0, got None'
    )
  target = tf.convert_to_tensor(arrays.dense(f'y[{k}]', target))
  if target.shape.rank is None:
    raise ValueError(
        f'y[{k}]: expected an array of known rank, got none; use set_shape in '
        'the data set'
    )
  if not target.dtype.is_floating:
    target = tf.cast(target, tf.float32)
  known = ~tf.math.is_nan(target)
  if distances.is_by_component(distance):
    return known
  # [B]: a function has no part that one number could be left out of.
  return tf.reduce_any(known, axis=list(range(1, len(known.shape))))
