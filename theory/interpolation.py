# SPDX-License-Identifier: Apache-2.0
"""Proposition 1: a network with exactly the asked values and gradients.

Paper, section 3: given f: S -> R, g: S -> R^d and a finite set of points, there
is a ReLU (or leaky ReLU) network h with h(x) = f(x) and dh/dx (x) = g(x) at all
of them. g need not have anything to do with the derivative of f.

Construction [D], with one hidden layer. In one dimension, walk from point to
point on a broken line that runs through a short straight piece at every point,

  p(t) = c_i + s_i (t - t_i)  within a quarter of the gap from t_i,

and connects the ends of neighbouring pieces. N points ask for 2N - 1 kinks k_j,
and with q_j the change of slope at k_j

  p(t) = p_0 + sum_j q_j relu(t - k_j).

In d dimensions take a random rotation A. It separates the points in every
coordinate of z = A x with probability one, and with a broken line p_k for each

  h(x) = sum_k p_k((A x)_k),   grad h(x) = A^T [p_1', ..., p_d'],

so h has value f and gradient g where p_k has value f / d and slope (A g)_k (for
a rotation A^-T = A). That is one hidden layer of (2N - 1) d units.

Rounding: an error of about 1e-16 times the steepest connecting piece, so the
rotation with the widest smallest gap is taken out of several.

Axes: N points, D input.
"""

import numpy as np
import tensorflow as tf

from theory import one_hidden_layer

# Rotations tried. The widest smallest gap of 64 is about five times the median
# one, measured with 20 to 100 points in two to five dimensions.
_ROTATIONS = 64
# Gaps below this part of the points' extent drown in rounding.
_SMALLEST_GAP = 1e-13


def interpolate(
    points: np.ndarray,
    values: np.ndarray,
    gradients: np.ndarray,
    leak: float = 0.0,
    seed: int = 0,
    dtype: tf.DType = tf.float64,
) -> one_hidden_layer.OneHiddenLayer:
  """Constructs a network with the given values and gradients (Proposition 1).

  Args:
    points: [N, D], distinct.
    values: f at the points, [N].
    gradients: g at the points, [N, D].
    leak: Slope of the activation below zero; 0 is a ReLU.
    seed: Of the rotation that separates the points.
    dtype: Of the network. The construction itself is in float64.

  Returns:
    A network [B, D] -> [B, 1] with (2N - 1) D hidden units, twice as many if
    leaky. It is linear near each point.

  Raises:
    ValueError: A wrong shape, a number that is not finite, or equal points.
  """
  points, values, gradients = _checked(points, values, gradients)
  dimension = points.shape[1]
  rotation = _separating_rotation(points, seed)
  coordinates = points @ rotation.T  # [N, D]
  slopes = gradients @ rotation.T  # [N, D]
  lines = [
      _broken_line(coordinates[:, k], values / dimension, slopes[:, k])
      for k in range(dimension)
  ]
  starts, kinks, changes = map(np.stack, zip(*lines, strict=True))
  return one_hidden_layer.from_relu_units(
      hidden_weights=np.repeat(rotation.T, kinks.shape[1], axis=1),
      hidden_biases=-kinks.ravel(),
      output_weights=changes.reshape(-1, 1),
      output_biases=starts.sum(keepdims=True),
      leak=leak,
      dtype=dtype,
  )


def _checked(
    points: np.ndarray, values: np.ndarray, gradients: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
  """Returns the arguments as float64 arrays that fit together."""
  points, values, gradients = (
      np.asarray(array, np.float64) for array in (points, values, gradients)
  )
  if points.ndim != 2 or not points.size:
    raise ValueError(
        f'points: expected shape [N, D] with N, D >= 1, got {points.shape}'
    )
  for name, array, shape in (
      ('points', points, points.shape),
      ('values', values, points.shape[:1]),
      ('gradients', gradients, points.shape),
  ):
    if array.shape != shape:
      raise ValueError(
          f'{name}: expected shape {shape} for points of shape {points.shape}, '
          f'got {array.shape}'
      )
    if not np.all(np.isfinite(array)):
      row = int(np.argwhere(~np.isfinite(array))[0, 0])
      raise ValueError(
          f'{name}: expected finite numbers, got {array[row]} in row {row}: '
          'leave that point out'
      )
  return points, values, gradients


def _separating_rotation(points: np.ndarray, seed: int) -> np.ndarray:
  """Returns A, [D, D], that separates the points in each coordinate of A x."""
  number, dimension = points.shape
  generator = np.random.default_rng(seed)
  gaussian = generator.standard_normal((_ROTATIONS, dimension, dimension))
  rotations = np.linalg.qr(gaussian).Q
  if number == 1:
    return rotations[0]
  coordinates = points @ np.swapaxes(rotations, 1, 2)  # [_ROTATIONS, N, D]
  gaps = np.diff(np.sort(coordinates, axis=1), axis=1)
  smallest = gaps.min(axis=(1, 2))
  best = smallest.argmax()
  if smallest[best] <= _SMALLEST_GAP * np.abs(points).max():
    # Points that no rotation separates are the same point.
    row, k = np.unravel_index(gaps[best].argmin(), gaps[best].shape)
    order = np.argsort(coordinates[best, :, k], kind='stable')
    first, second = sorted(order[row : row + 2])
    raise ValueError(
        f'points: expected distinct points, got rows {first} and {second} at '
        f'{points[first]} and {points[second]}: keep one of them'
    )
  return rotations[best]


def _broken_line(
    places: np.ndarray, values: np.ndarray, slopes: np.ndarray
) -> tuple[float, np.ndarray, np.ndarray]:
  """Returns p_0, the kinks k_j and the changes of slope q_j, each [2N - 1]."""
  order = np.argsort(places)
  places, values, slopes = places[order], values[order], slopes[order]
  reach = np.diff(places) / 4
  # Ends of the straight pieces; the first piece starts anywhere to the left.
  left = places - np.concatenate([[np.ptp(places) or 1.0], reach])
  right = places[:-1] + reach
  left_values = values + slopes * (left - places)
  right_values = values[:-1] + slopes[:-1] * (right - places[:-1])
  connecting = (left_values[1:] - right_values) / (left[1:] - right)
  kinks = np.empty(2 * len(places) - 1)
  pieces = np.empty_like(kinks)
  kinks[0::2], kinks[1::2] = left, right
  pieces[0::2], pieces[1::2] = slopes, connecting
  return left_values[0], kinks, np.diff(pieces, prepend=0.0)
