"""Derivatives of a black box, estimated from its values (paper, section 5).

A black box is a NumPy function [B, D...] -> [B, O...] of which nothing is known
but its values. Axes: B batch, D... input, O... outputs, M directions.

Steps: a difference of order k of a function of size 1 has a rounding error of
eps / h^k and a truncation error of h (forward) or h^2 (central), which are
about equal at h = eps^(1/(k+1)) and eps^(1/(k+2)); for k = 1 the usual eps^(1/2)
and eps^(1/3). The step is multiplied by max(1, |x|), as rounding is relative,
and eps is that of the coarser of the types of x and f(x).
"""

from collections.abc import Callable
from collections.abc import Sequence

import numpy as np

BlackBox = Callable[[np.ndarray], np.ndarray]

_SCHEMES = ('central', 'forward')
