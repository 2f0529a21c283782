# SPDX-License-Identifier: Apache-2.0
"""Tells whether a Sonnet or Keras model is an MLP with ReLU, and its layers."""

from collections.abc import Callable
from typing import Any
from typing import NamedTuple

import numpy as np
import sonnet as snt
import tensorflow as tf

from sobolev_training import piecewise_linear

# Of tf.nn.leaky_relu, by default.
_LEAKY = 0.2


class PiecewiseLinearMLP(NamedTuple):
  """What the three-product gradient needs of a model.

  Attributes:
    variables: the weights and biases; the same form as the parameters.
    slope: the hidden activations' slope below zero.
  """

  variables: piecewise_linear.MLPParameters
  slope: float


def find(model: Any, x: tf.Tensor) -> PiecewiseLinearMLP | None:
  """The layers of a model that has a three-product gradient.

  Args:
    model: anything.
    x: points [B, D], on which a network without variables yet is called once.

  Returns:
    The layers, hidden ones first, of a `snt.nets.MLP`, `snt.Sequential` or
    `tf.keras.Sequential` that maps [B, D] to [B, 1] by linear layers with
    biases, all trained and computing in x's type, with ReLU or one leaky ReLU
    between them. None for everything else.
  """
  parts = _parts(model)
  if parts is None or x.shape.rank != 2:
    return None
  if not all(map(_is_built, parts)):
    model(x)
  linear, between = parts[::2], parts[1::2]
  layers = [_linear(part) for part in linear]
  slopes = {_slope(part) for part in between}
  if len(parts) % 2 == 0 or len(linear) < 2 or None in layers:
    return None
  if len(slopes) != 1 or None in slopes or layers[-1][0].shape[-1] != 1:
    return None
  weights, biases = zip(*layers, strict=True)
  if any(tf.as_dtype(v.dtype) != x.dtype for v in (*weights, *biases)):
    return None
  found = {id(variable) for variable in (*weights, *biases)}
  # Not a part of it more than once, and nothing frozen.
  if found != {id(v) for v in model.trainable_variables} or (
      len(found) != 2 * len(layers)
  ):
    return None
  # TensorFlow keeps the slope in float32, whatever it multiplies.
  slope = float(np.float32(slopes.pop()))
  return PiecewiseLinearMLP(
      piecewise_linear.MLPParameters(list(weights), list(biases)), slope
  )


def _parts(model: Any) -> list[Any] | None:
  """Linear layers and activations in the order in which they are applied.

  Exact types: a subclass may do anything.
  """
  if type(model) is snt.nets.MLP:
    if model._activate_final or model._dropout_rate:  # pylint: disable=protected-access
      return None
    parts = []
    for layer in model._layers:  # pylint: disable=protected-access
      parts += [layer, model._activation]  # pylint: disable=protected-access
    return parts[:-1]
  if type(model) is snt.Sequential:
    return model._layers  # pylint: disable=protected-access
  if type(model) is tf.keras.Sequential:
    parts = []
    for layer in model.layers:
      parts.append(layer)
      if type(layer) is tf.keras.layers.Dense:
        if layer.activation is not tf.keras.activations.linear:
          parts.append(layer.activation)
    return parts
  return None


def _is_built(part: Any) -> bool:
  """Whether a layer, if it is one, has its variables."""
  if type(part) is tf.keras.layers.Dense:
    return part.built
  return type(part) is not snt.Linear or hasattr(part, 'w')


def _linear(part: Any) -> tuple[Any, Any] | None:
  """A linear layer's weight and bias."""
  if type(part) is snt.Linear and part.with_bias:
    return part.w, part.b
  if type(part) is tf.keras.layers.Dense and part.use_bias:
    if part.compute_dtype == part.variable_dtype:  # Not a mixed policy's.
      return part.kernel, part.bias
  return None


def _slope(part: Callable | Any) -> float | None:
  """An activation's slope below zero if it is a ReLU or a leaky one."""
  if part in (tf.nn.relu, tf.keras.activations.relu):
    return 0.0
  if part is tf.nn.leaky_relu:
    return _LEAKY
  if type(part) is tf.keras.layers.LeakyReLU:
    return float(part.negative_slope)
  if type(part) is tf.keras.layers.ReLU:
    plain = part.max_value is None and not part.threshold
    return float(part.negative_slope) if plain else None
  return None
