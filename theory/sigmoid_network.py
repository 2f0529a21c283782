# SPDX-License-Identifier: Apache-2.0
"""A sigmoid network near a function in S1: a witness of Hornik's theorem.

Theorem 1 starts from Hornik (the paper's [10]): networks with one hidden layer
of sigmoids are dense among the C1 functions in the Sobolev space S1. That only
says that such a network exists. Here is a way to have one [O]: draw the hidden
layer at random and let the output layer solve the linear least squares problem
of values and gradients together,

  min over c, c_0 of  sum_i (c . s(W x_i + b) + c_0 - f(x_i))^2
                      + |W^T (c * s'(W x_i + b)) - grad f(x_i)|^2,

which is equation 1 of the paper with K = 1 and L2 losses, in closed form.

Axes: B batch, D input, H hidden units.
"""

import numpy as np
import tensorflow as tf

from theory import one_hidden_layer

# Singular values below this part of the largest are cut: the fit is a bit less
# close, but its output weights stay small enough to replace the sigmoids.
_SINGULAR_VALUE_CUT = 1e-6


def fit(
    points: np.ndarray,
    values: np.ndarray,
    gradients: np.ndarray,
    units: int,
    scale: float = 1.0,
    seed: int = 0,
) -> one_hidden_layer.OneHiddenLayer:
  """Fits the output layer over random sigmoids (head of this file).

  Args:
    points: [B, D].
    values: f at the points, [B].
    gradients: grad f at the points, [B, D].
    units: Number of sigmoids.
    scale: Standard deviation of the hidden weights (one over the points' unit).
    seed: Of the hidden layer.

  Returns:
    A float64 network [B, D] -> [B, 1].
  """
  generator = np.random.default_rng(seed)
  weights = scale * generator.standard_normal((points.shape[1], units))
  # Each sigmoid has its steepest place at one of the points.
  centres = points[generator.integers(len(points), size=units)]
  biases = -np.sum(centres.T * weights, axis=0)
  activation = 1 / (1 + np.exp(-(points @ weights + biases)))
  slope = activation * (1 - activation)
  constant = np.ones((len(points), 1))
  rows = [np.concatenate([activation, constant], axis=1)]
  rows += [np.concatenate([slope * w, 0 * constant], axis=1) for w in weights]
  targets = np.concatenate([values, gradients.T.ravel()])
  solution = np.linalg.lstsq(
      np.concatenate(rows), targets, rcond=_SINGULAR_VALUE_CUT
  )[0]
  return one_hidden_layer.OneHiddenLayer(
      weights, biases, solution[:-1, np.newaxis], solution[-1:], tf.sigmoid
  )
