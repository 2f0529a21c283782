# SPDX-License-Identifier: Apache-2.0
"""The rows of section 4.1: Figures 2 and 3."""

from typing import NamedTuple

from report.rows import table


class Evaluation(NamedTuple):
  """figure2_evaluations.csv: one network at one moment of its training.

  Networks that differ in method, gradient weight or distance alone share their
  data, the order of the batches and the initialisation, so they are compared
  in pairs.
  """

  scale: str  # The recipe, such as `paper` or `laptop`.
  function: str  # What it learns.
  size: table.Count  # Training points.
  method: str  # regular or sobolev.
  gradient_weight: table.NotNegative  # 0 for regular training.
  distance: str  # Of the gradient term; `none` for regular training.
  seed: int  # Of data, batches and initialisation.
  step: table.Count  # Steps so far.
  test_mse: table.Positive  # Of the values on the test set.
  test_gradient_mse: table.Positive  # Of the gradients, summed over the inputs.
  # `test_mse` on held-out points, by which training may be stopped.
  validation_mse: table.Positive | None
  train_loss: table.NotNegative  # The loss minimised.
  seconds: table.NotNegative  # Training time of this network so far.
  run: str = ''  # See `runs.Run`.

  FILE = 'figure2_evaluations.csv'
  KEY = 8
  WHOLE = 7


class Baseline(NamedTuple):
  """figure2_baselines.csv: the errors of predicting the mean, with gradient 0.

  The columns are those of `Evaluation`.
  """

  function: str
  test_mse: table.Positive
  test_gradient_mse: table.Positive
  run: str = ''

  FILE = 'figure2_baselines.csv'
  KEY = 1


class SurfacePoint(NamedTuple):
  """figure3.csv: a function, or a model of it, at a point of a square grid."""

  scale: str  # The recipe.
  function: str
  panel: str  # truth, regular or sobolev.
  size: table.Count  # Training points; 0 for the truth.
  x1: float  # The point.
  x2: float
  value: float
  g1: float | None  # Derivative along x1; empty where there is none.
  g2: float | None  # Along x2, likewise.
  run: str = ''  # See `runs.Run`.

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
