# SPDX-License-Identifier: Apache-2.0
"""Sobolev: a loss predictor trained on loss and gradient (Table 1, L_sob).

  l(m(h, y), L(p_h, y)) + l_1(dm(h, y)/dh, dL(p_h, y)/dh)
"""

from sg.modules import interface
from sg.modules import loss_predictor


class Sobolev(loss_predictor.LossPredictor):
  """Critic and VFBN in one."""

  learns_loss = True
  learns_gradient = True


METHOD = interface.Method(
    title='Sobolev',
    colour='#0072b2',
    cost=2.0,
    make=Sobolev.at,
    candidates=[
        *(
            {'distance': 'l1', 'gradient_weight': weight}
            for weight in (1.0, 0.1, 0.01, 0.001)
        ),
        {'distance': 'l2', 'gradient_weight': 1.0},
    ],
)
