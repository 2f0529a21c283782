# SPDX-License-Identifier: Apache-2.0
"""The rows of section 4.1: Figures 2 and 3."""

from typing import NamedTuple

from report.rows import table


class Evaluation(NamedTuple):
  """figure2_evaluations.csv: one network at one moment of its training.

  Networks that differ in method, gradient weight or distance alone share their
  data, the order of the batches and the initialisation, so they are compared
  in pairs.

  Attributes:
    scale: the recipe, such as `paper` or `laptop`.
    function: the function learned.
    size: the number of training points.
    method: regular or sobolev.
    gradient_weight: of the gradient term; 0 for regular training.
    distance: of the gradient term; `none` for regular training.
    seed: of data, batches and initialisation.
    step: the steps so far.
    test_mse: the mean squared error of the values on the test set.
    test_gradient_mse: that of the gradients, summed over the inputs.
    validation_mse: `test_mse` on held-out points, by which training may be
      stopped.
    train_loss: the loss minimised.
    seconds: the training time of this network so far.
    run: see `runs.Run`.
  """

  scale: str
  function: str
  size: table.Count
  method: str
  gradient_weight: table.NotNegative
  distance: str
  seed: int
  step: table.Count
  test_mse: table.Positive
  test_gradient_mse: table.Positive
  validation_mse: table.Positive | None
  train_loss: table.NotNegative
  seconds: table.NotNegative
  run: str = ''

  FILE = 'figure2_evaluations.csv'
  KEY = 8
  WHOLE = 7


class Baseline(NamedTuple):
  """figure2_baselines.csv: the errors of predicting the mean, with gradient 0.

  Attributes:
    function: the function.
    test_mse: as in `Evaluation`.
    test_gradient_mse: likewise.
    run: see `runs.Run`.
  """

  function: str
  test_mse: table.Positive
  test_gradient_mse: table.Positive
  run: str = ''

  FILE = 'figure2_baselines.csv'
  KEY = 1


class SurfacePoint(NamedTuple):
  """figure3.csv: a function, or a model of it, at a point of a square grid.

  Attributes:
    scale: the recipe.
    function: the function.
    panel: truth, regular or sobolev.
    size: the number of training points; 0 for the truth.
    x1: the first coordinate.
    x2: the second coordinate.
    value: the value there.
    g1: the derivative along x1; empty where there is none.
    g2: the derivative along x2, likewise.
    run: see `runs.Run`.
  """

  scale: str
  function: str
  panel: str
  size: table.Count
  x1: float
  x2: float
  value: float
  g1: float | None
  g2: float | None
  run: str = ''

  FILE = 'figure3.csv'
  KEY = 6
  WHOLE = 4


class TrainingPoint(NamedTuple):
  """figure3_points.csv: a point that the models of Figure 3 learned from."""

  scale: str
  function: str
  size: table.Count
  x1: float
  x2: float
  run: str = ''

  FILE = 'figure3_points.csv'
  KEY = 5
  WHOLE = 3
