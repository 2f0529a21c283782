# SPDX-License-Identifier: Apache-2.0
from absl.testing import parameterized
import numpy as np
import sonnet as snt
import tensorflow as tf

from agents.a3c import chain
from agents.a3c import networks
from agents.atari import preprocessing


def _chain(layers):
  tf.random.set_seed(3)
  made = chain.Chain(layers)
  inputs = tf.random.stateless_normal([5, 9, 9, 2], (1, 2), dtype=tf.float64)
  made(inputs)
  return made, inputs


def _layers():
  uniform = snt.initializers.RandomUniform(-0.5, 0.5)
  shared = {'w_init': uniform, 'b_init': uniform}
  return [
      snt.Conv2D(4, 3, 2, padding='VALID', **shared), tf.nn.relu,
      snt.Conv2D(3, 2, padding='VALID', **shared), tf.nn.relu,
      snt.flatten, snt.Linear(6, **shared), tf.nn.relu,
  ]


class ChainTest(tf.test.TestCase, parameterized.TestCase):

  def test_gradients_by_central_differences(self):
    made, inputs = _chain(_layers())
    upstream = tf.random.stateless_normal([5, 6], (3, 4), dtype=tf.float64)
    activations = made.remember(inputs)
    self.assertAllEqual(activations[-1], made(inputs))
    self.assertLen(activations, 4)
    found = tf.function(made.gradients)(activations, upstream)
    self.assertLen(found, 6)
    step = 1e-6
    rng = np.random.default_rng(0)
    for variable, gradient in zip(made.trainable_variables, found, strict=True):
      direction = rng.normal(size=variable.shape)
      values = []
      for sign in (1, -1):
        variable.assign_add(sign * step * direction)
        values.append(np.sum(made(inputs) * upstream))
        variable.assign_sub(sign * step * direction)
      self.assertAllClose(
          np.sum(gradient * direction), (values[0] - values[1]) / (2 * step),
          rtol=1e-6, atol=1e-6,
      )

  def test_nothing_is_computed_forward_again(self):
    teacher = networks.make_teacher(3, seed=1)
    seen = tf.zeros([2, *preprocessing.SHAPE], tf.uint8)
    activations = teacher.features.remember(teacher.see(seen))
    learn = tf.function(teacher.features.gradients, autograph=False)
    graph = learn.get_concrete_function(activations, activations[-1]).graph
    needed = tf.compat.v1.graph_util.extract_sub_graph(
        graph.as_graph_def(), [output.op.name for output in graph.outputs]
    )
    kinds = [node.op for node in needed.node]
    self.assertEqual(kinds.count('Conv2D'), 0)
    self.assertEqual(kinds.count('Conv2DBackpropFilter'), 3)
    # Nobody asks for the gradient in the frames.
    self.assertEqual(kinds.count('Conv2DBackpropInput'), 2)
    self.assertEqual(kinds.count('MatMul'), 2)

  def test_no_layers_are_the_identity(self):
    made = chain.Chain([])
    inputs = tf.ones([2, 3])
    self.assertAllEqual(made.remember(inputs), [inputs])
    self.assertEqual(made.gradients([inputs], inputs), [])

  def test_a_chain_that_does_not_end_in_a_relu(self):
    with self.assertRaisesRegex(ValueError, 'layers: expected a tf.nn.relu at'):
      chain.Chain([snt.Linear(2)]).remember(tf.ones([1, 3]))


if __name__ == '__main__':
  tf.test.main()
