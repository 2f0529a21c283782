# SPDX-License-Identifier: Apache-2.0
"""A Sobolev loss and its parameter gradients, by the cheapest way there is.

A first-order loss of a ReLU MLP with one output takes the three-product
gradient of `piecewise_linear`, which costs as much as regular training; all
other models and orders take nested tapes. Both give the same numbers.

Why there is no third way for smooth networks: with the residuals e and r of
value and gradient held constant, sum e m(x) + r . D_x m(x) has the right
gradient too. But it needs forward, backward, their two tangents along r, and
two outer products a layer: six products, as many as nested tapes. A ReLU's mask
does not move with x, which saves one tangent and one outer product, and the
last layer's algebra one more.
"""

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from sobolev_training import arrays
from sobolev_training import derivatives
from sobolev_training import losses as losses_lib
from sobolev_training import mlp_layers
from sobolev_training import orders as orders_lib
from sobolev_training import piecewise_linear
from sobolev_training import targets
from sobolev_training import terms


def loss_and_gradients(
    model: derivatives.BatchFunction,
    x: tf.Tensor,
    target: Any,
    *,
    variables: Sequence[tf.Variable | tf.Tensor] | None = None,
    weights: Sequence[terms.Weight] = (1.0, 1.0),
    losses: terms.Losses = 'squared_l2',
    masks: terms.Masks | None = None,
) -> tuple[terms.SobolevLoss, list[tf.Tensor]]:
  """`full_loss` (paper, eq. 1) and what an optimiser needs.

  An optimiser that scales the loss, Keras's LossScaleOptimizer for one, needs
  gradients of the scaled loss: take `full_loss` and a tape for it.

  Args:
    model: a network from [B, D...] to [B, O...], called as `model(x)`; see
      `losses` for dropout and batch normalisation.
    x: [B, D...], floating.
    target: as for `full_loss`.
    variables: what to differentiate, trainable or not, or tensors; the model's
      trainable variables by default.
    weights: one for each order from 0 to K.
    losses: a distance, or one for each order.
    masks: one or None for each order.

  Returns:
    The losses of each example, and the gradients of the mean of their total
    with respect to each variable. A variable that the loss does not depend on
    has the gradient zero.

  Raises:
    ValueError: an argument does not fit; its message starts with the name.
  """
  x = arrays.points(x)
  if variables is not None:
    if tf.is_tensor(variables) or hasattr(variables, 'assign'):
      raise ValueError('variables: expected a list of them, got a single one')
    variables = list(variables)
  if variables is None:
    if not hasattr(type(model), 'trainable_variables'):
      raise ValueError(
          'variables: expected the variables to differentiate, as the model is '
          f'a {type(model).__name__} without `trainable_variables`, got None'
      )
    orders = orders_lib.Orders(weights, losses, masks)
    mlp = mlp_layers.find(model, x) if orders.highest <= 1 else None
    if mlp is not None:
      return _three_products(mlp, model, x, target, orders)
  with tf.GradientTape() as tape:
    # By itself a tape watches trainable variables only.
    for variable in variables or ():
      tape.watch(_of_tensorflow(variable))
    loss = losses_lib.full_loss(
        model, x, target, weights=weights, losses=losses, masks=masks
    )
    mean = tf.reduce_mean(loss.total)
  if variables is None:  # Now that the model has been called.
    variables = list(model.trainable_variables)
  gradients = tape.gradient(mean, variables)
  return loss, [
      tf.zeros(v.shape, v.dtype) if gradient is None else gradient
      for v, gradient in zip(variables, gradients, strict=True)
  ]


def _of_tensorflow(variable: Any) -> tf.Variable | tf.Tensor:
  """A variable itself, or the one that Keras's is made of."""
  if isinstance(variable, (tf.Variable, tf.Tensor)):
    return variable
  return variable.value


def _three_products(mlp, model, x, target, orders):
  """The same by `piecewise_linear`."""
  if isinstance(target, (list, tuple)):
    answers = orders.record(target)
  (_, points), = orders.points(x, together=True)
  if not isinstance(target, (list, tuple)):
    answers = targets.ask('full', target, points, orders.highest)
  losses = []

  def loss_fn(value, gradient):
    predictions = [value[:, tf.newaxis]]
    if gradient is not None:
      predictions.append(gradient[:, tf.newaxis])
    losses.append(terms.compare(orders, predictions, answers))
    return tf.reduce_mean(losses[0].total)

  parameters = tf.nest.map_structure(tf.convert_to_tensor, mlp.variables)
  _, gradients = piecewise_linear.loss_and_parameter_gradients(
      parameters, points, loss_fn, uses_gradient=orders.highest == 1,
      slope=mlp.slope,
  )
  by_variable = {
      id(variable): gradient
      for variable, gradient in zip(
          (*mlp.variables.weights, *mlp.variables.biases),
          (*gradients.weights, *gradients.biases),
          strict=True,
      )
  }
  return losses[0], [by_variable[id(v)] for v in model.trainable_variables]
