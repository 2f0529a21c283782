# SPDX-License-Identifier: Apache-2.0
"""One step of ReLoBRaLo without variables; `balancing` has the formula."""

from typing import NamedTuple

import tensorflow as tf

# From here on softmax is one-sided in float32, and infinities are kept away.
_LARGEST = 1e6


class Balance(NamedTuple):
  """What the factors of m terms depend on; any leading axes.

  Attributes:
    factors: [..., m], of the last step; before the first, 1.
    first: the terms of the first step, [..., m].
    last: the terms of the last step, [..., m].
  """

  factors: tf.Tensor
  first: tf.Tensor
  last: tf.Tensor


class Settings(NamedTuple):
  """Of ReLoBRaLo.

  Attributes:
    temperature: T, above 0; with a large one all factors stay 1.
    smoothing: a, from 0 to 1, of what was before.
    lookback: the probability of r = 1, from 0 to 1.
    seed: of r.
  """

  temperature: float = 0.1
  smoothing: float = 0.999
  lookback: float = 0.999
  seed: int = 0


def update(
    balance: Balance,
    means: tf.Tensor,
    step: tf.Tensor,
    settings: Settings,
) -> Balance:
  """Returns the balance after one more step, for loops without variables.

  Args:
    balance: that of the step before.
    means: the terms of this step, float32 [..., m]. Where one is not finite,
      as in a step that a loss scale skips, the balance stays what it was.
    step: its number from 0, an integer scalar.
    settings: all leading axes share them, and r.
  """
  start = tf.equal(step, 0)
  first = tf.where(start, means, balance.first)
  last = tf.where(start, means, balance.last)
  draw = tf.random.stateless_uniform(
      [], tf.stack([settings.seed, tf.cast(step, tf.int64)]), alg='philox'
  )

  def balanced(reference):
    ratio = tf.math.divide_no_nan(means, settings.temperature * reference)
    return means.shape[-1] * tf.nn.softmax(tf.minimum(ratio, _LARGEST))

  before = tf.where(draw < settings.lookback, balance.factors, balanced(first))
  factors = settings.smoothing * before + (
      1 - settings.smoothing
  ) * balanced(last)
  finite = usable(means)[..., None]
  return Balance(*(
      tf.where(finite, new, old)
      for new, old in zip((factors, first, means), balance, strict=True)
  ))


def usable(means: tf.Tensor) -> tf.Tensor:
  """Returns whether the terms [..., m] of a step are all finite, [...]."""
  return tf.reduce_all(tf.math.is_finite(means), -1)
