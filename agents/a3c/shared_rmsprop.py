# SPDX-License-Identifier: Apache-2.0
"""RMSProp whose statistics all workers share (Mnih et al., 2016, section 4).

    g = decay g + (1 - decay) d^2
    parameter = parameter - rate d / sqrt(g + epsilon)

Without momentum, and not centred. Each variable is updated by one operation
that holds its lock: workers may interleave between variables, as in Hogwild,
but never within one.
"""

from collections.abc import Sequence

import tensorflow as tf


class SharedRMSProp(tf.Module):
  """The shared statistics and the update."""

  def __init__(
      self,
      parameters: Sequence[tf.Variable],
      decay: float = 0.99,
      epsilon: float = 0.1,
      initial: float = 1.0,
  ):
    """Makes the statistics.

    Args:
      parameters: the shared parameters.
      decay: of the mean of squares.
      epsilon: added under the root, as the authors have it.
      initial: where the mean of squares starts. At 0 the first steps are
        1 / sqrt(1 - decay) times the rate, and can ruin a policy.
    """
    super().__init__('shared_rmsprop')
    self._decay, self._epsilon = decay, epsilon
    self.mean_squares = [
        tf.Variable(tf.fill(p.shape, tf.cast(initial, p.dtype)))
        for p in parameters
    ]
    # The operation knows of momentum. With none of it, this is just scratch.
    self._steps = [tf.Variable(tf.zeros_like(p)) for p in parameters]

  def apply(
      self,
      parameters: Sequence[tf.Variable],
      gradients: Sequence[tf.Tensor],
      learning_rate: tf.Tensor,
  ) -> None:
    """Updates one parameter after the other; `learning_rate` is float32 []."""
    for parameter, mean_square, step, gradient in zip(
        parameters,
        self.mean_squares,
        self._steps,
        gradients,
        strict=True,
    ):
      tf.raw_ops.ResourceApplyRMSProp(
          var=parameter.handle,
          ms=mean_square.handle,
          mom=step.handle,
          lr=learning_rate,
          rho=self._decay,
          momentum=0.0,
          epsilon=self._epsilon,
          grad=gradient,
          use_locking=True,
      )
