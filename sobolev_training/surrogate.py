# SPDX-License-Identifier: Apache-2.0
"""A surrogate of an expensive function from its values and derivatives.

  s = sobolev.surrogate.fit(x, y, dy)
  y, dy = s.predict(x_new, derivatives=1)
  s.save('wing.keras')
  s = sobolev.surrogate.load('wing.keras')
  s.parity(x_test, y_test, dy_test).savefig('parity.png')

It is a Keras model of standard layers in the units of the data: a smooth MLP
between two scalings. A saved one is read by Keras alone, without this package,
and nothing is pickled. Axes: N points, D... input, O... outputs, K order.
"""

from collections.abc import Callable
from collections.abc import Sequence
import dataclasses
import functools
import math
import os
from typing import TYPE_CHECKING
import zipfile

import keras
import numpy as np
import tensorflow as tf

from sobolev_training import arrays
from sobolev_training import derivatives as derivatives_lib
from sobolev_training import keras_steps
from sobolev_training import scaling
from sobolev_training import surrogate_figures
from sobolev_training import surrogate_training
from sobolev_training import targets
from sobolev_training import terms

if TYPE_CHECKING:
  from matplotlib import figure


@dataclasses.dataclass
class Surrogate:
  """A model that predicts values and derivatives.

  Attributes:
    model: a Keras model from [N, D...] to [N, O...], in the data's units.
    history: of a fit, the losses at some steps: `step`, `loss`, and
      `held_out_loss` if points were held out.
  """

  model: keras.Model
  history: dict[str, list[float]] = dataclasses.field(default_factory=dict)

  def predict(
      self, x: np.ndarray, derivatives: int = 0, *, batch_size: int = 1024
  ) -> np.ndarray | tuple[np.ndarray, ...]:
    """Returns values, or values and derivatives up to an order.

    Args:
      x: [N, D...].
      derivatives: K, the highest order, 0 or more.
      batch_size: points that are computed together.

    Returns:
      y [N, O...]; with derivatives y, D y [N, O..., D...], and so on.

    Raises:
      ValueError: an argument does not fit; its message starts with the name.
    """
    derivatives = arrays.integer('derivatives', derivatives, 0)
    batch_size = arrays.integer('batch_size', batch_size, 1)
    x = np.asarray(arrays.dense('x', x))
    expected = tuple(self.model.input_shape[1:])
    if x.shape[1:] != expected or not x.ndim:
      raise ValueError(
          f'x: expected the shape [N{"".join(f", {d}" for d in expected)}], '
          f'got {list(x.shape)}'
      )
    x = x.astype(self.model.inputs[0].dtype)
    # One chunk even of no points, for the shapes.
    try:
      chunks = [
          self._evaluate(
              self.model, tf.constant(x[start:start + batch_size]), derivatives
          )
          for start in range(0, max(1, len(x)), batch_size)
      ]
    except ValueError as error:
      message = str(error)
      if not message.startswith('order:'):
        raise
      raise ValueError(f'derivatives{message.removeprefix("order")}') from None
    results = tuple(
        np.concatenate(parts) for parts in zip(*chunks, strict=True)
    )
    return results if derivatives else results[0]

  @functools.cached_property
  def _evaluate(self) -> Callable[..., tuple[tf.Tensor, ...]]:
    return surrogate_training.compiled(_evaluate, reduce_retracing=True)

  def save(self, path: os.PathLike[str] | str):
    """Writes the model, a `.keras` file."""
    if not str(path).endswith('.keras'):
      raise ValueError(
          f'path: expected a name that ends in .keras, got {path}'
      )
    self.model.save(path)

  def parity(
      self, x: np.ndarray, y: np.ndarray, *derivatives: np.ndarray
  ) -> 'figure.Figure':
    """Draws predictions against truth, one panel for each order.

    Args:
      x: [N, D...], points that were not learnt from.
      y: [N, O...].
      *derivatives: [N, O..., D...], and so on; NaN, or masked, where not known.

    Returns:
      A figure of matplotlib; 1 - R^2 is in its titles.

    Raises:
      ValueError: an array does not fit; its message starts with the name.
    """
    recorded = _recorded(x, (y, *derivatives))
    for name, array in zip(_names(len(recorded)), recorded, strict=True):
      if array is None or np.isnan(array).all():
        raise ValueError(f'{name}: expected known numbers, got none')
    predicted = self.predict(x, len(derivatives))
    predicted = predicted if derivatives else (predicted,)
    for name, array, ours in zip(
        _names(len(recorded)), recorded, predicted, strict=True
    ):
      if array.shape != ours.shape:
        raise ValueError(
            f'{name}: expected the shape {list(ours.shape)} of what is '
            f'predicted, got {list(array.shape)}'
        )
    return surrogate_figures.parity(recorded, predicted)

  def sensitivity(
      self,
      x0: np.ndarray,
      low: np.ndarray | None = None,
      high: np.ndarray | None = None,
  ) -> 'figure.Figure':
    """Draws each output along each input through a point, with its slope there.

    Args:
      x0: [D...].
      low: [D...], where the lines begin; by default 1.7 standard deviations of
        the training data below their mean, the box of uniform points.
      high: [D...], where they end; by default as far above.

    Returns:
      A figure of matplotlib.

    Raises:
      ValueError: points of another shape, or no limits of a model without the
        scaling of a fit.
    """
    expected = self.model.input_shape[1:]
    if np.shape(x0) != expected:
      raise ValueError(
          f'x0: expected the shape {list(expected)} of one point, got '
          f'{list(np.shape(x0))}'
      )
    if low is None or high is None:
      box = _box(self.model)
      low, high = (b if a is None else a for a, b in zip(
          (low, high), box, strict=True
      ))
    x0, low, high = (
        np.asarray(arrays.dense(name, a), float)
        for name, a in (('x0', x0), ('low', low), ('high', high))
    )
    return surrogate_figures.sensitivity(self.predict, x0, low, high)


def fit(
    x: np.ndarray,
    y: np.ndarray,
    *derivatives: np.ndarray,
    hidden: Sequence[int] = (64, 64),
    activation: str = 'tanh',
    balance: str | Sequence[float] = 'balanced',
    losses: terms.Losses = 'squared_l2',
    steps: int = 5000,
    batch_size: int = 256,
    learning_rate: float = 5e-3,
    held_out: float | None = None,
    patience: int = 10,
    seed: int = 0,
    dtype: str = 'float32',
) -> Surrogate:
  """Fits an MLP to values and derivatives, in standardised units.

  Adam's learning rate falls to 0 along half a cosine. With points held out, the
  weights of the lowest loss there are kept, and the fit stops when that has
  been long ago.

  Args:
    x: [N, D...].
    y: [N, O...]; NaN, or masked, where not known.
    *derivatives: D y [N, O..., D...], D^2 y [N, O..., D..., D...], and so on;
      NaN, or masked, where not known. None leaves an order out.
    hidden: units of each hidden layer.
    activation: of the hidden layers, a name in `keras.activations`; smooth, if
      its derivatives are to be.
    balance: weights of the orders: `balanced` (each term is 1 for the model
      that knows nothing; see `scaling.balanced_weights`; 1 for values that are
      constant), `relobralo`, which starts from these and adapts (see
      `balancing`), or numbers, in standardised units.
    losses: a distance's name or function, or one for each order.
    steps: updates of the weights.
    batch_size: points per step, at most N.
    learning_rate: Adam's, at the start.
    held_out: the share of points to hold out, from 0 to below 1; None for a
      tenth of 50 points or more, and no point of fewer.
    patience: of 50 looks at the points held out, how many may pass without a
      lower loss.
    seed: of the weights, of the points held out and of the batches.
    dtype: `float32` or `float64`.

  Raises:
    ValueError: an argument does not fit; its message starts with the name.
  """
  seed = arrays.integer('seed', seed, 0, tf.int64.max)
  recorded = _recorded(x, (y, *derivatives))
  for name, array in zip(_names(len(recorded)), recorded, strict=True):
    if name != 'y' and array is not None and np.isnan(array).all():
      raise ValueError(
          f'{name}: expected known numbers, got none; None leaves an order out'
      )
  x = np.asarray(x, float)
  masked = [
      None if a is None else np.ma.array(a, mask=np.isnan(a)) for a in recorded
  ]
  units = scaling.fit(x, masked[0])
  _require_resolved('x', x, units.x_scale, dtype)
  _require_resolved('y', recorded[0], units.y_scale, dtype)
  network = _network(
      x.shape[1:], recorded[0].shape[1:], hidden, activation, dtype, seed
  )
  result = surrogate_training.train(
      network,
      units.scale_inputs(x),
      units.scale_outputs(masked),
      balance=balance, losses=losses, steps=steps, batch_size=batch_size,
      learning_rate=learning_rate, held_out=held_out, patience=patience,
      seed=seed,
  )
  return Surrogate(_in_units(network, units, dtype), result)


def load(path: os.PathLike[str] | str) -> Surrogate:
  """Reads what `Surrogate.save` wrote, or any Keras model of one input.

  Raises:
    ValueError: Keras cannot read the file.
  """
  try:
    model = keras.saving.load_model(path)
  except (OSError, TypeError, ValueError, zipfile.BadZipFile) as error:
    raise ValueError(
        f'path: expected a model that Keras reads, got {path}: {error}'
    ) from error
  shapes = getattr(model, 'input_shape', None), getattr(
      model, 'output_shape', None
  )
  if not all(isinstance(s, tuple) and s[:1] == (None,) for s in shapes):
    raise ValueError(
        f'path: expected a functional or sequential model of one input and one '
        f'output, got {path} with a {type(model).__name__}'
    )
  return Surrogate(model)


def _require_resolved(name: str, data: np.ndarray, scale: np.ndarray, dtype):
  """Checks that a type tells numbers apart which the model is to tell apart."""
  if dtype not in ('float32', 'float64'):
    return  # `_network` says so.
  about = np.finfo(dtype)
  with np.errstate(over='ignore'):
    size = np.nanmax(abs(data), axis=0)
    span = np.nanmax(data, axis=0) - np.nanmin(data, axis=0)
    out = (size > about.max) | (scale < about.tiny) | (1 / scale > about.max)
    # What is constant but for rounding is not to be told apart.
    varies = span > 16 * np.finfo(float).eps * size
    close = varies & (about.eps * size > _RESOLVED * scale)
  if np.any(out | close):
    raise ValueError(
        f'{name}: {dtype} does not hold numbers as large, as small, or as '
        'close together beside their size; take other units and subtract what '
        "all have in common, or pass dtype='float64'"
    )


# Of the standard deviation, how far apart numbers of a type may be.
_RESOLVED = 1e-3
_INPUTS = 'scale_inputs'  # The layer's name, by which `_box` finds it.


def _network(
    inputs: Sequence[int],
    outputs: Sequence[int],
    hidden: Sequence[int],
    activation: str,
    dtype: str,
    seed: int,
) -> keras.Model:
  """Returns an MLP in standardised units."""
  if not isinstance(hidden, (list, tuple)) or not hidden:
    raise ValueError(
        f'hidden: expected one layer or more, such as (64, 64), got {hidden!r}'
    )
  for k, units in enumerate(hidden):
    arrays.integer(f'hidden[{k}]', units, 1)
  keras_steps.activation(activation)  # Checks it.
  if dtype not in ('float32', 'float64'):
    raise ValueError(f'dtype: expected float32 or float64, got {dtype!r}')
  seeds = keras.random.SeedGenerator(seed)

  def dense(units, activation=None):
    initialiser = keras.initializers.GlorotUniform(
        int(np.asarray(seeds.next())[1])
    )
    return keras.layers.Dense(
        units, activation, kernel_initializer=initialiser, dtype=dtype
    )

  x = keras.Input(inputs, dtype=dtype)
  h = keras.layers.Flatten(dtype=dtype)(x) if len(inputs) != 1 else x
  for units in hidden:
    h = dense(units, activation)(h)
  h = dense(math.prod(outputs))(h)
  if len(outputs) != 1:
    h = keras.layers.Reshape(outputs, dtype=dtype)(h)
  return keras.Model(x, h)


def _in_units(
    network: keras.Model, units: scaling.Scaling, dtype: str
) -> keras.Model:
  """Returns a network with the scalings around it."""
  x = keras.Input(units.x_mean.shape, dtype=dtype)
  h = keras.layers.Rescaling(
      (1 / units.x_scale).tolist(), (-units.x_mean / units.x_scale).tolist(),
      dtype=dtype, name=_INPUTS,
  )(x)
  h = network(h)
  h = keras.layers.Rescaling(
      units.y_scale.tolist(), units.y_mean.tolist(), dtype=dtype,
      name='unscale_outputs',
  )(h)
  return keras.Model(x, h)


def _box(model: keras.Model) -> tuple[np.ndarray, np.ndarray]:
  """Returns the corners of the box of uniform points of the inputs' scaling."""
  try:
    layer = model.get_layer(_INPUTS)
  except ValueError:
    raise ValueError(
        'low, high: expected limits [D...], as the model has none of its own'
    ) from None
  scale = 1 / np.asarray(layer.scale)
  mean = -np.asarray(layer.offset) * scale
  return mean - math.sqrt(3) * scale, mean + math.sqrt(3) * scale


def _names(count: int) -> list[str]:
  """Returns the names of arguments, of orders from 0 on."""
  return ['y', *(f'derivatives[{k}]' for k in range(count - 1))]


def _recorded(
    x: np.ndarray, given: Sequence[np.ndarray | None]
) -> list[np.ndarray | None]:
  """Returns values and derivatives, NaN where not known, having checked all."""
  names = _names(len(given))
  if given[0] is None:
    raise ValueError('y: expected an array, got None')
  recorded = [
      None if array is None
      else np.asarray(arrays.recorded(name, array), float)
      for name, array in zip(names, given, strict=True)
  ]
  masks = [None if a is None else ~np.isnan(a) for a in recorded]
  try:
    targets.validate(x, recorded, masks)
  except ValueError as error:
    message = str(error)
    for k, name in enumerate(names):
      message = message.replace(f'recorded[{k}]', name)
    raise ValueError(message) from None
  return recorded


def _evaluate(
    model: keras.Model, x: tf.Tensor, order: int
) -> tuple[tf.Tensor, ...]:
  return derivatives_lib.value_and_derivatives(
      functools.partial(model, training=False), x, order
  )
