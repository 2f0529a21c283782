# SPDX-License-Identifier: Apache-2.0
"""What Keras's `fit` can watch of a Sobolev loss."""

from typing import Any

import keras
import tensorflow as tf

from sobolev_training import balancing
from sobolev_training import terms


class GradientConflict(keras.callbacks.Callback):
  """Logs the cosines between the gradients of a loss's terms in each epoch.

  They are `cosine_0_1`, and so on for each pair of orders, at fixed points. One
  below 0 says that a step that lowers one term raises the other. Callbacks
  that use them, such as a CSVLogger, come after this one.
  """

  def __init__(self, x: Any, y: Any = None):
    """Takes a batch.

    Args:
      x: [B, D...].
      y: as for the model's `fit`.
    """
    super().__init__()
    self._batch = keras.tree.map_structure(tf.convert_to_tensor, (x, y))
    self._cosines = None

  def set_model(self, model: keras.Model):
    """See `keras.callbacks.Callback`."""
    super().set_model(model)
    self._cosines = tf.function(self._compute, autograph=False)

  def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None):
    """See `keras.callbacks.Callback`."""
    for (i, j), cosine in self._cosines().items():
      logs[f'cosine_{i}_{j}'] = float(cosine)

  def _compute(self) -> dict[tuple[int, int], tf.Tensor]:
    def loss():
      result = self.model.step_loss(*self._batch, None, training=False)
      return terms.SobolevLoss(result.losses, {
          int(name.removeprefix('order_')): term
          for name, term in result.metrics.items()
          if name.startswith('order_')
      })

    return balancing.gradient_cosines(loss, self.model.trainable_variables)
