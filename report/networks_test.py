# SPDX-License-Identifier: Apache-2.0
import math

from absl.testing import absltest

from report import networks as networks_lib
from report import testing

_CELL = networks_lib.Cell('booth', 20)


def constant(function, size):
  del function, size
  return 1.0


class NetworksTest(absltest.TestCase):

  def setUp(self):
    super().setUp()
    self.rows = testing.evaluations(constant, functions=('booth', 'ackley'))
    self.found = networks_lib.Networks(self.rows, testing.baselines())

  def test_cells_are_in_the_order_of_the_paper(self):
    self.assertEqual(
        [str(cell) for cell in self.found.cells[2:4]],
        ['Ackley, 10,000 points', 'Booth, 20 points'],
    )
    self.assertEqual(self.found.functions, ['ackley', 'booth'])
    self.assertEqual(self.found.sizes, [20, 100, 10_000])

  def test_effects_by_hand(self):
    mse = {
        (row.method, row.step): row.test_mse
        for row in self.rows
        if (row.function, row.size, row.seed) == ('booth', 20, 3)
    }
    expected = math.log10(mse['regular', 1000] / mse['sobolev', 1000])
    self.assertAlmostEqual(self.found.effects(_CELL)[3], expected)
    by_step = self.found.effects_by_step(_CELL)
    self.assertEqual(list(by_step), [100, 1000])
    expected = math.log10(mse['regular', 100] / mse['sobolev', 100])
    self.assertAlmostEqual(by_step[100][3], expected)

  def test_seeds_without_a_partner_are_left_out(self):
    rows = [r for r in self.rows if (r.method, r.seed) != ('sobolev', 3)]
    found = networks_lib.Networks(rows)
    self.assertEqual(sorted(found.effects(_CELL)), [0, 1, 2, 4, 5])
    self.assertLen(found.effects_by_step(_CELL)[100], 5)

  def test_other_gradient_terms_are_arms_of_their_own(self):
    others = [
        row._replace(gradient_weight=0.1, test_mse=row.test_mse / 10)
        for row in self.rows
        if row.method == 'sobolev'
    ]
    found = networks_lib.Networks([*self.rows, *others])
    weaker = networks_lib.Arm('sobolev', 0.1, 'squared_l2')
    self.assertEqual(
        found.arms, [networks_lib.REGULAR, networks_lib.SOBOLEV, weaker]
    )
    usual = found.effects(_CELL)
    for seed, effect in found.effects(_CELL, arm=weaker).items():
      self.assertAlmostEqual(effect, usual[seed] + 1)

  def test_no_rows(self):
    found = networks_lib.Networks([])
    self.assertEmpty(found.cells)
    self.assertEmpty(found.effects(_CELL))


if __name__ == '__main__':
  absltest.main()
