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
_KNOTS = (0.0, 1.0, 2.0, 3.0)
_HEIGHTS = (0.2, 1.0, 0.4, 0.8)
_POINTS = (0.4, 1.55, 2.5)
_SHIFTS = (-0.35, 0.35)


class Figure2Left(NamedTuple):
  """The three pictures; join the heights by straight lines.

  Attributes:
    knots: Ends and hinges, [S + 1].
    heights: The function at the knots, [S + 1].
    points: The training points, one a segment, [S].
    values: The function there, [S].
    slopes: Its derivative there, [S].
    hypotheses: Heights of two others with the same values, [2, S + 1].
    identified: Heights of the only one with the values and slopes, [S + 1].
  """

  knots: np.ndarray
  heights: np.ndarray
  points: np.ndarray
  values: np.ndarray
  slopes: np.ndarray
  hypotheses: np.ndarray
  identified: np.ndarray


def figure2_left() -> Figure2Left:
  """Returns what the left of Figure 2 shows."""
  knots, points = np.array(_KNOTS), np.array(_POINTS)
  heights = np.array(_HEIGHTS)
  value_rows, slope_rows = observation_rows(knots, points)
  values, slopes = value_rows @ heights, slope_rows @ heights
  # The last right singular vector spans the null space of S x (S + 1) rows.
  unseen = np.linalg.svd(value_rows).Vh[-1]
  identified = np.linalg.lstsq(
      np.concatenate([value_rows, slope_rows]),
      np.concatenate([values, slopes]),
      rcond=None,
  )[0]
  return Figure2Left(
      knots=knots,
      heights=heights,
      points=points,
      values=values,
      slopes=slopes,
      hypotheses=heights + np.outer(_SHIFTS, unseen / np.abs(unseen).max()),
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
