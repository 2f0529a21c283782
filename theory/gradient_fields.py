# SPDX-License-Identifier: Apache-2.0
"""Which vector fields are gradients: Theorem 2 and Proposition 4.

Theorem 2 (paper, section 3): if a continuous g is not the gradient of f, there
is an eta > 0 such that every C1 function h has sup |f - h| >= eta or
sup |g - grad h| >= eta. In numbers [D]: let (g - grad f) . u >= eps all along a
segment of length L in the unit direction u. If neither supremum is above eta,
h - f grows along the segment by at least eps - eta per unit of length, and it
can grow by 2 eta in all:

  L (eps - eta) <= 2 eta,   that is   eta >= eps L / (2 + L).

That is tight: for f = 0 and g = eps on [0, L] take

  h(x) = 2 eps / (2 + L) (x - L / 2);

with eps = L = 1 the bound is 1/3, reached by h = (2/3) (x - 1/2).

The paper names no domain. It has to hold a segment along which g is wrong [D]:
on finitely many points the theorem fails, by Proposition 1.

Proposition 4 (paper, section 4.3): the gradient field of a scalar has a
symmetric Jacobian J, as second derivatives commute. How far a field is from
that is measured by the part of the Jacobian's square that is antisymmetric,

  |(J - J^T) / 2|_F^2 / |J|_F^2,

which is 0 for a gradient, 1 for a rotation such as (-y, x), and (1 - 1/D) / 2
for a matrix of independent weights of mean zero (ratio of the expectations). A
linear field W x is a gradient if and only if W = W^T: then of x . W x / 2.

Large fields: with directions v of E[v v^T] = I,

  E |J v - J^T v|^2 = |J - J^T|_F^2,   E (|J v|^2 + |J^T v|^2) / 2 = |J|_F^2,

and the ratio of the two stays in [0, 1] for any v, and 0 for a symmetric J.

Axes: B batch, D... the axes of an example, M directions.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from sobolev_training import derivatives
from sobolev_training import projections


class Asymmetry(NamedTuple):
  """How far a field is from a gradient at a batch of points."""

  antisymmetric: tf.Tensor  # [B], |(J - J^T) / 2|_F^2 of each example.
  total: tf.Tensor  # [B], |J|_F^2 of each example.

  @property
  def fraction(self) -> tf.Tensor:
    """The antisymmetric part over the batch, in [0, 1]; 0 where all J are 0."""
    return tf.math.divide_no_nan(
        tf.reduce_sum(self.antisymmetric), tf.reduce_sum(self.total)
    )


def lower_bound(mismatch: float, length: float) -> float:
  """Returns eta = eps L / (2 + L) of Theorem 2.

  Args:
    mismatch: eps, of which (g - grad f) . u is never below along the segment.
    length: L, of the segment.

  Raises:
    ValueError: One of them is negative.
  """
  if mismatch < 0 or length < 0:
    raise ValueError(
        'mismatch, length: expected numbers that are not negative, '
        f'got {mismatch} and {length}: turn the direction round'
    )
  return mismatch * length / (2 + length)


def lower_bound_on_segment(
    f: derivatives.BatchFunction,
    field: derivatives.BatchFunction,
    start: np.ndarray,
    end: np.ndarray,
    samples: int = 1001,
) -> float:
  """Returns Theorem 2's eta for a function, a field and a segment.

  Args:
    f: The function, [B, D] -> [B].
    field: g, [B, D] -> [B, D].
    start: One end of the segment, [D].
    end: The other, [D].
    samples: Places along the segment at which g - grad f is looked at. The
      bound holds as far as the least of them is the least along the segment.

  Returns:
    eta; 0 if (g - grad f) . u changes its sign, as then a shorter segment is
    needed.

  Raises:
    ValueError: The ends are equal.
  """
  start, end = np.asarray(start, np.float64), np.asarray(end, np.float64)
  length = float(np.linalg.norm(end - start))
  if not length:
    raise ValueError(f'end: expected a place other than start, got {end}')
  points = tf.constant(np.linspace(start, end, samples))
  _, gradient = derivatives.value_and_gradient(f, points)
  along = (field(points) - gradient).numpy() @ (end - start) / length
  # With -u for u the roles of the two ends change.
  mismatch = max(along.min(), -along.max(), 0.0)
  return lower_bound(float(mismatch), length)


def nearest_predictor(
    mismatch: float, length: float
) -> Callable[[np.ndarray], np.ndarray]:
  """Returns the h that reaches Theorem 2's bound, for f = 0 and g = eps.

  Args:
    mismatch: eps, the constant g.
    length: L; the domain is [0, L].

  Returns:
    h(x) = 2 eps / (2 + L) (x - L / 2), of any array of places.
  """
  slope = 2 * mismatch / (2 + length)
  return lambda x: slope * (x - length / 2)


def jacobian_asymmetry(
    field: derivatives.BatchFunction, points: tf.Tensor
) -> Asymmetry:
  """Measures how far a field is from a gradient (Proposition 4), exactly.

  Args:
    field: [B, D...] -> [B, D...], each example on its own.
    points: [B, D...], with static D.... Each number of an example takes a
      backward pass: above a few hundred use `estimate_jacobian_asymmetry`.

  Returns:
    The two squared norms of each example's Jacobian.

  Raises:
    ValueError: The field's values do not have the shape of the points.
  """
  _, jacobian = derivatives.value_and_jacobian(_checked(field), points)
  size = points.shape[1:].num_elements()
  jacobian = tf.reshape(jacobian, [-1, size, size])
  antisymmetric = (jacobian - tf.linalg.matrix_transpose(jacobian)) / 2
  return Asymmetry(
      antisymmetric=tf.reduce_sum(antisymmetric**2, axis=[1, 2]),
      total=tf.reduce_sum(jacobian**2, axis=[1, 2]),
  )


def estimate_jacobian_asymmetry(
    field: derivatives.BatchFunction,
    points: tf.Tensor,
    seed: projections.Seed,
    directions: int = 1,
) -> Asymmetry:
  """Estimates `jacobian_asymmetry` from J v and J^T v, for large examples.

  One direction costs, in a graph, about 1.5 times the field and its backward
  pass (convolutions, measured), whatever the size. The squared norms are
  unbiased, with random signs as v. A field that couples the examples (batch
  normalisation in training mode) has one Jacobian for the whole batch;
  `fraction` is then about that one, and terms of single examples mean nothing.

  Args:
    field: [B, D...] -> [B, D...].
    points: [B, D...], of any rank, with static D....
    seed: Two integers, as of `projections.make_seed`.
    directions: M, the number of v.

  Returns:
    The two squared norms, estimated for each example.

  Raises:
    ValueError: The field's values do not have the shape of the points.
  """
  v = projections.sample(
      points.shape[1:],
      seed=seed,
      count=directions,
      batch_size=tf.shape(points)[0],
      kind='rademacher',
      dtype=points.dtype,
  )  # [M, B, D...]
  field = _checked(field)
  _, transposed = derivatives.value_and_projected(field, points, (v,))
  _, forward = derivatives.value_and_directional(field, points, (v,))
  axes = list(range(2, v.shape.rank))

  def mean_square(x: tf.Tensor) -> tf.Tensor:
    return tf.reduce_mean(tf.reduce_sum(x**2, axis=axes), axis=0)  # [B]

  return Asymmetry(
      antisymmetric=mean_square(forward - transposed) / 4,
      total=(mean_square(forward) + mean_square(transposed)) / 2,
  )


def _checked(field: derivatives.BatchFunction) -> derivatives.BatchFunction:
  """Returns the field, which now refuses to return another shape."""

  def checked(points: tf.Tensor) -> tf.Tensor:
    value = field(points)
    if not value.shape.is_compatible_with(points.shape):
      raise ValueError(
          f"field: expected values of the points' shape {points.shape}, "
          f'got {value.shape}: a field has one number for each input'
      )
    return value

  return checked
