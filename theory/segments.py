# SPDX-License-Identifier: Apache-2.0
"""Figure 2, left: what three points say about a piecewise-linear function.

Paper, section 3: of a function with three linear segments, three values, one on
each, leave a continuum of hypotheses; with derivatives they leave one. The
figure has no numbers, so the example is ours [O].

The hinges are known and the hypotheses continuous, so one is given by its
heights y at the hinges and ends. A value on a segment is one linear equation in
y, a slope another. S values on S segments are S equations for S + 1 heights: a
line of solutions y + t z, which goes through all of them. Without continuity
each segment turns freely about its point: there are S numbers to choose [D].
"""

from typing import NamedTuple

import numpy as np

# The example, in the spirit of the figure.
_KNOTS = np.array([0.0, 1.0, 2.0, 3.0])
_HEIGHTS = np.array([0.2, 1.0, 0.4, 0.8])
_POINTS = np.array([0.4, 1.55, 2.5])
_SHIFTS = (-0.35, 0.35)


class Figure2Left(NamedTuple):
  """The three panels; join the heights by straight lines."""

  knots: np.ndarray  # [S + 1], ends and hinges.
  heights: np.ndarray  # [S + 1], the function at the knots.
  points: np.ndarray  # [S], the training points, one per segment.
  values: np.ndarray  # [S], the function there.
  slopes: np.ndarray  # [S], its derivative there.
  # [2, S + 1], heights of two others with the same values.
  hypotheses: np.ndarray
  # [S + 1], heights of the only one with the values and slopes.
  identified: np.ndarray


def figure2_left() -> Figure2Left:
  """Returns what the left of Figure 2 shows."""
  value_rows, slope_rows = observation_rows(_KNOTS, _POINTS)
  values, slopes = value_rows @ _HEIGHTS, slope_rows @ _HEIGHTS
  # The last right singular vector spans the null space of S x (S + 1) rows.
  unseen = np.linalg.svd(value_rows).Vh[-1]
  identified = np.linalg.lstsq(
      np.concatenate([value_rows, slope_rows]),
      np.concatenate([values, slopes]),
      rcond=None,
  )[0]
  return Figure2Left(
      knots=_KNOTS,
      heights=_HEIGHTS,
      points=_POINTS,
      values=values,
      slopes=slopes,
      hypotheses=_HEIGHTS + np.outer(_SHIFTS, unseen / np.abs(unseen).max()),
      identified=identified,
  )


def observation_rows(
    knots: np.ndarray, points: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
  """Returns the rows that give values and slopes of heights, [N, S + 1] each.

  Args:
    knots: [S + 1], ascending.
    points: [N], between the ends and not on a hinge.

  Raises:
    ValueError: A point is on a knot, where there is no slope, or outside.
  """
  segment = np.searchsorted(knots, points) - 1
  inside = (points > knots[0]) & (points < knots[-1]) & ~np.isin(points, knots)
  if not np.all(inside):
    raise ValueError(
        f'points: expected places inside the segments of {knots}, got {points}'
    )
  rows = np.arange(len(points))
  width = knots[segment + 1] - knots[segment]
  right = (points - knots[segment]) / width
  values = np.zeros((len(points), len(knots)))
  slopes = np.zeros_like(values)
  values[rows, segment], values[rows, segment + 1] = 1 - right, right
  slopes[rows, segment], slopes[rows, segment + 1] = -1 / width, 1 / width
  return values, slopes
