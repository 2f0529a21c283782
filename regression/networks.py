# SPDX-License-Identifier: Apache-2.0
"""An ensemble of equal MLPs as one Sonnet module, and its plain function.

Axis letters: E networks, B batch, D input, H hidden.
"""

from collections.abc import Callable
from collections.abc import Sequence

import sonnet as snt
import tensorflow as tf

from sobolev_training import piecewise_linear

MLPParameters = piecewise_linear.MLPParameters

LEAKY_SLOPE = 0.2  # TensorFlow's default.

ACTIVATIONS: dict[str, Callable[[tf.Tensor], tf.Tensor]] = {
    'relu': tf.nn.relu,
    'leaky_relu': lambda x: tf.nn.leaky_relu(x, LEAKY_SLOPE),
    'softplus': tf.nn.softplus,
    'swish': tf.nn.silu,
    'tanh': tf.nn.tanh,
}

# The slope below zero of those with a three-product gradient.
SLOPES = {'relu': 0.0, 'leaky_relu': LEAKY_SLOPE}


def _truncated_normal(shape, seed, scale):
  return scale * tf.random.stateless_truncated_normal(shape, seed)


def _uniform(shape, seed, scale):
  return tf.random.stateless_uniform(shape, seed, -scale, scale)


def _zeros(shape, seed, scale):
  del seed, scale
  return tf.zeros(shape)


# How weights and biases start; the scale is 1 / sqrt(fan-in).
INITIALISERS = {
    'sonnet': (_truncated_normal, _zeros),  # snt.Linear's default.
    'uniform': (_uniform, _uniform),  # torch.nn.Linear's default.
}


def initialise(
    sizes: Sequence[int], initialisation: str, seed: int
) -> MLPParameters:
  """One network's parameters, the same whatever ensemble it is in.

  Args:
    sizes: D, H_1, ..., H_L, 1.
    initialisation: a key of `INITIALISERS`.
    seed: the network's seed.

  Returns:
    Float32 weights [D, H_1], ..., [H_L, 1] and biases [H_1], ..., [1].
  """
  weight_init, bias_init = INITIALISERS[initialisation]
  weights, biases = [], []
  for layer, shape in enumerate(zip(sizes[:-1], sizes[1:], strict=True)):
    scale = shape[0] ** -0.5
    weights.append(weight_init(shape, (seed, 2 * layer), scale))
    biases.append(bias_init(shape[1:], (seed, 2 * layer + 1), scale))
  return MLPParameters(weights, biases)


def apply(
    parameters: MLPParameters, x: tf.Tensor, activation: str
) -> tf.Tensor:
  """Values [..., B] of the networks at x [..., B, D]."""
  hidden = x
  for weight, bias in zip(
      parameters.weights[:-1], parameters.biases[:-1], strict=True
  ):
    z = tf.matmul(hidden, weight) + bias[..., tf.newaxis, :]
    hidden = ACTIVATIONS[activation](z)
  readout = parameters.weights[-1][..., tf.newaxis, :, 0]
  return tf.reduce_sum(hidden * readout, -1) + parameters.biases[-1]


class EnsembleMLP(snt.Module):
  """E independent MLPs with a scalar output; 2 x 256 ReLU in the paper [V].

  Attributes:
    parameters: variables with a leading axis E.
  """

  def __init__(
      self,
      sizes: Sequence[int],
      seeds: Sequence[int],
      activation: str = 'relu',
      initialisation: str = 'sonnet',
      name: str | None = None,
  ):
    """Makes a network of layer sizes D, H_1, ..., 1 for each seed."""
    super().__init__(name=name)
    self.activation = activation
    members = [initialise(sizes, initialisation, seed) for seed in seeds]
    self.parameters = tf.nest.map_structure(
        lambda *arrays: tf.Variable(tf.stack(arrays)), *members
    )

  def __call__(self, x: tf.Tensor) -> tf.Tensor:
    """Values [E, B] at x [E, B, D]."""
    return apply(self.parameters, x, self.activation)
