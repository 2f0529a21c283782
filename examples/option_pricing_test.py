# SPDX-License-Identifier: Apache-2.0
"""The market of option_pricing, and a small run."""

import pathlib

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

from examples import option_pricing
from sobolev_training import testing


class OptionPricingTest(parameterized.TestCase):

  def test_pathwise_derivatives(self):
    random = np.random.default_rng(0)
    spot, normal = random.uniform(60, 140, [20, 3]), random.normal(size=[20, 3])
    _, derivative = option_pricing.simulate(spot, normal)
    difference = testing.central_difference(
        lambda x: option_pricing.simulate(x, normal)[0], spot
    )
    testing.assert_close(
        derivative, np.einsum('nnd->nd', difference), testing.CENTRAL_DIFFERENCE
    )

  def test_deltas(self):
    spot = np.random.default_rng(0).uniform(60, 140, [20, 3])
    difference = testing.central_difference(
        lambda x: option_pricing.closed_form(x)[0], spot
    )
    testing.assert_close(
        option_pricing.closed_form(spot)[1],
        np.einsum('nnd->nd', difference), testing.CENTRAL_DIFFERENCE,
    )

  @parameterized.parameters(1, 3)
  def test_price_is_the_mean_payoff(self, assets):
    paths = 100_000
    normal = np.random.default_rng(0).normal(size=[paths, assets])
    for spot in ([80.0], [100.0], [130.0]):
      x = np.tile(np.array(spot * assets), [paths, 1])
      found = option_pricing.simulate(x, normal)
      for sample, truth in zip(
          found, option_pricing.closed_form(x[:1]), strict=True
      ):
        error = sample.mean(0) - truth[0]
        self.assertTrue(np.all(
            np.abs(error) < 4 * sample.std(0) / np.sqrt(paths)
        ))

  def test_derivatives_pay(self):
    output = pathlib.Path(self.create_tempdir(), 'figure.png')
    results = option_pricing.run([200], 1, 2, 200, output)
    plain, sobolev = (results[m][0, 0] for m in option_pricing.METHODS)
    self.assertTrue(np.all(sobolev < 0.7 * plain))
    self.assertTrue(output.exists())


if __name__ == '__main__':
  absltest.main()
