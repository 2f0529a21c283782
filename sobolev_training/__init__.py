"""Sobolev Training: fit models to a target's values and derivatives.

  import sobolev_training as sobolev

What is public is below. A module is loaded when it is first used, so that what
needs no TensorFlow does not wait for it.
"""

import importlib
import typing

if typing.TYPE_CHECKING:
  from sobolev_training import balancing
  from sobolev_training import contractions
  from sobolev_training import derivatives
  from sobolev_training import distances
  from sobolev_training import finite_differences
  from sobolev_training import guards
  from sobolev_training import keras
  from sobolev_training import losses
  from sobolev_training import parameter_gradients
  from sobolev_training import piecewise_linear
  from sobolev_training import projections
  from sobolev_training import recording
  from sobolev_training import scaling
  from sobolev_training import surrogate
  from sobolev_training import targets
  from sobolev_training import terms
  from sobolev_training.losses import directional_loss
  from sobolev_training.losses import full_loss
  from sobolev_training.losses import projected_loss
  from sobolev_training.parameter_gradients import loss_and_gradients
  from sobolev_training.terms import loss_terms
  from sobolev_training.terms import SobolevLoss

__version__ = '0.1.0'

__all__ = [
    'SobolevLoss',
    'balancing',
    'contractions',
    'derivatives',
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

# Where the names live that are not modules.
_HOMES = {
    'SobolevLoss': 'terms',
    'directional_loss': 'losses',
    'full_loss': 'losses',
    'loss_and_gradients': 'parameter_gradients',
    'loss_terms': 'terms',
    'projected_loss': 'losses',
}


def __getattr__(name: str) -> typing.Any:
  if name not in __all__:
    raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
  home = _HOMES.get(name)
  module = importlib.import_module(f'{__name__}.{home or name}')
  return getattr(module, name) if home else module


def __dir__() -> list[str]:
  return __all__
