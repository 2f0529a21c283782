# SPDX-License-Identifier: Apache-2.0
"""Theorem 1: ReLU networks with one hidden layer approximate C1 functions.

Paper, section 3: for a C1 function f on a compact set and any error there is a
network h with one hidden layer of ReLUs (or leaky ReLUs) within that error of f
in the Sobolev space S1. Here both distances are suprema over the set,

  value = sup |h - f|,   gradient = sup |grad h - grad f|_2,

the gradient's wherever h has one, which is off its kinks. This is stronger than
the integrals over the set that also go by the name S1.

One dimension. Let p interpolate f linearly at knots at most delta apart, and
let omega(delta) = sup |f'(s) - f'(t)| over |s - t| <= delta be the modulus of
continuity of f'. Between two knots p' is the mean of f', so p' = f'(xi) for
some xi there, and p - f is zero at the nearer knot, at most delta / 2 away:

  sup |p' - f'| <= omega(delta),   sup |p - f| <= delta omega(delta) / 2.

With q_j the change of slope at knot k_j, p is a sum of ReLUs,

  p(t) = p_0 + sum_j q_j relu(t - k_j).

More dimensions. Hornik: a network of sigmoids comes as near to f in S1 as one
likes (`sigmoid_network` finds one). Its unit j sees u = w_j x + b_j in a
bounded interval as x stays in the set; put there the interpolant of the sigmoid
s at knots delta_j apart. With M = sup |s''| it is off by M delta_j^2 / 8 or
less in value and M delta_j / 2 in slope, so with output weights c_j

  value <= sum_j |c_j| M delta_j^2 / 8,
  gradient <= sum_j |c_j| |w_j|_2 M delta_j / 2:

with K knots per unit the error falls as K^-2 in value and as K^-1 in gradient.

The theorem gives no rate for f itself: omega may fall at any slow pace [D].

Axes: B batch, D input, H hidden units, K knots.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from theory import one_hidden_layer

# sup |s''| of the logistic sigmoid, at s = (1 +- 1 / sqrt(3)) / 2.
SIGMOID_CURVATURE = 1 / (6 * np.sqrt(3))
# More hidden units than this are not a network that anybody evaluates.
_MOST_PIECES = 2**20


class Distance(NamedTuple):
  """A bound on the distance of two functions in S1, in the suprema above."""

  value: float
  gradient: float


def interpolant(
    knots: np.ndarray,
    values: np.ndarray,
    leak: float = 0.0,
) -> one_hidden_layer.OneHiddenLayer:
  """Builds the piecewise-linear interpolant in one dimension as a network.

  Args:
    knots: [K], ascending.
    values: f at the knots, [K].
    leak: Slope of the activation below zero; 0 is a ReLU.

  Returns:
    A float64 network [B, 1] -> [B, 1] of K - 1 ReLUs, or 2 (K - 1) leaky ones.
    It goes on straight beyond the last knot, and for one gap before the first.

  Raises:
    ValueError: Fewer than two knots, not ascending, or not as many values.
  """
  knots = np.asarray(knots, np.float64)
  values = np.asarray(values, np.float64)
  if knots.ndim != 1 or len(knots) < 2 or np.any(np.diff(knots) <= 0):
    raise ValueError(
        f'knots: expected two or more ascending numbers, got {knots}: sort them'
    )
  if values.shape != knots.shape:
    raise ValueError(
        f'values: expected shape {knots.shape}, one per knot, '
        f'got {values.shape}'
    )
  start, kinks, changes = _relu_units(
      knots[:, np.newaxis], values[:, np.newaxis]
  )
  return one_hidden_layer.from_relu_units(
      hidden_weights=np.ones((1, len(kinks))),
      hidden_biases=-kinks[:, 0],
      output_weights=changes,
      output_biases=start,
      leak=leak,
  )


def interpolant_bound(
    modulus: Callable[[float], float], delta: float
) -> Distance:
  """Bounds the interpolant's distance to f in one dimension.

  Args:
    modulus: omega, the modulus of continuity of f'.
    delta: The widest gap between two neighbouring knots.
  """
  return Distance(value=delta * modulus(delta) / 2, gradient=modulus(delta))


def approximate(
    function: Callable[[np.ndarray], np.ndarray],
    modulus: Callable[[float], float],
    low: float,
    high: float,
    error: float,
    leak: float = 0.0,
) -> one_hidden_layer.OneHiddenLayer:
  """Builds a network within `error` of f in S1 on [low, high] (Theorem 1).

  Args:
    function: f, of an array [K] of places.
    modulus: omega, the modulus of continuity of f'. It tends to 0 at 0 if and
      only if f is C1.
    low: Left end of the interval.
    high: Right end.
    error: Positive; bounds both the value's and the gradient's error.
    leak: Slope of the activation below zero; 0 is a ReLU.

  Returns:
    A float64 network [B, 1] -> [B, 1] on equidistant knots, whose number was
    doubled until `interpolant_bound` was met.

  Raises:
    ValueError: The interval is empty, or no reasonable number of knots does.
  """
  if not low < high:
    raise ValueError(f'low: expected a number below high={high}, got {low}')
  pieces = 1
  while max(interpolant_bound(modulus, (high - low) / pieces)) > error:
    pieces *= 2
    if pieces > _MOST_PIECES:
      raise ValueError(
          f'error: expected a bound that {_MOST_PIECES} pieces can meet, '
          f'got {error}: take a larger one, or check that modulus(0+) = 0'
      )
  knots = np.linspace(low, high, pieces + 1)
  return interpolant(knots, function(knots), leak)


def replace_sigmoids(
    network: one_hidden_layer.OneHiddenLayer,
    low: np.ndarray,
    high: np.ndarray,
    knots: int,
    leak: float = 0.0,
) -> one_hidden_layer.OneHiddenLayer:
  """Replaces each sigmoid by its interpolant over what it sees in a box.

  Args:
    network: One hidden layer of sigmoids, [B, D] -> [B, O].
    low: Corner of the box, [D].
    high: The opposite corner, [D].
    knots: K >= 2, per sigmoid.
    leak: Slope of the activation below zero; 0 is a ReLU.

  Returns:
    A network of H (K - 1) ReLUs, within `replacement_bound` of `network` in the
    box, of the same dtype.

  Raises:
    ValueError: Not a network of sigmoids, an empty box, or too few knots.
  """
  if network.activation is not tf.sigmoid:
    raise ValueError(
        'network: expected the activation tf.sigmoid, '
        f'got {network.activation}: other activations have other interpolants'
    )
  lowest, step = _spacing(network, low, high, knots)
  grid = lowest + step * np.arange(knots)[:, np.newaxis]  # [K, H]
  start, kinks, changes = _relu_units(grid, 1 / (1 + np.exp(-grid)))
  output_weights = network.output_weights.numpy()  # [H, O]
  return one_hidden_layer.from_relu_units(
      hidden_weights=np.tile(network.hidden_weights.numpy(), knots - 1),
      hidden_biases=(network.hidden_biases.numpy() - kinks).ravel(),
      output_weights=np.concatenate(changes[..., np.newaxis] * output_weights),
      output_biases=network.output_biases.numpy() + start @ output_weights,
      leak=leak,
      dtype=network.output_weights.dtype,
  )


def replacement_bound(
    network: one_hidden_layer.OneHiddenLayer,
    low: np.ndarray,
    high: np.ndarray,
    knots: int,
) -> Distance:
  """Bounds how far `replace_sigmoids` moves each output (head of this file)."""
  _, step = _spacing(network, low, high, knots)
  weight = np.abs(network.output_weights.numpy()).max(axis=1)
  length = np.linalg.norm(network.hidden_weights.numpy(), axis=0)
  return Distance(
      value=float(np.sum(weight * step**2) * SIGMOID_CURVATURE / 8),
      gradient=float(np.sum(weight * length * step) * SIGMOID_CURVATURE / 2),
  )


def _relu_units(
    knots: np.ndarray, values: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
  """Writes interpolants as sums of ReLUs, p(t) = p_0 + sum_j q_j relu(t - k_j).

  The first kink is moved one gap out, so that the ends of the interval have a
  derivative.

  Args:
    knots: [K, H], one interpolant per column.
    values: [K, H].

  Returns:
    p_0 [H], and k_j and q_j, [K - 1, H] both.
  """
  slopes = np.diff(values, axis=0) / np.diff(knots, axis=0)
  start = 2 * values[0] - values[1]
  kinks = np.concatenate([[2 * knots[0] - knots[1]], knots[1:-1]])
  return start, kinks, np.diff(slopes, axis=0, prepend=0.0)


def _spacing(
    network: one_hidden_layer.OneHiddenLayer,
    low: np.ndarray,
    high: np.ndarray,
    knots: int,
) -> tuple[np.ndarray, np.ndarray]:
  """Returns each unit's lowest u = w x + b in the box and step, both [H]."""
  if knots < 2:
    raise ValueError(f'knots: expected at least 2 per sigmoid, got {knots}')
  low, high = np.asarray(low, np.float64), np.asarray(high, np.float64)
  weights = network.hidden_weights.numpy()
  if not low.shape == high.shape == weights.shape[:1] or np.any(low >= high):
    raise ValueError(
        f'low, high: expected corners of shape {weights.shape[:1]} with '
        f'low < high, got {low} and {high}'
    )
  centre = (low + high) / 2 @ weights + network.hidden_biases.numpy()
  reach = (high - low) / 2 @ np.abs(weights)
  # A unit that does not look at x sees one value; any step serves it.
  step = np.where(reach > 0, 2 * reach / (knots - 1), 1.0)
  return centre - reach, step
