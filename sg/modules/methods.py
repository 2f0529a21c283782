"""The modules by the name of Table 1's method."""

from collections.abc import Callable

import sonnet as snt

from sg.modules import backprop
from sg.modules import critic
from sg.modules import direct_sg
from sg.modules import interface
from sg.modules import loss_predictor
from sg.modules import noprop
from sg.modules import sobolev
from sg.modules import vfbn

# In the order of Table 1; direct_sg_plain does not see the labels.
METHODS = (
    'noprop', 'direct_sg', 'direct_sg_plain', 'vfbn', 'critic', 'sobolev',
    'backprop',
)

# A step's cost, as measured; only for the time left.
COSTS = {
    'backprop': 1.0, 'noprop': 0.4, 'direct_sg': 2.4, 'direct_sg_plain': 2.4,
    'vfbn': 1.9, 'critic': 1.4, 'sobolev': 1.9,
}

LOSS_PREDICTORS = {
    'vfbn': vfbn.VFBN, 'critic': critic.Critic, 'sobolev': sobolev.Sobolev
}
_PREDICTORS: dict[str, Callable[[int, int], snt.Module]] = {
    'cifar10': loss_predictor.ConvPredictor,
    'resnet50': loss_predictor.PooledPredictor,
}


def make(
    method: str,
    network: str,
    channels: int,
    classes: int,
    distance: str = 'l1',
    gradient_weight: float = 1.0,
) -> interface.Module:
  """Makes the module of one cut.

  Args:
    method: one of `METHODS`.
    network: `cifar10` or `resnet50`, each with its class predictor.
    channels: of the module's convolutions.
    classes: number of classes.
    distance: the norm of the module's losses; see `distances.NAMES`.
    gradient_weight: of Sobolev's gradient term.

  Raises:
    ValueError: an unknown method or network.
  """
  settings = {'distance': distance, 'gradient_weight': gradient_weight}
  if method in LOSS_PREDICTORS:
    if network not in _PREDICTORS:
      raise ValueError(
          f'network: expected {" or ".join(_PREDICTORS)}, got {network!r}'
      )
    predictor = _PREDICTORS[network](channels, classes)
    return LOSS_PREDICTORS[method](predictor, **settings)
  if method in ('direct_sg', 'direct_sg_plain'):
    conditioned = method == 'direct_sg'
    return direct_sg.DirectSG(channels, classes, conditioned, **settings)
  if method == 'noprop':
    return noprop.Noprop(**settings)
  if method == 'backprop':
    return backprop.Backprop(**settings)
  raise ValueError(
      f'method: expected one of {", ".join(METHODS)}, got {method!r}'
  )
