# SPDX-License-Identifier: Apache-2.0
"""One compiled program that trains many networks for many steps.

A network's weights, Adam's moments and a batch fit a core's cache, a stack of
networks does not: on a CPU the program therefore trains one network after the
other, on a GPU all at once. `chunk` networks are batched along a leading axis;
the chunks follow one another inside the program. Their order and size change
the speed and the last bits of rounding, nothing else.

Axis letters: E ensemble, S steps, N training points, B batch, D input.
"""

from collections.abc import Callable
import functools
from typing import NamedTuple

import tensorflow as tf

from regression import networks
from sobolev_training import derivatives
from sobolev_training import distances
from sobolev_training import piecewise_linear
from sobolev_training import relobralo

MLPParameters = networks.MLPParameters

# Adam's other settings are TensorFlow's and Sonnet's defaults.
_BETA1, _BETA2, _EPSILON = 0.9, 0.999, 1e-8
_RELOBRALO = relobralo.Settings()


class State(NamedTuple):
  """What a training step changes; leading axis E.

  Attributes:
    parameters: the networks.
    mean: Adam's running mean of the gradients.
    square: Adam's running mean of their squares.
    balance: what adapts the terms' weights, where they adapt; [E, 2].
  """

  parameters: MLPParameters
  mean: MLPParameters
  square: MLPParameters
  balance: relobralo.Balance | tuple[()] = ()


class Batches(NamedTuple):
  """What the networks learn from.

  Attributes:
    x: points, [E, N, D].
    y: values, [E, N].
    gradient: gradients, [E, N, D].
    indices: the points of each step, int32 [E, S, B]; [E, 0, 0] where every
      step sees all.
  """

  x: tf.Tensor
  y: tf.Tensor
  gradient: tf.Tensor
  indices: tf.Tensor


class Method(NamedTuple):
  """The settings that shape the program.

  Attributes:
    gradient_weight: weight of the gradient term; 0 is regular training.
    distance: of the gradient term, a name in `distances`.
    difference: half the width of the central differences that stand for the
      network's gradient in the loss; 0 for the gradient.
    balanced: whether ReLoBRaLo adapts the weights of the two terms.
    learning_rate: Adam's.
    decay_steps: steps over which it falls to 0 along a half cosine;
      0 keeps it constant.
    activation: a key of `networks.ACTIVATIONS`.
    full_batch: whether a step sees all points.
    chunk: networks trained together; the chunks take turns.
  """

  gradient_weight: float = 1.0
  distance: str = 'squared_l2'
  difference: float = 0.0
  balanced: bool = False
  learning_rate: float = 1e-3
  decay_steps: int = 0
  activation: str = 'relu'
  full_batch: bool = True
  chunk: int = 1


def initial_state(parameters: MLPParameters, balanced: bool = False) -> State:
  """The state before the first step."""
  zeros = tf.nest.map_structure(tf.zeros_like, parameters)
  if not balanced:
    return State(parameters, zeros, zeros)
  ones = tf.ones([parameters.biases[-1].shape[0], 2])
  return State(parameters, zeros, zeros, relobralo.Balance(ones, ones, ones))


def loss_and_gradients(
    parameters: MLPParameters,
    x: tf.Tensor,
    y: tf.Tensor,
    gradient: tf.Tensor,
    method: Method,
    adapt: Callable[[tf.Tensor], tf.Tensor] | None = None,
) -> tuple[tf.Tensor, MLPParameters]:
  """Each network's loss [E] and its parameter gradients.

  The loss of section 4.1: the mean over the batch of the squared error of the
  value and, weighted, the distance of the gradient, its squared L2 norm.

  Args:
    parameters: the networks.
    x: points, [E, B, D].
    y: values, [E, B].
    gradient: gradients, [E, B, D].
    method: the settings.
    adapt: gives the factors [E, 2] of the two terms' weights for their means
      [E, 2]; it is called once.
  """
  sobolev = method.gradient_weight != 0
  distance = distances.by_name(method.distance)

  def loss_fn(value, value_gradient):
    error = (value - y) ** 2
    if not sobolev:
      return tf.reduce_mean(error, -1)
    mismatch = distance(_flat(value_gradient), _flat(gradient))
    mismatch = tf.reshape(mismatch, error.shape)
    if adapt is None:
      return tf.reduce_mean(error + method.gradient_weight * mismatch, -1)
    means = tf.reduce_mean(tf.stack([error, mismatch]), -1)  # [2, E]
    factors = adapt(tf.stop_gradient(tf.transpose(means)))
    weights = factors * [1.0, method.gradient_weight]
    return tf.reduce_sum(tf.transpose(weights) * means, 0)

  slope = networks.SLOPES.get(method.activation)
  differs = sobolev and method.difference
  if slope is not None and not differs:
    return piecewise_linear.loss_and_parameter_gradients(
        parameters, x, loss_fn, uses_gradient=sobolev, slope=slope
    )
  with tf.GradientTape(watch_accessed_variables=False) as tape:
    tape.watch(parameters)
    if differs:
      loss = loss_fn(
          *_value_and_differences(
              parameters, x, method.activation, method.difference
          )
      )
    elif sobolev:
      value, value_gradient = _value_and_gradient(
          parameters, x, method.activation
      )
      loss = loss_fn(value, value_gradient)
    else:
      loss = loss_fn(networks.apply(parameters, x, method.activation), None)
  return loss, tape.gradient(
      loss, parameters, unconnected_gradients=tf.UnconnectedGradients.ZERO
  )


def _flat(array: tf.Tensor) -> tf.Tensor:
  """[..., B, D] as the points of one batch, [..B, D]."""
  return tf.reshape(array, [-1, array.shape[-1]])


def _value_and_gradient(parameters, x, activation):
  """Values [..., B] and gradients [..., B, D] of smooth networks."""

  def flat(points):
    value = networks.apply(parameters, tf.reshape(points, x.shape), activation)
    return tf.reshape(value, [-1])

  value, gradient = derivatives.value_and_gradient(flat, _flat(x))
  return tf.reshape(value, x.shape[:-1]), tf.reshape(gradient, x.shape)


def _value_and_differences(parameters, x, activation, half):
  """Values [..., B] and central differences [..., B, D], of any network.

  Backpropagation sees how they change as kinks move; see `theory.kinks`.
  """
  inputs = x.shape[-1]
  steps = tf.unstack(half * tf.eye(inputs, dtype=x.dtype))
  moved = [x, *(x + s for s in steps), *(x - s for s in steps)]
  values = networks.apply(parameters, tf.concat(moved, -2), activation)
  value, *moved = tf.split(values, len(moved), -1)
  differences = [
      (after - before) / (2 * half)
      for after, before in zip(moved[:inputs], moved[inputs:], strict=True)
  ]
  return value, tf.stack(differences, -1)


def _learning_rate(method, step):
  """Adam's learning rate, its bias corrections included (Kingma & Ba, 2.1)."""
  count = tf.cast(step + 1, tf.float32)
  rate = method.learning_rate
  if method.decay_steps:
    progress = tf.minimum(tf.cast(step, tf.float32) / method.decay_steps, 1)
    rate *= 0.5 * (1 + tf.cos(3.141592653589793 * progress))
  return rate * tf.sqrt(1 - _BETA2**count) / (1 - _BETA1**count)


def _train_chunk(state, batches, start, stop, method):
  """Trains networks that share a leading axis from step start to stop."""

  def body(step, loss, state):
    x, y, gradient, indices = batches
    if not method.full_batch:
      # Not a slice: XLA would compile the program anew for every start.
      rows = tf.gather(indices, step - start, axis=1)
      x, y, gradient = (
          tf.gather(a, rows, batch_dims=1) for a in (x, y, gradient)
      )
    balance = state.balance

    def adapt(means):
      nonlocal balance
      balance = relobralo.update(balance, means, step, _RELOBRALO)
      return balance.factors

    loss, gradients = loss_and_gradients(
        state.parameters, x, y, gradient, method,
        adapt if method.balanced else None,
    )
    rate = _learning_rate(method, step)
    mean = tf.nest.map_structure(
        lambda m, g: _BETA1 * m + (1 - _BETA1) * g, state.mean, gradients
    )
    square = tf.nest.map_structure(
        lambda v, g: _BETA2 * v + (1 - _BETA2) * g**2, state.square, gradients
    )
    parameters = tf.nest.map_structure(
        lambda p, m, v: p - rate * m / (tf.sqrt(v) + _EPSILON),
        state.parameters,
        mean,
        square,
    )
    return step + 1, loss, State(parameters, mean, square, balance)

  loss = tf.zeros_like(batches.y[:, 0])
  _, loss, state = tf.while_loop(
      lambda step, *_: step < stop, body, (start, loss, state)
  )
  return loss, state


@functools.partial(tf.function, autograph=False, jit_compile=True)
def train(
    state: State,
    batches: Batches,
    start: tf.Tensor,
    stop: tf.Tensor,
    method: Method,
) -> tuple[tf.Tensor, State]:
  """Trains all networks from step `start` to `stop`.

  Args:
    state: E networks; E is a multiple of `method.chunk`.
    batches: their data; the indices' S is `stop - start`.
    start: int32 scalar tensor; a tensor, so that any cut of the steps runs the
      same program.
    stop: int32 scalar tensor.
    method: the settings; each gives a program of its own.

  Returns:
    The last step's loss [E] and the new state.
  """

  def fold(array):
    return tf.reshape(array, [-1, method.chunk, *array.shape[1:]])

  def unfold(array):
    return tf.reshape(array, [-1, *array.shape[2:]])

  chunks = tf.nest.map_structure(fold, (state, batches))
  signature = tf.nest.map_structure(
      lambda a: tf.TensorSpec(a.shape[1:], a.dtype), chunks
  )
  loss = tf.TensorSpec([method.chunk], batches.y.dtype)
  result = tf.map_fn(
      lambda chunk: _train_chunk(*chunk, start, stop, method),
      chunks,
      fn_output_signature=(loss, signature[0]),
  )
  return tf.nest.map_structure(unfold, result)


@functools.partial(tf.function, autograph=False, jit_compile=True)
def evaluate(
    parameters: MLPParameters, x: tf.Tensor, activation: str
) -> tuple[tf.Tensor, tf.Tensor]:
  """Values [..., B] and gradients [..., B, D] at x [..., B, D]."""
  slope = networks.SLOPES.get(activation)
  if slope is not None:
    return piecewise_linear.value_and_gradient(parameters, x, slope)
  return _value_and_gradient(parameters, x, activation)
