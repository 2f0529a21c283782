"""VFBN: a loss predictor trained on the gradient alone (Table 1, [25]).

  l_1(dm(h, y)/dh, dL(p_h, y)/dh)
"""

from sg.modules import loss_predictor


class VFBN(loss_predictor.LossPredictor):
  """The loss that it predicts is right up to a constant at best."""

  learns_gradient = True
