# SPDX-License-Identifier: Apache-2.0
"""Sobolev Training: fit models to a target's values and derivatives.

  import sobolev_training as sobolev

What is public is below; `keras` and `surrogate`, which need Keras, are imported
when they are first used.
"""

import importlib
import typing

from sobolev_training import balancing
from sobolev_training import contractions
from sobolev_training import derivatives
from sobolev_training import differences
from sobolev_training import distances
from sobolev_training import finite_differences
from sobolev_training import guards
from sobolev_training import losses
from sobolev_training import parameter_gradients
from sobolev_training import piecewise_linear
from sobolev_training import projections
from sobolev_training import recording
from sobolev_training import scaling
from sobolev_training import targets
from sobolev_training import terms
from sobolev_training.losses import directional_loss
from sobolev_training.losses import full_loss
from sobolev_training.losses import projected_loss
from sobolev_training.parameter_gradients import loss_and_gradients
from sobolev_training.terms import loss_terms
from sobolev_training.terms import SobolevLoss

if typing.TYPE_CHECKING:
  from sobolev_training import keras
  from sobolev_training import surrogate

__version__ = '0.1.0'

__all__ = [
    'SobolevLoss',
    'balancing',
    'contractions',
    'derivatives',
    'differences',
    'directional_loss',
    'distances',
    'finite_differences',
    'full_loss',
    'guards',
    'keras',
    'loss_and_gradients',
    'loss_terms',
    'losses',
    'parameter_gradients',
    'piecewise_linear',
    'projected_loss',
    'projections',
    'recording',
    'scaling',
    'surrogate',
    'targets',
    'terms',
]

_WITH_KERAS = ('keras', 'surrogate')


def __getattr__(name: str) -> typing.Any:
  if name not in _WITH_KERAS:
    raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
  return importlib.import_module(f'{__name__}.{name}')


def __dir__() -> list[str]:
  return __all__
