# SPDX-License-Identifier: Apache-2.0
"""Propositions 2 and 3: how many points identify a function, K_sob <= K_reg.

Paper, section 3: K_reg(F) is the smallest number of points such that any two
functions of the family F that agree in value at that many distinct points are
the same; K_sob(F) asks for agreement in value and derivative. Proposition 2:
who agrees in both agrees in value, so K_sob <= K_reg. Here a bound from above
is a function that recovers the parameters, and one from below is two functions
that agree.

Polynomials of degree n. K_reg = n + 1. The paper says that ceil(n / 2) points
with derivatives suffice; that is an error for even n [D]: the product of
(x - x_i)^2 over n / 2 points has degree n and neither value nor slope at any of
them. K points give 2 K conditions, so K_sob = ceil((n + 1) / 2) = n // 2 + 1 (a
polynomial of degree n with 2 K > n roots, counted with multiplicity, is zero).

Gaussian densities on the line, f = exp(-(x - m)^2 / (2 v)) / sqrt(2 pi v).
K_sob = 1: with s = f'/f = -(x - m) / v one has m = x + s v, and then
log f = -s^2 v / 2 - log(2 pi v) / 2 falls strictly in v, so v is unique.
K_reg = 3: log f is a parabola, which three values determine; two do not, see
`gaussian_twins`.

Element-wise linear functions, f(x) = [A_1 x_1 + b_1, ..., A_n x_n + b_n] with
x_i in R^d. K_sob = 1: the derivative at one point is A, and b = f - A x. K_reg
is d + 1 for points in general position, whence the paper's "d + 1 times". By
the letter, "every set of distinct points", it is infinite unless n = d = 1 [D]:
distinct points may share x_1, or lie on one line.

Axes: K points, n blocks, d inputs of a block.
"""

from typing import NamedTuple

import numpy as np


class SampleComplexity(NamedTuple):
  """Points that identify a member of a family: with derivatives and without."""

  sobolev: int
  regular: int


GAUSSIAN_COMPLEXITY = SampleComplexity(sobolev=1, regular=3)


def polynomial_complexity(degree: int) -> SampleComplexity:
  """Returns (ceil((n + 1) / 2), n + 1) for polynomials of degree <= n."""
  return SampleComplexity(sobolev=degree // 2 + 1, regular=degree + 1)


def elementwise_linear_complexity(dimension: int) -> SampleComplexity:
  """Returns (1, d + 1), the latter for points in general position."""
  return SampleComplexity(sobolev=1, regular=dimension + 1)


def polynomial(
    degree: int,
    points: np.ndarray,
    values: np.ndarray,
    slopes: np.ndarray | None = None,
) -> np.ndarray:
  """Recovers a polynomial from its values, and derivatives if given (Hermite).

  Args:
    degree: n.
    points: [K], distinct.
    values: [K].
    slopes: Derivatives at the points, [K].

  Returns:
    The coefficients of 1, x, ..., x^n, [n + 1].

  Raises:
    ValueError: There are too few points for the degree, or float64 cannot tell
      its powers of the points apart.
  """
  points = np.asarray(points, np.float64)
  needed = polynomial_complexity(degree)
  least = needed.regular if slopes is None else needed.sobolev
  if len(np.unique(points)) < least:
    raise ValueError(
        f'points: expected at least {least} distinct places for degree '
        f'{degree} {"without" if slopes is None else "with"} slopes, '
        f'got {points}'
    )
  powers = np.arange(degree + 1)
  rows = points[:, np.newaxis] ** powers
  if slopes is not None:
    lower = points[:, np.newaxis] ** np.maximum(powers - 1, 0)
    rows = np.concatenate([rows, powers * lower])
    values = np.concatenate([values, slopes])
  found, _, rank, _ = np.linalg.lstsq(rows, np.asarray(values), rcond=None)
  if rank <= degree:
    raise ValueError(
        f'points: float64 does not tell powers up to {degree} of {points} '
        'apart; move them to 0, and scale them to about 1'
    )
  return found


def invisible_polynomial(points: np.ndarray, slopes: bool) -> np.ndarray:
  """Returns a polynomial that is zero at the points, but is not zero.

  With `slopes` its derivative is zero there as well. Adding it to a polynomial
  of its degree, K or 2 K, makes another one that the points cannot tell apart.

  Args:
    points: [K].
    slopes: Whether the derivative is to vanish.

  Returns:
    Coefficients of 1, x, ..., [K + 1] or [2 K + 1].
  """
  roots = np.repeat(np.asarray(points, np.float64), 2 if slopes else 1)
  return np.polynomial.polynomial.polyfromroots(roots)


def gaussian_from_slope(
    x: float, value: float, slope: float
) -> tuple[float, float]:
  """Recovers a Gaussian density from one point with its derivative.

  With t = log v and s = slope / value, t + s^2 exp(t) = -log(2 pi value^2) = c.
  The left side rises and is convex, so Newton's method falls to the root from
  anything above it: from c, or if c > 0 also from max(0, log(c / s^2)).

  Args:
    x: Where the density was measured.
    value: f(x), positive.
    slope: f'(x).

  Returns:
    Mean and variance.

  Raises:
    ValueError: `value` is not positive, so not a density's.
  """
  if not value > 0:
    raise ValueError(f'value: expected a positive density, got {value}')
  relative = slope / value
  target = -np.log(2 * np.pi) - 2 * np.log(value)
  log_variance, above = target, np.inf
  if target > 0 and relative:
    start = max(0.0, np.log(target) - 2 * np.log(abs(relative)))
    log_variance = min(target, start)
  while log_variance < above:
    above = log_variance
    curved = relative**2 * np.exp(log_variance)
    log_variance -= (log_variance + curved - target) / (1 + curved)
  variance = float(np.exp(above))
  return float(x + relative * variance), variance


def gaussian_from_values(
    points: np.ndarray, values: np.ndarray
) -> tuple[float, float]:
  """Recovers a Gaussian density, (mean, variance), from three points.

  Args:
    points: [3], distinct.
    values: The density there, [3], positive.
  """
  points = np.asarray(points, np.float64)
  middle = points.mean()
  _, linear, quadratic = polynomial(2, points - middle, np.log(values))
  variance = -1 / (2 * quadratic)
  return float(middle + linear * variance), float(variance)


def gaussian_twins(
    first: float, second: float, ratio: float
) -> tuple[tuple[float, float], tuple[float, float]]:
  """Returns two Gaussian densities that agree at two points.

  With the mean in the middle and r half the distance, equal densities mean
  r^2 (1 / v - 1 / (q v)) = log q for the variances v and q v, which gives v.

  Args:
    first: A point.
    second: Another one.
    ratio: q, the wide one's variance over the narrow one's, above 1.

  Returns:
    (mean, variance) of the narrow and of the wide one.

  Raises:
    ValueError: The points are equal, or the ratio is not above 1.
  """
  if first == second or not ratio > 1:
    raise ValueError(
        'first, second, ratio: expected two points and a ratio above 1, '
        f'got {first}, {second} and {ratio}'
    )
  mean, half = (first + second) / 2, (second - first) / 2
  narrow = half**2 * (1 - 1 / ratio) / float(np.log(ratio))
  return (mean, narrow), (mean, ratio * narrow)


def elementwise_linear_from_slope(
    point: np.ndarray, value: np.ndarray, slope: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
  """Recovers (A [n, d], b [n]) from one point with its derivative.

  Args:
    point: x_1, ..., x_n, [n, d].
    value: [n].
    slope: Derivative of value i by x_i, [n, d].
  """
  return slope, value - np.sum(slope * point, axis=1)


def elementwise_linear_from_values(
    points: np.ndarray, values: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
  """Recovers (A [n, d], b [n]) from values alone.

  Args:
    points: [K, n, d].
    values: [K, n].

  Raises:
    ValueError: The x_i of some block i are not in general position.
  """
  number, _, dimension = np.shape(points)
  solutions = []
  for i, (inputs, outputs) in enumerate(
      zip(np.swapaxes(points, 0, 1), np.transpose(values), strict=True)
  ):
    rows = np.concatenate([inputs, np.ones((number, 1))], axis=1)
    solution, _, rank, _ = np.linalg.lstsq(rows, outputs, rcond=None)
    if rank <= dimension:
      raise ValueError(
          f'points: expected {dimension + 1} points in general position for '
          f'block {i}, got {number} of rank {rank}: add points, or give slopes'
      )
    solutions.append(solution)
  stacked = np.stack(solutions)
  return stacked[:, :-1], stacked[:, -1]
