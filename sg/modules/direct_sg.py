# SPDX-License-Identifier: Apache-2.0
"""Direct SG: a network from activations to their gradient (Table 1, [12]).

  ||SG(h, y) - dL(p_h, y)/dh||_2^2

The distance is the square of the L2 norm [V], as in "the original SG paper".
The formula's y is why the network sees the labels; `direct_sg_plain` does not.

The paper's network is not known. Ours is that of Jaderberg et al. (2017) [S]:
two hidden convolutions 5x5-128 with batch norm and ReLU, and a last one back to
the activations' channels that starts at zero. Conditioned on the labels, the
first one gets an offset for each class and channel ("cDNI").
"""

import sonnet as snt
import tensorflow as tf

from sg.modules import interface
from sg.networks import layers


class DirectSG(interface.Module):
  """Predicts the gradient; almost never a gradient field (Proposition 4)."""

  learns_gradient = True

  def __init__(self, cut: interface.Cut, conditioned: bool = True):
    """Makes the module of a cut; `conditioned`: whether it sees the labels."""
    super().__init__(cut.distance, cut.gradient_weight)
    self._hidden = [layers.Convolution(cut.channels, 5) for _ in range(2)]
    self._norms = [layers.BatchNorm() for _ in range(2)]
    self._classes = layers.Linear(cut.channels) if conditioned else None
    self._depth = cut.classes

  def __call__(self, h: tf.Tensor, labels: tf.Tensor) -> interface.Signal:
    x = self._hidden[0](h)
    if self._classes is not None:
      one_hot = tf.one_hot(labels, self._depth, dtype=h.dtype)
      x += self._classes(one_hot)[:, None, None, :]
    x = tf.nn.relu(self._norms[0](x, layers.Statistics.BATCH))
    x = self._norms[1](self._hidden[1](x), layers.Statistics.BATCH)
    self._make_last(h)
    return interface.Signal(None, self._last(tf.nn.relu(x)))

  @snt.once
  def _make_last(self, h: tf.Tensor) -> None:
    self._last = layers.Convolution(h.shape[-1], 5, zero=True)


METHOD = interface.Method(
    title='Direct SG',
    colour='#d55e00',
    cost=4.0,
    make=DirectSG,
    distance='direct_sg_distance',
    learning_rate='direct_sg_learning_rate',
    candidates=[
        {'direct_sg_learning_rate': rate} for rate in interface.LEARNING_RATES
    ],
)
