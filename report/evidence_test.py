"""Tests of what claims are judged on."""

import pathlib

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

from report import comparison
from report import evidence as evidence_lib
from report import testing

CELL = ('booth', 20)


class EvidenceTest(parameterized.TestCase):

  def test_differences_are_those_of_the_same_seed(self):
    networks = testing.networks({CELL: 1.0}, seeds=4)
    made = evidence_lib.Evidence('paper', networks[::-1])
    np.testing.assert_allclose(
        made.differences(CELL), [1.2, 0.8, 1.202, 0.798], rtol=1e-12
    )

  def test_a_seed_without_a_partner_is_left_out(self):
    networks = testing.networks({CELL: 1.0}, seeds=4)
    made = evidence_lib.Evidence('paper', networks[1:])
    self.assertLen(made.differences(CELL), 3)

  def test_another_metric(self):
    made = testing.regression({CELL: 0.0}, seeds=2, sobolev=1.0)
    errors = made.errors(CELL, 'sobolev', 'test_gradient_mse')
    self.assertAlmostEqual(2 * 10**0.9, 10 ** errors[0])

  @parameterized.parameters(
      ({}, 8, evidence_lib.NOT_RUN, ''),
      ({CELL: 1.0}, 8, evidence_lib.UNDECIDED, 'only 1 of 2 cells were run'),
      (
          {CELL: 1.0, ('beale', 20): 1.0},
          4,
          evidence_lib.UNDECIDED,
          '4 seeds, 5 needed',
      ),
      (
          {CELL: 1.0, ('beale', 20): 1.0},
          1,
          evidence_lib.UNDECIDED,
          '1 seed, 5 needed',
      ),
  )
  def test_too_little(self, gains, seeds, verdict, text):
    made = testing.regression(gains, seeds)
    with self.assertRaises(evidence_lib.InsufficientError) as caught:
      made.gains([CELL, ('beale', 20)], min_seeds=5)
    self.assertEqual((verdict, text), caught.exception.finding)

  def test_enough(self):
    made = testing.regression({CELL: 1.25}, 6)
    gains = made.gains([CELL], min_seeds=5)
    self.assertAlmostEqual(1.25, gains[CELL].gain)

  def test_rows_of_other_artifacts(self):
    made = evidence_lib.Evidence(
        'paper',
        measured=[
            testing.row('table1', 'cifar10/3', 'critic', 'top1', 93.2),
            testing.row('table1', 'cifar10/3', 'vfbn', 'top1', 1, None, None),
        ],
    )
    self.assertEqual(
        comparison.Sample(93.2, 0.1, 6),
        made.sample('table1', 'cifar10/3', 'critic', 'top1'),
    )
    self.assertEqual(
        comparison.Sample(1, 0.0, 0),
        made.sample('table1', 'cifar10/3', 'vfbn', 'top1'),
    )
    self.assertIsNone(made.sample('table1', 'cifar10/3', 'critic', 'top5'))

  def test_scales_are_kept_apart(self):
    folder = pathlib.Path(self.create_tempdir())
    networks = [
        *testing.networks({CELL: 1.0}, seeds=2, scale='smoke'),
        *testing.networks({CELL: 1.0}, seeds=3, scale='laptop'),
    ]
    testing.write_results(folder, networks)
    found = evidence_lib.read(folder)
    self.assertEqual(['laptop', 'smoke'], list(found))
    self.assertLen(found['laptop'].networks, 6)
    self.assertLen(found['smoke'].networks, 4)
    self.assertEqual({'smoke'}, {r.scale for r in found['smoke'].measured})

  def test_nothing_was_run(self):
    folder = pathlib.Path(self.create_tempdir())
    self.assertEmpty(evidence_lib.read(folder))


if __name__ == '__main__':
  absltest.main()
