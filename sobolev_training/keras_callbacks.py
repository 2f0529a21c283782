# SPDX-License-Identifier: Apache-2.0
"""What Keras's `fit` can watch of a Sobolev loss."""

from typing import Any

import keras
import tensorflow as tf

from sobolev_training import arrays
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

    Raises:
      ValueError: an array does not fit; its message starts with the name.
    """
    super().__init__()
    if isinstance(y, (list, tuple)):
      y = tuple(_tensor(f'y[{k}]', array) for k, array in enumerate(y))
    else:
      y = _tensor('y', y)
    self._batch = tf.convert_to_tensor(arrays.dense('x', x)), y
    self._cosines = None

  def set_model(self, model: keras.Model):
    """See `keras.callbacks.Callback`."""
    if not hasattr(model, 'step_loss'):
      raise ValueError(
          'model: GradientConflict needs one of sobolev_training.keras, got '
          f'{type(model).__name__}'
      )
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


def _tensor(name: str, array: Any) -> tf.Tensor | None:
  """Returns an entry of y, NaN where it is masked."""
  if array is None:
    return None
  return tf.convert_to_tensor(arrays.recorded(name, array))
