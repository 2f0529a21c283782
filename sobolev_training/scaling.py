# SPDX-License-Identifier: Apache-2.0
"""Standardised inputs and outputs, and derivatives to go with them.

With x' = (x - a) / s and y' = (y - c) / t the chain rule gives, for each input
dimension of each order,

  D^k y' / D x'^k = D^k y / D x^k * s^k / t,

so derivatives are scaled by the values' statistics, never by their own: those
would make of them derivatives of no function at all. The paper does not
standardise [supplement notes, weak]. Integers, such as pixels, become floating
numbers, NumPy's of 64 bits and TensorFlow's of 32. Axes: N data, B batch, D...
input, O... outputs, K order.
"""

from collections.abc import Callable
from collections.abc import Sequence
from typing import Any
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from sobolev_training import arrays
from sobolev_training import masking


class Scaling(NamedTuple):
  """An affine change of the units of x and y; make one with `fit`.

  Attributes:
    x_mean: [D...], in x's unit.
    x_scale: [D...], in x's unit, positive.
    y_mean: [O...], in y's unit.
    y_scale: [O...], in y's unit, positive.
  """

  x_mean: np.ndarray
  x_scale: np.ndarray
  y_mean: np.ndarray
  y_scale: np.ndarray

  def scale_inputs(self, x: tf.Tensor) -> tf.Tensor:
    """Returns x' [B, D...] of x [B, D...]."""
    x = _of_shape('x', x, self.x_mean)
    return (x - _as(self.x_mean, x)) / _as(self.x_scale, x)

  def unscale_inputs(self, x: tf.Tensor) -> tf.Tensor:
    """Returns x [B, D...] of x' [B, D...]."""
    x = _of_shape('x', x, self.x_mean)
    return x * _as(self.x_scale, x) + _as(self.x_mean, x)

  def scale_outputs(
      self, derivatives: Sequence[tf.Tensor]
  ) -> tuple[tf.Tensor, ...]:
    """Returns (y', D y', ..., D^K y') of (y, D y, ..., D^K y).

    Args:
      derivatives: [B, O...], [B, O..., D...], [B, O..., D..., D...], and so on;
        None stays None.

    Raises:
      ValueError: no tuple of real numbers of these shapes.
    """
    return self._each(derivatives, lambda d, scale, mean: (d - mean) / scale)

  def unscale_outputs(
      self, derivatives: Sequence[tf.Tensor]
  ) -> tuple[tf.Tensor, ...]:
    """Returns (y, D y, ..., D^K y) of (y', D y', ..., D^K y')."""
    return self._each(derivatives, lambda d, scale, mean: d * scale + mean)

  def unscaled(
      self, model: Callable[[tf.Tensor], tf.Tensor]
  ) -> Callable[[tf.Tensor], tf.Tensor]:
    """Returns a model of y by x, given one of y' by x'."""

    def unscaled_model(x: tf.Tensor) -> tf.Tensor:
      return self.unscale_outputs([model(self.scale_inputs(x))])[0]

    return unscaled_model

  def _each(
      self, derivatives: Sequence[tf.Tensor], change: Callable[..., tf.Tensor]
  ) -> tuple[tf.Tensor, ...]:
    """Changes each D^k y by its factor t / s^k and, of k = 0, the mean."""
    arrays.require_tuple('derivatives', derivatives)
    results, factor, shift = [], self.y_scale, self.y_mean
    for k, derivative in enumerate(derivatives):
      if derivative is not None:
        derivative = _of_shape(f'derivatives[{k}]', derivative, factor)
        derivative = change(
            derivative, _as(factor, derivative), _as(shift, derivative)
        )
      results.append(derivative)
      factor, shift = np.divide.outer(factor, self.x_scale), np.zeros([])
    return tuple(results)


def fit(x: np.ndarray, y: np.ndarray) -> Scaling:
  """Returns a scaling of the training data to mean 0, standard deviation 1.

  Each input and each output has its own. One that is the same everywhere, such
  as an image's black corner, has the standard deviation 0: it is shifted to 0
  and keeps its unit (scale 1), so that its derivatives stay as they are.

  Args:
    x: [N, D...], the training set's only.
    y: [N, O...], the training set's only. Of NumPy's masked arrays the known
      numbers count.

  Raises:
    ValueError: no data, data of different length, or NaN or infinity in it.
  """
  x, x_known = _data('x', x)
  y, y_known = _data('y', y)
  if not x.ndim or not y.ndim or len(x) != len(y) or not len(x):
    raise ValueError(
        f'y: expected as many values as x has points, 1 or more; got '
        f'{list(y.shape)} for x {list(x.shape)}'
    )
  return Scaling(
      *_statistics('x', x, x_known), *_statistics('y', y, y_known)
  )


def balanced_weights(
    derivatives: Sequence[np.ndarray],
    masks: Sequence[np.ndarray | None] | None = None,
) -> tuple[float, ...]:
  """Returns weights that make all terms of a squared L2 loss count alike.

  With them each term is 1, averaged over the data, for the model that knows
  nothing: the mean of y, and derivatives of zero. An order without any size,
  such as a linear function's second, gets weight 0.

  Args:
    derivatives: (y, D y, ..., D^K y) of the training set, as for `full_loss`.
    masks: one or None for each order, as for `full_loss`.

  Raises:
    ValueError: NaN or infinity that is not masked, a mask that does not fit, or
      numbers so large or small that float64 has no such weight.
  """
  arrays.require_tuple('derivatives', derivatives)
  masks = [None] * len(derivatives) if masks is None else masks
  arrays.require_tuple('masks', masks, len(derivatives))
  weights = []
  for k, (derivative, mask) in enumerate(zip(derivatives, masks, strict=True)):
    data, known = _data(
        f'derivatives[{k}]', derivative, f'masks[{k}]', mask
    )
    if not data.ndim or not data.size:
      raise ValueError(
          f'derivatives[{k}]: expected data [N, ...], got {list(data.shape)}'
      )
    # In units of a power of two, which are exact, squares stay within range.
    _, exponent = np.frexp(np.max(abs(data), initial=0, where=known))
    unit = np.ma.array(np.ldexp(data, -exponent), mask=~known)
    if k == 0:
      unit = (unit - unit.mean(0)) * ~_constant(unit.data, known)
    size = float(np.sum((unit**2).filled(0))) / len(unit)
    with np.errstate(over='ignore'):
      weight = float(np.ldexp(1 / size, -2 * exponent)) if size else 0.0
    if size and not np.finfo(float).tiny <= weight < np.inf:
      raise ValueError(
          f'derivatives[{k}]: expected numbers whose mean square float64 can '
          f'hold, got some of about 2^{exponent}; scale them first (see `fit`)'
      )
    weights.append(weight)
  return tuple(weights)


def _constant(data: np.ndarray, known: np.ndarray) -> np.ndarray:
  """Whether all that is known of a column is the same but for rounding.

  Sizes are up to 1.
  """
  least = np.min(data, axis=0, initial=1, where=known)
  most = np.max(data, axis=0, initial=-1, where=known)
  return most - least <= 8 * np.finfo(float).eps


def _data(
    name: str,
    array: np.ndarray,
    mask_name: str = '',
    mask: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
  """Returns data in float64, and where it is known, of its shape."""
  array, known = arrays.unmasked(array)
  array = np.asarray(arrays.dense(name, array), np.float64)
  known = masking.both(mask_name, mask, known, array.shape)
  arrays.require_finite(name, array, known)
  return array, np.ones(array.shape, bool) if known is None else known


def _statistics(
    name: str, data: np.ndarray, known: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
  """Returns the mean and the scale of what is known of each column."""
  if not np.all(known.any(axis=0)):
    raise ValueError(f'{name}: expected a known number in each column')
  # In units of a power of two, which are exact, squares stay within range.
  size = np.max(abs(data), axis=0, initial=0, where=known)
  _, exponent = np.frexp(size)
  unit = np.ldexp(data, -exponent)
  constant = _constant(unit, known)
  deviation = np.where(constant, 1, np.std(unit, axis=0, where=known))
  return (
      np.ldexp(np.mean(unit, axis=0, where=known), exponent),
      np.ldexp(deviation, np.where(constant, 0, exponent)),
  )


def _of_shape(name: str, data: Any, one: np.ndarray) -> tf.Tensor:
  """Returns data as it is, integers as floating numbers; masks stay.

  Args:
    name: the argument's name.
    data: [B, S...].
    one: [S...].

  Raises:
    ValueError: another shape, or no real numbers.
  """
  if isinstance(data, np.ma.MaskedArray):
    arrays.dense(name, data.data)
  else:
    data = arrays.dense(name, data)
  shape = tf.TensorShape(data.shape)
  if shape.rank == 0 or not shape[1:].is_compatible_with(one.shape):
    raise ValueError(
        f'{name}: expected the shape {["B", *one.shape]}, got {list(shape)}'
        .replace("'", '')
    )
  if tf.as_dtype(data.dtype).is_floating:
    return data
  if tf.is_tensor(data):
    return tf.cast(data, tf.float32)
  return data.astype(np.float64)


def _as(array: np.ndarray, like: tf.Tensor) -> tf.Tensor:
  """Returns statistics in the data's type, as NumPy for NumPy data."""
  dtype = like.dtype
  if isinstance(like, np.ndarray):
    return np.asarray(array, dtype)
  return tf.constant(array, dtype)
