# SPDX-License-Identifier: Apache-2.0
from absl.testing import absltest
from absl.testing import parameterized
import numpy as np
import sonnet as snt
import tensorflow as tf

from regression import networks

# Float32 sums of 256 terms of order 1.
_ROUNDING = 1e-5


class NetworksTest(parameterized.TestCase):

  @parameterized.parameters(*networks.ACTIVATIONS)
  def test_equals_sonnet_mlps(self, activation):
    ensemble = networks.EnsembleMLP((2, 16, 8, 1), [3, 5], activation)
    x = np.random.default_rng(0).normal(size=(2, 7, 2)).astype(np.float32)
    values = ensemble(tf.constant(x))
    for member in range(2):
      mlp = snt.nets.MLP(
          [16, 8, 1], activation=networks.ACTIVATIONS[activation]
      )
      mlp(x[member])
      flat = [
          v[member]
          for pair in zip(*ensemble.parameters, strict=True)
          for v in pair[::-1]
      ]
      for variable, value in zip(mlp.trainable_variables, flat, strict=True):
        variable.assign(value)
      np.testing.assert_allclose(
          values[member], mlp(x[member])[:, 0], _ROUNDING, _ROUNDING
      )

  def test_the_paper_s_network_has_67329_parameters(self):
    ensemble = networks.EnsembleMLP((2, 256, 256, 1), [0])
    count = sum(tf.size(v).numpy() for v in ensemble.trainable_variables)
    self.assertEqual(count, 2 * 256 + 256 + 256 * 256 + 256 + 256 + 1)

  def test_a_seed_gives_the_same_network_in_any_ensemble(self):
    alone = networks.EnsembleMLP((2, 16, 1), [5])
    among = networks.EnsembleMLP((2, 16, 1), [3, 5])
    for one, two in zip(
        alone.trainable_variables, among.trainable_variables, strict=True
    ):
      np.testing.assert_array_equal(one[0], two[1])
    weights = among.parameters.weights[0]
    self.assertGreater(np.abs(weights[0] - weights[1]).min(), 0)

  def test_initialisations(self):
    sizes = (4, 400, 400, 1)
    sonnet = networks.initialise(sizes, 'sonnet', 0)
    # A normal distribution cut at two deviations has 0.8796 of the deviation;
    # 160,000 samples give it to 0.2 %.
    np.testing.assert_allclose(
        np.std(sonnet.weights[1]), 0.8796 * 400**-0.5, rtol=0.01
    )
    self.assertLessEqual(np.abs(sonnet.weights[1]).max(), 2 * 400**-0.5)
    self.assertEqual(np.abs(sonnet.biases[1]).max(), 0)
    uniform = networks.initialise(sizes, 'uniform', 0)
    for array in (uniform.weights[1], uniform.biases[1]):
      self.assertLessEqual(np.abs(array).max(), 400**-0.5)
      np.testing.assert_allclose(np.std(array), (3 * 400) ** -0.5, rtol=0.1)


if __name__ == '__main__':
  absltest.main()
