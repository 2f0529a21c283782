# SPDX-License-Identifier: Apache-2.0
"""How much A3C has to multiply and add for an agent step."""

import tensorflow as tf

from agents.a3c import networks
from agents.atari import preprocessing
from benchmarks import multiply_adds


def acting(num_actions: int) -> int:
  """The multiply-adds of choosing an action: the network, forward."""
  network = networks.make_teacher(num_actions, seed=0)
  return multiply_adds.of_call(network, _observation())


def learning(num_actions: int) -> int:
  """The multiply-adds of learning from a step that was acted on: backward.

  The two heads are computed again. What there is once in a rollout, the value
  of the observation after it, does not count.
  """
  network = networks.make_teacher(num_actions, seed=0)
  activations = network.remember(_observation())

  def gradients(*activations):
    # Any loss whose gradient depends on the outputs.
    return network.gradients(
        activations,
        lambda outputs: tf.add_n([tf.reduce_sum(o**2) for o in outputs]),
    )

  return multiply_adds.of_call(gradients, *activations)


def _observation() -> tf.Tensor:
  return tf.zeros([1, *preprocessing.SHAPE], tf.uint8)
