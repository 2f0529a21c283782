# SPDX-License-Identifier: Apache-2.0
"""Sobolev losses of a model: its values and derivatives against a target's.

The paper's eq. 1 and 2, without the sum over the examples i:

  full         l(m, f) + sum_j w_j l_j(D^j m, D^j f)                      eq. 1
  projected    l(m, f) + sum_j w_j E_v l_j(<D^j m, v>, <D^j f, v>)        eq. 2
               with D_x <D_x <m, v1>, v2> for j = 2, as in Figure 1b
  directional  l(m, f) + sum_j w_j E_u l_j(D^j m [u, ..], D^j f [u, ..])

Each returns one loss per example [B]: reduce it once, with tf.reduce_mean.
Gradients go to the model, never to the target. The arguments `weights`,
`losses` and `masks` are described in `terms`. The defaults are those of the
paper's section 4.1: order 1, squared L2, weight 1 for values and gradients.

A model is called as `model(x)`. Of a Keras model that is inference; for dropout
pass `lambda x: model(x, training=True)`. Batch normalisation in training mode
couples the examples, so that the derivatives are not theirs: differentiate in
inference mode, and call `model(x, training=True)` beside the loss to update the
averages.

An example that an order masks never reaches its gradient: the model is asked at
another example's x in its place. Where orders mask different examples, the
model is called once for each set of them.

A loss without values (weight 0 for order 0) gives no gradient to what moves
values only, such as the last bias: TensorFlow then returns None for it.

Axes: B batch, D... input, O... outputs, M projections or directions, K order.
"""

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from sobolev_training import arrays
from sobolev_training import derivatives
from sobolev_training import guards
from sobolev_training import orders as orders_lib
from sobolev_training import targets
from sobolev_training import terms
from sobolev_training import watched


def full_loss(
    model: derivatives.BatchFunction,
    x: tf.Tensor,
    target: Any,
    *,
    weights: Sequence[terms.Weight] = (1.0, 1.0),
    losses: terms.Losses = 'squared_l2',
    masks: terms.Masks | None = None,
) -> terms.SobolevLoss:
  """Compares values and full derivatives (paper, eq. 1).

  Args:
    model: a function from [B, D...] to [B, O...], such as a network.
    x: [B, D...], floating.
    target: a function, a network or a `targets.Target`; or this batch's
      (f, D f, ..., D^K f), [B, O...], [B, O..., D...] and so on.
    weights: one for each order from 0 to K.
    losses: a distance, or one for each order.
    masks: one or None for each order.

  Returns:
    The losses of each example. The model's parameters get their gradient.

  Raises:
    ValueError: an argument does not fit; its message starts with the name.
  """
  orders = orders_lib.Orders(weights, losses, masks)
  return _compare('full', orders, model, x, target)


def projected_loss(
    model: derivatives.BatchFunction,
    x: tf.Tensor,
    target: Any,
    projections: Sequence[tf.Tensor],
    *,
    weights: Sequence[terms.Weight] = (1.0, 1.0),
    losses: terms.Losses = 'squared_l2',
    masks: terms.Masks | None = None,
) -> terms.SobolevLoss:
  """Compares values and projected derivatives (paper, eq. 2, Figure 1b).

  Args:
    model: a function from [B, D...] to [B, O...], such as a network.
    x: [B, D...], floating.
    target: a function, a network or a `targets.Target`; or this batch's
      (f, D_x <f, v1>, ...), [B, O...] and then [M, B, D...]. Recorded full
      derivatives become that by `contractions.project`.
    projections: (v1, ..., vK) of `projections.sample`: v1 [M, O...] or
      [M, B, O...], the others [M, D...] or [M, B, D...]. Their M losses are
      averaged.
    weights: one for each order from 0 to K.
    losses: a distance, or one for each order.
    masks: one or None for each order.

  Returns:
    The losses of each example. The model's parameters get their gradient.

  Raises:
    ValueError: an argument does not fit; its message starts with the name.
  """
  orders = orders_lib.Orders(weights, losses, masks, sampled=True)
  arrays.require_tuple('projections', projections, len(weights) - 1)
  return _compare('projected', orders, model, x, target, projections)


def directional_loss(
    model: derivatives.BatchFunction,
    x: tf.Tensor,
    target: Any,
    directions: Sequence[tf.Tensor],
    *,
    weights: Sequence[terms.Weight] = (1.0, 1.0),
    losses: terms.Losses = 'squared_l2',
    masks: terms.Masks | None = None,
) -> terms.SobolevLoss:
  """Compares values and derivatives along directions of the input.

  For targets of which no more is known, or is cheap (a black box).

  Args:
    model: a function from [B, D...] to [B, O...], such as a network.
    x: [B, D...], floating.
    target: a function, a network or a `targets.Target`; or this batch's
      (f, (D f) u1, (D^2 f)[u1, u2], ...), [B, O...] and then [M, B, O...].
    directions: (u1, ..., uK), each [M, D...] or [M, B, D...]. Their M losses
      are averaged.
    weights: one for each order from 0 to K.
    losses: a distance, or one for each order.
    masks: one or None for each order.

  Returns:
    The losses of each example. The model's parameters get their gradient.

  Raises:
    ValueError: an argument does not fit; its message starts with the name.
  """
  orders = orders_lib.Orders(weights, losses, masks, sampled=True)
  arrays.require_tuple('directions', directions, len(weights) - 1)
  return _compare('directional', orders, model, x, target, directions)


def _compare(
    form: str,
    orders: orders_lib.Orders,
    model: derivatives.BatchFunction,
    x: tf.Tensor,
    target: Any,
    vectors: Sequence[tf.Tensor] | None = None,
) -> terms.SobolevLoss:
  """Computes both sides up to the highest order used and compares them."""
  x = arrays.points(x)
  recorded = isinstance(target, (list, tuple))
  predictions, answers = {}, {}
  if recorded:
    answers = dict(enumerate(orders.record(target)))
  for used, points in orders.points(x):
    order = used[-1]
    if not recorded:
      asked = targets.ask(form, target, points, order, vectors)
      answers |= {k: asked[k] for k in used}
    up_to = order if vectors is None else vectors[:order]
    called = watched.Watched(model, 'model', order)
    predicted = _FORMS[form](called, points, up_to)
    guards.warn(called.findings())
    # Derivatives have x's type; so has then, in comparison, a value alone.
    *predicted, _ = terms.of_one_type((*predicted, x))
    predictions |= {k: orders.checked(k, predicted[k]) for k in used}
  return terms.compare(orders, predictions, answers)


_FORMS = {
    'full': derivatives.value_and_derivatives,
    'projected': derivatives.value_and_projected,
    'directional': derivatives.value_and_directional,
}
