"""Direct SG: a network from activations to their gradient (Table 1, [12]).

  ||SG(h, y) - dL(p_h, y)/dh||

Section 4.3 has the square of the L2 norm here, as in "the original SG paper";
`distance='squared_l2'` is that. Ours by default is the norm of the other
methods (docs/deviations.md 8).
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

  def __init__(
      self, channels: int, classes: int, conditioned: bool, **settings
  ):
    """Makes the module.

    Args:
      channels: of the hidden convolutions; the stand-in's are 128.
      classes: number of classes.
      conditioned: whether it sees the labels.
      **settings: those of `interface.Module`.
    """
    super().__init__(**settings)
    self._hidden = [layers.Convolution(channels, 5) for _ in range(2)]
    self._norms = [layers.BatchNorm() for _ in range(2)]
    self._classes = layers.Linear(channels) if conditioned else None
    self._depth = classes

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
