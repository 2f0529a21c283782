"""Tests of what the report says about figure 3."""

from absl.testing import absltest

from report import document
from report import loading
from report import surfaces_part
from report import testing

_FIGURE = document.Figure('figure3_styblinski_tang', 'alt', '')


def _results(grid):
  return loading.Results('auto', [], [], {'paper': None}, [], grid, [])


class SurfacesPartTest(absltest.TestCase):

  def test_what_the_models_miss(self):
    blocks = surfaces_part.figure3(
        _results(testing.grid()), {_FIGURE.name: _FIGURE}
    )
    (*_, figure, table) = blocks
    self.assertEqual(_FIGURE, figure)
    # x^2 has the variance 0.175 on {-1, -.5, 0, .5, 1}; the paraboloid, twice
    # that; the models are off by 0.5, 0.1, 0.2 and nothing.
    self.assertEqual(
        [['20 points', '71 %', '2.9 %'], ['100 points', '11 %', '0 %']],
        table.rows,
    )

  def test_a_model_that_was_not_run(self):
    grid = [
        p for p in testing.grid() if (p.panel, p.size) != ('regular', 20)
    ]
    blocks = surfaces_part.figure3(_results(grid), {_FIGURE.name: _FIGURE})
    (*_, table) = blocks
    self.assertEqual(['20 points', 'not run', '2.9 %'], table.rows[0])

  def test_nothing_was_run(self):
    (*_, last) = surfaces_part.figure3(_results([]), {})
    self.assertEqual(document.Paragraph('Not run.'), last)


if __name__ == '__main__':
  absltest.main()
