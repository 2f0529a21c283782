# SPDX-License-Identifier: Apache-2.0
"""The seven optimisation benchmarks of section 4.1, as TensorFlow functions.

To add a function, add one entry to `FUNCTIONS`; every program, figure and test
finds it there. Formulas and domains: supplement notes 1 [M; S: Tikquuss/lwd],
checked against the literature's minima in the test. Derivatives are exact, by
differentiating the formula.
"""

from collections.abc import Callable
import dataclasses
import math

import numpy as np
import tensorflow as tf

from sobolev_training import derivatives


@dataclasses.dataclass(frozen=True)
class Function:
  """A scalar function on a box.

  Attributes:
    title: the name in figures.
    formula: maps the coordinates, D tensors [...], to the values [...].
    low: the box's lower corner, D numbers.
    high: the box's upper corner.
    minima: where the function is least within the box.
    minimum: its value there.
    smooth: False where the derivative does not exist at the minima.
  """

  title: str
  formula: Callable[..., tf.Tensor]
  low: tuple[float, ...]
  high: tuple[float, ...]
  minima: tuple[tuple[float, ...], ...]
  minimum: float
  smooth: bool = True

  def __call__(self, x: tf.Tensor) -> tf.Tensor:
    """Values [B] at points x [B, D]."""
    return self.formula(*tf.unstack(x, axis=-1))

  def value_and_gradient(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Values [B] and gradients [B, D] at points x [B, D], in float64."""
    points = tf.convert_to_tensor(x, tf.float64)
    value, gradient = derivatives.value_and_gradient(self, points)
    return value.numpy(), gradient.numpy()


def _ackley(x, y):
  radius = tf.sqrt(0.5 * (x**2 + y**2))
  waves = 0.5 * (tf.cos(2 * math.pi * x) + tf.cos(2 * math.pi * y))
  return -20 * tf.exp(-0.2 * radius) - tf.exp(waves) + math.e + 20


def _beale(x, y):
  return (
      (1.5 - x + x * y) ** 2
      + (2.25 - x + x * y**2) ** 2
      + (2.625 - x + x * y**3) ** 2
  )


def _booth(x, y):
  return (x + 2 * y - 7) ** 2 + (2 * x + y - 5) ** 2


def _bukin(x, y):
  return 100 * tf.sqrt(tf.abs(y - 0.01 * x**2)) + 0.01 * tf.abs(x + 10)


def _mccormick(x, y):
  return tf.sin(x + y) + (x - y) ** 2 - 1.5 * x + 2.5 * y + 1


def _rosenbrock(x, y):
  return 100 * (y - x**2) ** 2 + (x - 1) ** 2


def _styblinski_tang(x, y):
  return 0.5 * sum(z**4 - 16 * z**2 + 5 * z for z in (x, y))


# The root of 4 z^3 - 32 z + 5 = 0 where the second derivative is positive.
_STYBLINSKI_TANG_MINIMUM = -2.903534027771177

FUNCTIONS: dict[str, Function] = {
    'ackley': Function(
        'Ackley', _ackley, (-5, -5), (5, 5), ((0, 0),), 0, smooth=False
    ),
    'beale': Function(
        'Beale', _beale, (-4.5, -4.5), (4.5, 4.5), ((3, 0.5),), 0
    ),
    'booth': Function('Booth', _booth, (-10, -10), (10, 10), ((1, 3),), 0),
    'bukin': Function(
        'Bukin N.6', _bukin, (-15, -3), (-5, 3), ((-10, 1),), 0, smooth=False
    ),
    'mccormick': Function(
        'McCormick',
        _mccormick,
        (-1.5, -3),
        (4, 4),
        ((0.5 - math.pi / 3, -0.5 - math.pi / 3),),
        -math.sqrt(3) / 2 - math.pi / 3,
    ),
    'rosenbrock': Function(
        'Rosenbrock', _rosenbrock, (-2, -2), (2, 2), ((1, 1),), 0
    ),
    'styblinski_tang': Function(
        'Styblinski-Tang',
        _styblinski_tang,
        (-5, -5),
        (5, 5),
        ((_STYBLINSKI_TANG_MINIMUM, _STYBLINSKI_TANG_MINIMUM),),
        -78.33233140754282,
    ),
}
