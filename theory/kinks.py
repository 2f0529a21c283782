# SPDX-License-Identifier: Apache-2.0
"""What the samples of a ReLU network's gradient loss do not show.

Not in the paper [D]; a reason why Sobolev Training can come to rest early. A
network of one hidden layer in one dimension,

    m(x) = sum_i a_i max(0, w_i x + b_i),

has a kink at x_i = -b_i / w_i, where m' jumps by a_i |w_i|. Over points of
density p, the gradient loss

    G = E (m'(x) - f'(x))^2

depends on b_i in one way only: the kink moves, and the points that it passes go
from one slope to the other,

    dG/db_i = 2 p(x_i) sign(w_i) a_i e_i,

where e_i is the mean of m' - f' on the two sides of the kink. But m'(x) at any
one point does not change with b_i, so that the gradient of every sample, and of
every batch, is zero there: the derivative of the mean is not the mean of the
derivatives. Likewise x_i times this is missing in dG/dw_i. The value loss lacks
nothing, since m is continuous, nor does any loss of a smooth network.

With more layers the kinks are surfaces, and the same is missing.
"""

from collections.abc import Callable

import numpy as np


def unseen(
    w: np.ndarray,
    b: np.ndarray,
    a: np.ndarray,
    derivative: Callable[[np.ndarray], np.ndarray],
    interval: tuple[float, float],
) -> np.ndarray:
  """dG/db, [H]: the gradients of single samples are zero, and miss all of it.

  Args:
    w: weights of the hidden layer, [H], none zero.
    b: its biases, [H], no two kinks at one place.
    a: weights of the output, [H].
    derivative: f', of an array.
    interval: where the points are uniform.

  Returns:
    dG/db; 0 where the kink is outside the interval.
  """
  kinks = -b / w
  # The slopes of the others, and half of the unit's own.
  active = kinks[:, np.newaxis] * w + b > 0
  np.fill_diagonal(active, False)
  slopes = active @ (a * w) + a * w / 2
  low, high = interval
  density = ((low < kinks) & (kinks < high)) / (high - low)
  return 2 * density * np.sign(w) * a * (slopes - derivative(kinks))
