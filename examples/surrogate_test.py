# SPDX-License-Identifier: Apache-2.0
"""The beam of surrogate, and a small run."""

import pathlib

from absl.testing import absltest
import numpy as np

from examples import surrogate
from sobolev_training import testing


class SurrogateTest(absltest.TestCase):

  def test_uniform_beam(self):
    value, _ = surrogate.deflection(np.full([1, 6], 0.03))
    rigidity = surrogate.MODULUS * surrogate.WIDTH * 0.03 ** 3 / 12
    expected = surrogate.LOAD * surrogate.LENGTH ** 4 / (384 * rigidity)
    testing.assert_close(value, [1e3 * expected], testing.SAME_FLOAT64)

  def test_adjoint(self):
    thickness = np.random.default_rng(0).uniform(0.02, 0.04, [5, 6])
    # In mm, so that the step suits.
    difference = testing.per_example(
        lambda x: surrogate.deflection(x / 1e3)[0], 1e3 * thickness
    )
    _, gradient = surrogate.deflection(thickness)
    testing.assert_close(
        gradient / 1e3, difference, testing.CENTRAL_DIFFERENCE
    )

  def test_turned_beam(self):
    thickness = np.random.default_rng(0).uniform(0.02, 0.04, [5, 6])
    value, gradient = surrogate.deflection(thickness)
    turned, turned_gradient = surrogate.deflection(thickness[:, ::-1])
    np.testing.assert_allclose(turned, value, rtol=1e-9)
    np.testing.assert_allclose(turned_gradient[:, ::-1], gradient, rtol=1e-9)

  def test_adjoints_pay(self):
    output = pathlib.Path(self.create_tempdir(), 'figure.png')
    results = surrogate.run([40], 1, 4, 300, output)
    plain, sobolev = (results[m][0, 0] for m in surrogate.METHODS)
    self.assertTrue(np.all(sobolev < 0.7 * plain))
    self.assertTrue(output.exists())


if __name__ == '__main__':
  absltest.main()
