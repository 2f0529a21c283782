# SPDX-License-Identifier: Apache-2.0
"""The training of `regression.training` in JAX, for one network.

Axis letters: B batch, D input, H hidden.
"""

from collections.abc import Callable
import functools

import jax
import jax.numpy as jnp
import numpy as np

from regression import training

_BETA1, _BETA2, _EPSILON = 0.9, 0.999, 1e-8


def from_ours(tree):
  """Takes one network's tensors, or its data, to JAX; drops the axis E = 1."""
  return jax.tree.map(lambda tensor: jnp.asarray(tensor.numpy()[0]), tree)


def _value(parameters, x):
  """The network's value at one point x [D]."""
  hidden = x
  *layers, (readout, shift) = zip(*parameters, strict=True)
  for weight, bias in layers:
    hidden = jax.nn.relu(hidden @ weight + bias)
  return (hidden @ readout + shift)[0]


def _regular(parameters, x, y, gradient):
  """The parameter gradient of the value loss."""
  del gradient

  def loss(parameters):
    value = jax.vmap(functools.partial(_value, parameters))(x)
    return jnp.mean((value - y) ** 2)

  return jax.grad(loss)(parameters)


def _nested(parameters, x, y, gradient):
  """The parameter gradient of the Sobolev loss, by `grad` in `grad`."""

  def loss(parameters):
    model = jax.value_and_grad(functools.partial(_value, parameters))
    value, value_gradient = jax.vmap(model)(x)
    mismatch = jnp.sum((value_gradient - gradient) ** 2, -1)
    return jnp.mean((value - y) ** 2 + mismatch)

  return jax.grad(loss)(parameters)


def _three_products(parameters, x, y, gradient):
  """The same; see `sobolev_training.piecewise_linear` for the derivation."""
  (w1, w2, w3), (b1, b2, b3) = parameters
  z1 = x @ w1 + b1
  mask1 = (z1 > 0).astype(x.dtype)
  z2 = (mask1 * z1) @ w2 + b2
  mask2 = (z2 > 0).astype(x.dtype)
  readout = w3[:, 0]
  g2 = mask2 * readout
  g1 = (g2 @ w2.T) * mask1
  value = jnp.sum(mask2 * z2 * readout, -1) + b3
  e = (2 / len(x)) * (value - y)[:, None]
  r = (2 / len(x)) * (g1 @ w1.T - gradient)
  mixed = e * x + r
  product = (mask1 * (mixed @ w1 + e * b1)).T @ mask2
  dw3 = jnp.sum(w2 * product, 0) + b2 * jnp.sum(e * mask2, 0)
  return type(parameters)(
      [mixed.T @ g1, product * readout, dw3[:, None]],
      [jnp.sum(e * g1, 0), jnp.sum(e * g2, 0), jnp.sum(e, 0)],
  )


GRADIENTS = {
    'regular': _regular,
    'nested grad': _nested,
    'three products': _three_products,
}


@functools.partial(jax.jit, static_argnums=(2, 3))
def _train(state, data, gradient_fn, learning_rate, steps):
  """Adam on all points, all steps in one program."""

  def body(step, state):
    gradients = gradient_fn(state.parameters, *data)
    count = jnp.float32(step + 1)
    rate = learning_rate * jnp.sqrt(1 - _BETA2**count) / (1 - _BETA1**count)
    mean = jax.tree.map(
        lambda m, g: _BETA1 * m + (1 - _BETA1) * g, state.mean, gradients
    )
    square = jax.tree.map(
        lambda v, g: _BETA2 * v + (1 - _BETA2) * g**2, state.square, gradients
    )
    parameters = jax.tree.map(
        lambda p, m, v: p - rate * m / (jnp.sqrt(v) + _EPSILON),
        state.parameters,
        mean,
        square,
    )
    return training.State(parameters, mean, square)

  return jax.lax.fori_loop(0, steps, body, state)


def trainer(
    state: training.State,
    batches: training.Batches,
    name: str,
    learning_rate: float,
) -> Callable[[int], training.State]:
  """A function that trains for a number of steps, always from the start.

  Args:
    state: one of our networks, E = 1.
    batches: its data.
    name: a key of `GRADIENTS`.
    learning_rate: Adam's learning rate.
  """
  start = from_ours(state)
  data = from_ours((batches.x, batches.y, batches.gradient))

  def run(steps):
    result = _train(start, data, GRADIENTS[name], learning_rate, steps)
    return jax.tree.map(np.asarray, jax.block_until_ready(result))

  return run
