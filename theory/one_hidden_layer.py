# SPDX-License-Identifier: Apache-2.0
"""A network with one hidden layer and given weights, the shape of Theorem 1.

The constructions of this folder think in ReLU units. A leaky ReLU with slope
`a` below zero, l(u) = max(u, 0) + a min(u, 0), makes a ReLU out of two units,

  relu(u) = (l(u) + a l(-u)) / (1 - a^2),

because for u > 0 the bracket is u - a^2 u and for u < 0 it is a u - a u = 0. So
whatever ReLU units can do, twice as many leaky ones can do exactly.

Axes: B batch, D input, H hidden units, O outputs.
"""

from collections.abc import Callable
import functools

import numpy as np
import sonnet as snt
import tensorflow as tf


class OneHiddenLayer(snt.Module):
  """x -> activation(x W1 + b1) W2 + b2, its weights trainable variables."""

  def __init__(
      self,
      hidden_weights: np.ndarray,
      hidden_biases: np.ndarray,
      output_weights: np.ndarray,
      output_biases: np.ndarray,
      activation: Callable[[tf.Tensor], tf.Tensor] = tf.nn.relu,
      dtype: tf.DType = tf.float64,
  ):
    """Takes the weights as arrays.

    Args:
      hidden_weights: W1, [D, H].
      hidden_biases: b1, [H].
      output_weights: W2, [H, O].
      output_biases: b2, [O].
      activation: Element-wise function of a tensor.
      dtype: Of the variables, and so of the inputs and outputs.

    Raises:
      ValueError: The shapes do not fit together.
    """
    super().__init__()
    d, h = np.shape(hidden_weights)
    _, o = np.shape(output_weights)
    expected = ((d, h), (h,), (h, o), (o,))
    arrays = (hidden_weights, hidden_biases, output_weights, output_biases)
    shapes = tuple(np.shape(array) for array in arrays)
    if shapes != expected:
      raise ValueError(
          'hidden_weights, hidden_biases, output_weights, output_biases: '
          'expected shapes [D, H], [H], [H, O], [O], '
          f'got {shapes}: give one bias per unit and per output'
      )
    self.activation = activation
    self.hidden_weights = tf.Variable(hidden_weights, dtype=dtype)
    self.hidden_biases = tf.Variable(hidden_biases, dtype=dtype)
    self.output_weights = tf.Variable(output_weights, dtype=dtype)
    self.output_biases = tf.Variable(output_biases, dtype=dtype)

  def __call__(self, x: tf.Tensor) -> tf.Tensor:
    """Returns the outputs [B, O] at the points x, [B, D]."""
    hidden = self.activation(x @ self.hidden_weights + self.hidden_biases)
    return hidden @ self.output_weights + self.output_biases


def from_relu_units(
    hidden_weights: np.ndarray,
    hidden_biases: np.ndarray,
    output_weights: np.ndarray,
    output_biases: np.ndarray,
    leak: float = 0.0,
    dtype: tf.DType = tf.float64,
) -> OneHiddenLayer:
  """Builds a ReLU network, or the leaky one that is the same function.

  Args:
    hidden_weights: [D, H].
    hidden_biases: [H].
    output_weights: [H, O].
    output_biases: [O].
    leak: Slope `a` of the activation below zero, in [0, 1). With 0 the network
      has H ReLU units, otherwise 2H leaky ones (see the head of this file).
    dtype: Of the network.

  Returns:
    The network; float64 and float32 are of use.

  Raises:
    ValueError: `leak` is outside [0, 1), or the shapes do not fit.
  """
  # TensorFlow keeps the slope in float32, whatever the tensors' type. The
  # identity needs the slope that is used, or it holds to 1e-8 only.
  leak = float(np.float32(leak))
  if not 0 <= leak < 1:
    raise ValueError(
        f'leak: expected a slope in [0, 1), got {leak}: use 0 for a ReLU'
    )
  activation: Callable[[tf.Tensor], tf.Tensor] = tf.nn.relu
  if leak:
    activation = functools.partial(tf.nn.leaky_relu, alpha=leak)
    hidden_weights = np.concatenate([hidden_weights, -hidden_weights], axis=1)
    hidden_biases = np.concatenate([hidden_biases, -hidden_biases])
    output_weights = np.concatenate([output_weights, leak * output_weights])
    output_weights = output_weights / (1 - leak**2)
  return OneHiddenLayer(
      hidden_weights,
      hidden_biases,
      output_weights,
      output_biases,
      activation,
      dtype,
  )
