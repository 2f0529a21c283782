"""Sobolev: a loss predictor trained on loss and gradient (Table 1, L_sob).

  l(m(h, y), L(p_h, y)) + l_1(dm(h, y)/dh, dL(p_h, y)/dh)
"""

from sg.modules import loss_predictor


class Sobolev(loss_predictor.LossPredictor):
  """Critic and VFBN in one."""

  learns_loss = True
  learns_gradient = True
