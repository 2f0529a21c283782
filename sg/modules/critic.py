# SPDX-License-Identifier: Apache-2.0
"""Critic: a loss predictor trained on the loss alone (Table 1).

  l(m(h, y), L(p_h, y))
"""

from sg.modules import interface
from sg.modules import loss_predictor


class Critic(loss_predictor.LossPredictor):
  """Its gradient is right only as far as its loss is."""

  learns_loss = True


METHOD = interface.Method(
    title='Critic',
    colour='#009e73',
    cost=1.5,
    make=Critic.at,
    candidates=[
        {'module_learning_rate': rate} for rate in interface.LEARNING_RATES
    ],
)
