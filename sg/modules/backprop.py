# SPDX-License-Identifier: Apache-2.0
"""Backpropagation: the reference of Table 1."""

import tensorflow as tf

from sg.modules import interface


class Backprop(interface.Module):
  """Predicts nothing: the segment below waits for the true gradient."""

  locked = True

  def __call__(self, h: tf.Tensor, labels: tf.Tensor) -> interface.Signal:
    del h, labels
    return interface.Signal(None, None)


METHOD = interface.Method(
    title='Backprop', colour='#1d2127', cost=1.0, make=lambda cut: Backprop()
)
