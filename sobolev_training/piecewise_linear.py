# SPDX-License-Identifier: Apache-2.0
"""Sobolev Training of a ReLU network for the price of regular training.

The gradient of a first-order Sobolev loss (eq. 1, K = 1) of a scalar-output
network with piecewise-linear activations (ReLU, leaky ReLU), in three matrix
products per hidden-to-hidden layer for two hidden layers, as many as the
gradient of the value loss alone. Nested tapes need six.

Derivation. Axis letters: E ensemble (any leading axes), B batch, D input,
H hidden. Let

  a_0 = x,  z_l = a_{l-1} W_l + b_l,  a_l = M_l * z_l,  m(x) = a_L w + c,

with L hidden layers and masks M_l = (z_l > 0), or the leaky slope where
z_l <= 0. Where it is differentiable the masks do not move with x or with the
parameters, so

  g_L = M_L * w,  g_{l-1} = (g_l W_l^T) * M_{l-1},  grad_x m = g_1 W_1^T.

For a loss l(m, grad_x m) let e = dl/dm [B] and r = dl/d(grad_x m) [B, D].
Held constant, they make a surrogate with the same parameter gradient,

  S = sum_B  e m(x) + r . grad_x m(x).

With the masks fixed, m is affine in x, so r . grad_x m is its change along r,
and S is one pass of the masked network through mixed activations:

  u_0 = e x + r,  u_l = M_l * (u_{l-1} W_l + e b_l),  S = sum_B u_L w + e c.

S is linear in each layer, and dS/d(u_{l-1} W_l + e b_l) = g_l, hence

  dW_l = u_{l-1}^T g_l,   db_l = e^T g_l,   dw = sum_B u_L,   dc = sum_B e.

Products of size B H H per hidden-to-hidden layer: z_l, g_{l-1}, u_l, dW_l. The
last u_L is not needed: with P = u_{L-1}^T M_L,

  dW_L = P * w,   dw = colsum(W_L * P) + b_L * (e^T M_L),

which leaves three for L = 2: z_2, g_1 and P. A regular step has r = 0 and the
same three. The test holds it equal to nested tapes in float64.
"""

from collections.abc import Callable
from collections.abc import Sequence
import math
import numbers
from typing import NamedTuple
from typing import TypeAlias

import tensorflow as tf

from sobolev_training import arrays

# Maps (value [..., B], gradient [..., B, D] or None) to a loss, any shape; its
# sum is what is differentiated.
LossFn: TypeAlias = Callable[[tf.Tensor, tf.Tensor | None], tf.Tensor]


class MLPParameters(NamedTuple):
  """Weights and biases of a scalar-output MLP, hidden layers first.

  Attributes:
    weights: [..., D, H_1], [..., H_1, H_2], ..., [..., H_L, 1].
    biases: [..., H_1], ..., [..., H_L], [..., 1].
  """

  weights: Sequence[tf.Tensor]
  biases: Sequence[tf.Tensor]


class _Pass(NamedTuple):
  value: tf.Tensor  # [..., B]
  gradient: tf.Tensor | None  # [..., B, D]
  activations: list[tf.Tensor]  # a_0 .. a_L, [..., B, H_l]
  masks: list[tf.Tensor]  # M_1 .. M_L
  cotangents: list[tf.Tensor]  # g_1 .. g_L


def _checked(parameters: MLPParameters, x: tf.Tensor, slope: float):
  """Returns x as a tensor; a ValueError if something does not fit."""
  weights, biases = parameters
  if len(weights) < 2 or len(weights) != len(biases):
    raise ValueError(
        'parameters: expected at least one hidden layer and as many biases as '
        f'weights, got {len(weights)} weights and {len(biases)} biases.'
    )
  if weights[-1].shape[-1] != 1:
    raise ValueError(
        'parameters: expected a scalar output, got weights[-1] of shape '
        f'{weights[-1].shape}; use sobolev.full_loss and a tape.'
    )
  is_real = isinstance(slope, numbers.Real) and not isinstance(slope, bool)
  if not is_real or not math.isfinite(slope):
    raise ValueError(f'slope: expected a finite number, got {slope!r}')
  x = arrays.tensor('x', x, tf.convert_to_tensor(weights[0]))
  inputs = weights[0].shape[-2]
  if not x.shape[-2:].is_compatible_with([None, inputs]):
    raise ValueError(
        f'x: expected the shape [..., B, {inputs}], got {arrays.text(x)}'
    )
  return x


def _forward(parameters, x, slope, with_gradient=True) -> _Pass:
  """Value and input gradient, and what the parameter gradient needs of them."""
  weights, biases = parameters
  activations, masks = [x], []
  for weight, bias in zip(weights[:-1], biases[:-1], strict=True):
    z = tf.matmul(activations[-1], weight) + bias[..., tf.newaxis, :]
    masks.append(
        tf.where(z > 0, tf.ones([], z.dtype), tf.constant(slope, z.dtype))
    )
    # Not 0 times an infinite z.
    activations.append(masks[-1] * z if slope else tf.nn.relu(z))
  readout = weights[-1][..., tf.newaxis, :, 0]  # [..., 1, H_L]
  value = tf.reduce_sum(activations[-1] * readout, -1) + biases[-1]
  cotangents = [masks[-1] * readout]
  for weight, mask in zip(weights[-2:0:-1], masks[-2::-1], strict=True):
    cotangents.insert(
        0, tf.matmul(cotangents[0], weight, transpose_b=True) * mask
    )
  gradient = None
  if with_gradient:
    gradient = tf.matmul(cotangents[0], weights[0], transpose_b=True)
  return _Pass(value, gradient, activations, masks, cotangents)


def value_and_gradient(
    parameters: MLPParameters, x: tf.Tensor, slope: float = 0.0
) -> tuple[tf.Tensor, tf.Tensor]:
  """Value [..., B] and input gradient [..., B, D] at x [..., B, D]."""
  x = _checked(parameters, x, slope)
  result = _forward(parameters, x, slope)
  return result.value, result.gradient


def loss_and_parameter_gradients(
    parameters: MLPParameters,
    x: tf.Tensor,
    loss_fn: LossFn,
    *,
    uses_gradient: bool = True,
    slope: float = 0.0,
) -> tuple[tf.Tensor, MLPParameters]:
  """A first-order Sobolev loss and its gradient in all parameters.

  Args:
    parameters: the network, with any leading ensemble axes.
    x: points, [..., B, D].
    loss_fn: maps the network's value [..., B] and input gradient [..., B, D]
      to a loss; its sum is differentiated. Targets are its own business.
    uses_gradient: False for a loss of the value alone (regular training):
      `loss_fn` is then given None, and the input gradient is not computed.
    slope: the activation's slope below zero: 0 for ReLU.

  Returns:
    The loss as `loss_fn` gave it, and the gradients in the form of
    `parameters`.

  Raises:
    ValueError: for fewer than one hidden layer or more than one output, or
      points of another shape or type.
  """
  x = _checked(parameters, x, slope)
  weights, biases = parameters
  result = _forward(parameters, x, slope, uses_gradient)
  with tf.GradientTape(watch_accessed_variables=False) as tape:
    inputs = [result.value] + ([result.gradient] if uses_gradient else [])
    tape.watch(inputs)
    loss = loss_fn(inputs[0], inputs[1] if uses_gradient else None)
  residuals = tape.gradient(
      loss, inputs, unconnected_gradients=tf.UnconnectedGradients.ZERO
  )
  e = residuals[0][..., tf.newaxis]  # [..., B, 1]
  bias_gradients = [tf.reduce_sum(e * g, -2) for g in result.cotangents]
  bias_gradients.append(tf.reduce_sum(e, -2))
  if uses_gradient:
    gradients = _weight_gradients(parameters, result, e, residuals[1])
  else:  # u_l = e a_l
    gradients = [
        tf.matmul(e * a, g, transpose_a=True)
        for a, g in zip(result.activations[:-1], result.cotangents, strict=True)
    ] + [tf.reduce_sum(e * result.activations[-1], -2)[..., tf.newaxis]]
  return loss, MLPParameters(gradients, bias_gradients)


def _weight_gradients(parameters, result, e, r) -> list[tf.Tensor]:
  """dW_1 .. dW_L, dw for the residuals e [..., B, 1] and r [..., B, D]."""
  weights, biases = parameters
  gradients, mixed = [], e * result.activations[0] + r  # u_0
  for weight, bias, mask, cotangent in zip(
      weights[:-2],
      biases[:-2],
      result.masks[:-1],
      result.cotangents[:-1],
      strict=True,
  ):
    gradients.append(tf.matmul(mixed, cotangent, transpose_a=True))
    shift = e * bias[..., tf.newaxis, :]
    mixed = mask * (tf.matmul(mixed, weight) + shift)  # u_l
  mask, readout = result.masks[-1], weights[-1][..., 0]
  product = tf.matmul(mixed, mask, transpose_a=True)  # P
  gradients.append(product * readout[..., tf.newaxis, :])
  readout_gradient = tf.reduce_sum(weights[-2] * product, -2)
  readout_gradient += biases[-2] * tf.reduce_sum(e * mask, -2)
  return gradients + [readout_gradient[..., tf.newaxis]]
