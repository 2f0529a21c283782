# SPDX-License-Identifier: Apache-2.0
from absl.testing import absltest
import numpy as np

from regression import figure2_left


class Figure2LeftTest(absltest.TestCase):

  def test_lines_go_through_the_points(self):
    axes = figure2_left.make().axes
    self.assertLen(axes, 3)
    x, y = axes[1].lines[-1].get_data()
    # Two hypotheses; the one that is identified.
    lines = [*axes[1].lines[:2], axes[2].lines[0]]
    for line in lines:
      np.testing.assert_allclose(np.interp(x, *line.get_data()), y, atol=1e-9)
    heights = [line.get_ydata() for line in lines]
    self.assertGreater(np.abs(heights[0] - heights[1]).max(), 0.1)
    truth = axes[0].lines[0].get_ydata()
    np.testing.assert_allclose(heights[2], truth, atol=1e-9)


if __name__ == '__main__':
  absltest.main()
