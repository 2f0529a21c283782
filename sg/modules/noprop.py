# SPDX-License-Identifier: Apache-2.0
"""Noprop: nothing crosses the cut (Table 1).

The segments below stay as they started [O: it fits the paper's numbers].
"""

import tensorflow as tf

from sg.modules import interface


class Noprop(interface.Module):
  """Sends no gradient."""

  def __call__(self, h: tf.Tensor, labels: tf.Tensor) -> interface.Signal:
    del h, labels
    return interface.Signal(None, None)


METHOD = interface.Method(
    title='Noprop', colour='#5b636e', cost=0.5, make=lambda cut: Noprop()
)
