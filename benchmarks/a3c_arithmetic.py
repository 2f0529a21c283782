"""How much A3C has to multiply and add for an agent step."""

from collections.abc import Callable

import tensorflow as tf

from agents.a3c import networks
from agents.atari import preprocessing
from benchmarks import multiply_adds


def acting(num_actions: int) -> int:
  """The multiply-adds of choosing an action: the network, forward."""
  network = networks.make_teacher(num_actions, seed=0)
  return _count(network)


def learning(num_actions: int) -> int:
  """The multiply-adds of learning from a step: forward and backward.

  What there is once in a rollout, the value of the observation after it, does
  not count.
  """
  network = networks.make_teacher(num_actions, seed=0)

  def gradients(observations):
    with tf.GradientTape() as tape:
      # Any loss whose gradient depends on the outputs.
      loss = [output**2 for output in network(observations)]
    return tape.gradient(loss, network.trainable_variables)

  return _count(gradients)


def _count(function: Callable[[tf.Tensor], object]) -> int:
  observation = tf.TensorSpec([1, *preprocessing.SHAPE], tf.uint8)
  compiled = tf.function(function, autograph=False)
  graph = compiled.get_concrete_function(observation).graph
  return multiply_adds.count(graph).total()
