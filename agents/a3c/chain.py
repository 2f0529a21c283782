# SPDX-License-Identifier: Apache-2.0
"""Layers whose gradient needs no second forward pass.

    activations = chain.remember(x)                      # x, ..., chain(x)
    gradients = chain.gradients(activations, upstream)   # d chain(x)^T upstream

An agent has computed all activations when it chose its actions; the parameters
that it learns with are the same. A layer's gradient depends on its input, and
that of a ReLU on its output: so these are all that is kept.
"""

from collections.abc import Iterator
from collections.abc import Sequence

import sonnet as snt
import tensorflow as tf


class Chain(snt.Sequential):
  """Groups of layers, a ReLU after each; none at all is the identity."""

  def _groups(self) -> Iterator[snt.Sequential]:
    group = []
    for layer in self._layers:
      if layer is tf.nn.relu:
        yield snt.Sequential(group)
        group = []
      else:
        group.append(layer)
    if group:
      raise ValueError(f'layers: expected a tf.nn.relu at the end, got {group}')

  def remember(self, inputs: tf.Tensor) -> list[tf.Tensor]:
    """The inputs, and the output of each ReLU; the last one is the chain's."""
    activations = [inputs]
    for group in self._groups():
      activations.append(tf.nn.relu(group(activations[-1])))
    return activations

  def gradients(
      self, activations: Sequence[tf.Tensor], upstream: tf.Tensor
  ) -> list[tf.Tensor]:
    """Backpropagates; in a `tf.function`, which drops what no result needs.

    Args:
      activations: as `remember` gives them.
      upstream: the loss's gradient in the last one.

    Returns:
      The loss's gradients in the trainable variables, in their order.
    """
    found: list[tf.Tensor] = []
    steps = zip(self._groups(), activations, activations[1:], strict=False)
    for group, inputs, outputs in reversed(list(steps)):
      upstream = tf.raw_ops.ReluGrad(gradients=upstream, features=outputs)
      with tf.GradientTape() as tape:
        tape.watch(inputs)
        # No gradient depends on this value: it is not computed.
        value = group(inputs)
      upstream, *own = tape.gradient(
          value,
          [inputs, *group.trainable_variables],
          output_gradients=upstream,
      )
      found = own + found
    return found
