"""Tests of figure 3: surfaces and the fields underneath."""

import pathlib

from absl.testing import absltest
import numpy as np

from report import figure3
from report import testing


class Figure3Test(absltest.TestCase):

  def test_five_panels(self):
    figure = figure3.make(testing.grid(), testing.points())
    self.assertEqual(
        [
            'The function',
            'Regular, 20 points',
            'Sobolev, 20 points',
            'Regular, 100 points',
            'Sobolev, 100 points',
        ],
        [axes.get_title() for axes in figure.axes],
    )

  def test_panels_have_the_same_height(self):
    figure = figure3.make(testing.grid(), testing.points())
    self.assertLen({axes.get_zlim() for axes in figure.axes}, 1)
    # The paraboloid is from 0 to 2; the floor is below.
    low, high = figure.axes[0].get_zlim()
    self.assertLess(low, -1)
    self.assertGreater(high, 2)

  def test_surfaces_are_cut_beyond_the_functions_heights(self):
    grid = [
        p._replace(value=99.0) if p.panel == 'regular' else p
        for p in testing.grid()
    ]
    figure = figure3.make(grid, [])
    surface = figure.axes[1].collections[0]
    faces = np.array(surface._faces)  # pylint: disable=protected-access
    heights = faces[..., 2]
    self.assertLessEqual(heights.max(), figure.axes[1].get_zlim()[1])

  def test_arrows_point_along_the_gradient(self):
    figure = figure3.make(testing.grid(side=15), testing.points())
    arrows = figure.axes[0].collections[1]
    segments = np.array(arrows._segments3d)  # pylint: disable=protected-access
    start, neck = segments[:, 0, :2], segments[:, 1, :2]
    middle = start + (neck - start) / 2 / 0.58  # Heads are the other 42 %.
    # On a paraboloid the gradient points away from the origin.
    along = np.sum((neck - start) * middle, -1)
    lengths = np.linalg.norm(neck - start, axis=-1)
    away = np.linalg.norm(middle, axis=-1)
    moving = lengths > 1e-9
    np.testing.assert_allclose(
        along[moving], (lengths * away)[moving], rtol=1e-6
    )
    # Their length grows with the square root of the norm, here 2 |x|.
    ratio = lengths[moving] / np.sqrt(away[moving])
    np.testing.assert_allclose(ratio, ratio[0], rtol=1e-6)
    self.assertTrue(np.all(segments[..., 2] == figure.axes[0].get_zlim()[0]))

  def test_no_grid(self):
    with self.assertRaisesRegex(
        ValueError, 'panel truth of size 0: expected a square grid, got 24'
    ):
      figure3.make(testing.grid()[1:], testing.points())

  def test_one_function_and_scale_at_a_time(self):
    with self.assertRaisesRegex(ValueError, 'one function, got ackley, booth'):
      figure3.make(testing.grid('ackley') + testing.grid('booth'), [])
    with self.assertRaisesRegex(ValueError, 'expected one scale'):
      figure3.make(testing.grid() + testing.grid(scale='smoke'), [])

  def test_draw_reads_the_results(self):
    folder = pathlib.Path(self.create_tempdir())
    testing.write(folder / 'figure3.csv', testing.grid())
    testing.write(folder / 'figure3_points.csv', testing.points())
    path = folder / 'figure3.png'
    figure3.draw(folder, 'paper', 'styblinski_tang', path)
    self.assertStartsWith(path.read_bytes(), b'\x89PNG')
    with self.assertRaisesRegex(ValueError, r'expected one scale, got \[\]'):
      figure3.draw(folder, 'smoke', 'styblinski_tang', path)


if __name__ == '__main__':
  absltest.main()
