# SPDX-License-Identifier: Apache-2.0
from absl.testing import parameterized
import numpy as np
import tensorflow as tf

from agents.a3c import networks
from agents.a3c import references


class NetworksTest(tf.test.TestCase, parameterized.TestCase):

  @parameterized.parameters(3, 4, 6)
  def test_parameters_are_those_of_the_supplement(self, actions):
    network = networks.make_teacher(actions, seed=0)
    expected = (
        (8 * 8 * 4 + 1) * 32
        + (4 * 4 * 32 + 1) * 64
        + (3 * 3 * 64 + 1) * 64
        + (7 * 7 * 64 + 1) * 512
        + 513 * actions
        + 513
    )
    self.assertEqual(sum(v.shape.num_elements() for v in network.variables),
                     expected)

  def test_outputs_by_the_definition(self):
    network = networks.make_teacher(3, seed=1, background=87)
    rng = np.random.default_rng(0)
    seen = rng.integers(256, size=(2, 4, 84, 84)).astype(np.uint8)
    found = network(seen)
    w = {v.name: v.numpy().astype(np.float64) for v in network.variables}
    for i in range(2):
      # The history is the channels.
      x = (seen[i].transpose(1, 2, 0) - 87.0) / 255
      for layer, stride in enumerate((4, 2, 1)):
        name = f'teacher/conv_{layer}'
        x = references.convolution(
            x, w[f'{name}/w:0'], w[f'{name}/b:0'], stride
        )
      x = x.ravel() @ w['teacher/hidden/w:0'] + w['teacher/hidden/b:0']
      x = np.maximum(x, 0)
      logits = x @ w['teacher/policy/w:0'] + w['teacher/policy/b:0']
      value = x @ w['teacher/value/w:0'] + w['teacher/value/b:0']
      # float32 sums of up to 3,136 terms.
      self.assertAllClose(found.logits[i], logits, atol=1e-4)
      self.assertAllClose(found.values[i], value[0], atol=1e-4)

  def test_seeds(self):
    first, again, other = (networks.make_teacher(3, s) for s in (1, 1, 2))
    for a, b in zip(first.variables, again.variables, strict=True):
      self.assertAllEqual(a, b)
    self.assertNotAllEqual(first.variables[-1], other.variables[-1])


if __name__ == '__main__':
  tf.test.main()
