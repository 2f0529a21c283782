"""Critic: a loss predictor trained on the loss alone (Table 1).

  l(m(h, y), L(p_h, y))
"""

from sg.modules import loss_predictor


class Critic(loss_predictor.LossPredictor):
  """Its gradient is right only as far as its loss is."""

  learns_loss = True
