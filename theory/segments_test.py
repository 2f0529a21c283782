# SPDX-License-Identifier: Apache-2.0
"""Tests of segments: Figure 2, left."""

from absl.testing import absltest
import numpy as np

from theory import segments

_ROUNDING = 1e-12


def _slope(knots, heights, x):
  step = 1e-3
  right = np.interp(x + step, knots, heights)
  return (right - np.interp(x - step, knots, heights)) / (2 * step)


class Figure2LeftTest(absltest.TestCase):

  def setUp(self):
    super().setUp()
    self.figure = segments.figure2_left()

  def test_values_and_slopes_are_the_functions(self):
    knots, heights, points = self.figure[:3]
    np.testing.assert_allclose(
        self.figure.values, np.interp(points, knots, heights), atol=_ROUNDING
    )
    np.testing.assert_allclose(
        self.figure.slopes, _slope(knots, heights, points), atol=_ROUNDING
    )

  def test_there_is_one_point_on_each_segment(self):
    counts, _ = np.histogram(self.figure.points, self.figure.knots)
    np.testing.assert_array_equal(counts, 1)

  def test_hypotheses_have_the_same_values_and_other_slopes(self):
    knots, heights, points, values, slopes, hypotheses, _ = self.figure
    self.assertLen(hypotheses, 2)
    for hypothesis in hypotheses:
      np.testing.assert_allclose(
          np.interp(points, knots, hypothesis), values, atol=_ROUNDING
      )
      difference = np.abs(_slope(knots, hypothesis, points) - slopes)
      self.assertGreater(difference.min(), 0.1)
      self.assertGreater(np.abs(hypothesis - heights).min(), 0.1)

  def test_they_are_two_of_a_continuum(self):
    knots, _, points, values, _, hypotheses, _ = self.figure
    for t in (-1.0, 0.3, 7.0):
      between = (1 - t) * hypotheses[0] + t * hypotheses[1]
      np.testing.assert_allclose(
          np.interp(points, knots, between), values, atol=_ROUNDING
      )

  def test_values_and_slopes_identify_the_function(self):
    np.testing.assert_allclose(
        self.figure.identified, self.figure.heights, atol=_ROUNDING
    )
    rows = segments.observation_rows(self.figure.knots, self.figure.points)
    self.assertEqual(np.linalg.matrix_rank(rows[0]), 3)
    self.assertEqual(np.linalg.matrix_rank(np.concatenate(rows)), 4)

  def test_point_without_a_slope(self):
    knots = np.arange(4.0)
    for place in (-0.5, 0.0, 1.0, 3.0, 3.5):
      with self.assertRaisesRegex(ValueError, 'points: expected places inside'):
        segments.observation_rows(knots, np.array([0.5, place]))


if __name__ == '__main__':
  absltest.main()
