# SPDX-License-Identifier: Apache-2.0
from absl.testing import parameterized
import numpy as np
import tensorflow as tf

from agents.a3c import references
from agents.atari import network_input
from agents.distillation import networks


class NetworksTest(tf.test.TestCase, parameterized.TestCase):

  @parameterized.parameters(3, 4, 6)
  def test_parameters_are_those_of_the_supplement(self, actions):
    network = networks.make_student(actions, seed=0)
    expected = (
        (8 * 8 * 4 + 1) * 16
        + (4 * 4 * 16 + 1) * 32
        + (9 * 9 * 32 + 1) * 256
        + 257 * actions
    )
    self.assertEqual(
        sum(v.shape.num_elements() for v in network.variables), expected
    )

  def test_outputs_by_the_definition(self):
    network = networks.make_student(4, seed=1, background=87)
    seen = np.random.default_rng(0).integers(256, size=(1, 4, 84, 84))
    seen = seen.astype(np.uint8)
    found = network(network_input.points(seen))
    w = {v.name: v.numpy().astype(np.float64) for v in network.variables}
    # The history is the channels.
    x = (seen[0].transpose(1, 2, 0) - 87.0) / 255
    for layer, stride in enumerate((4, 2)):
      name = f'student/conv_{layer}'
      x = references.convolution(
          x, w[f'{name}/w:0'], w[f'{name}/b:0'], stride
      )
    x = np.maximum(
        x.ravel() @ w['student/hidden/w:0'] + w['student/hidden/b:0'], 0
    )
    logits = x @ w['student/policy/w:0'] + w['student/policy/b:0']
    # float32 sums of up to 2,592 terms.
    self.assertAllClose(found[0], logits, atol=1e-4)

  def test_seeds(self):
    first, again, other = (networks.make_student(3, s) for s in (1, 1, 2))
    for a, b in zip(first.variables, again.variables, strict=True):
      self.assertAllEqual(a, b)
    self.assertNotAllEqual(first.variables[-1], other.variables[-1])


if __name__ == '__main__':
  tf.test.main()
