# SPDX-License-Identifier: Apache-2.0
"""VFBN: a loss predictor trained on the gradient alone (Table 1, [25]).

  l_1(dm(h, y)/dh, dL(p_h, y)/dh)
"""

from sg.modules import interface
from sg.modules import loss_predictor


class VFBN(loss_predictor.LossPredictor):
  """The loss that it predicts is right up to a constant at best."""

  learns_gradient = True


METHOD = interface.Method(
    title='VFBN',
    colour='#b8578f',
    cost=2.0,
    make=VFBN.at,
    candidates=[
        {'module_learning_rate': rate} for rate in interface.LEARNING_RATES
    ],
)
