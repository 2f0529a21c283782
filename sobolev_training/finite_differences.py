# SPDX-License-Identifier: Apache-2.0
"""Derivatives of a black box, estimated from its values (paper, section 5).

A black box is a NumPy function [B, D...] -> [B, O...] of which nothing is known
but its values. Axes: B batch, D... input, O... outputs, M directions, K order.

The step: where f and its derivatives are about 1, a difference of order k has
the rounding error eps / h^k and the truncation error h (forward) or h^2
(central). They are equal at h = eps^(1/(k+1)) and eps^(1/(k+2)), so eps^(1/2)
and eps^(1/3) for the first order. Here h is that times max(1, |x|), for numbers
round relative to their size, and eps is the coarser one of x's and f(x)'s type.
Differences are divided by how far x has moved in its type, not by h.
"""

from collections.abc import Callable
from collections.abc import Sequence
import itertools
import math
from typing import TypeAlias
import warnings

import numpy as np

from sobolev_training import arrays

BlackBox: TypeAlias = Callable[[np.ndarray], np.ndarray]

SCHEMES = ('central', 'forward')
_MOST_ORDERS = 8
_SOME = 8  # Points that show in what unit x is.


class StepWarning(UserWarning):
  """The step that was chosen is wide beside the points' distances."""


def estimate_derivatives(
    f: BlackBox,
    x: np.ndarray,
    order: int = 1,
    *,
    scheme: str = 'central',
    step: float | None = None,
) -> tuple[np.ndarray, ...]:
  """Estimates all derivatives of a black box up to an order.

  It calls f with the whole batch 2 d times for the first order of d inputs, or
  d times with forward differences, and about (2 d)^k / k! times for order k.

  Args:
    f: a function from [B, D...] to [B, O...].
    x: [B, D...], floating.
    order: K, from 0 to 8, where differences have hardly a digit left.
    scheme: `central`, or `forward`, which has errors of about eps^(1/2) instead
      of eps^(2/3) for the first order.
    step: how far a coordinate of x moves, as nearly as x's type has it; None
      chooses it as said above.

  Returns:
    f, D f, ..., D^K f: [B, O...], [B, O..., D...], [B, O..., D..., D...], ...
    of x's type.

  Raises:
    ValueError: an unknown scheme, a step too small to move x, or f's values are
      not finite or not [B, ...].
  """
  x, order = _points(x), arrays.integer('order', order, 0, _MOST_ORDERS)
  stencil = _Stencil(f, x, scheme, step)
  axes, size = x.shape[1:], math.prod(x.shape[1:])
  units = np.eye(size, dtype=x.dtype).reshape([size, 1, *axes])
  results = [stencil.value]
  for k in range(1, order + 1):
    # Derivatives do not depend on the order of the inputs.
    entries = {
        index: stencil.difference([units[i] for i in index])
        for index in itertools.combinations_with_replacement(range(size), k)
    }
    columns = [
        entries[tuple(sorted(index))]
        for index in itertools.product(range(size), repeat=k)
    ]
    derivative = np.stack(columns, axis=-1)
    results.append(derivative.reshape(*stencil.value.shape, *axes * k))
  return tuple(result.astype(x.dtype) for result in results)


def estimate_directional(
    f: BlackBox,
    x: np.ndarray,
    directions: Sequence[np.ndarray],
    *,
    scheme: str = 'central',
    step: float | None = None,
) -> tuple[np.ndarray, ...]:
  """Estimates derivatives of a black box along directions only.

  That is f, (D_x f) u1, (D^2_x f)[u1, u2], ...: two calls of f for a first
  derivative, however many inputs there are (forward: one).

  Args:
    f: a function from [B, D...] to [B, O...].
    x: [B, D...], floating.
    directions: (u1, ..., uK), each [M, D...] or [M, B, D...].
    scheme: as for `estimate_derivatives`.
    step: how far the coordinate moves that moves most.

  Returns:
    f [B, O...], then K arrays [M, B, O...], of x's type.

  Raises:
    ValueError: as `estimate_derivatives`, or directions of another shape.
  """
  arrays.require_tuple('directions', directions)
  x = _points(x)
  stencil = _Stencil(f, x, scheme, step)
  checked = [
      _per_example(f'directions[{j}]', u, x) for j, u in enumerate(directions)
  ]
  results, count = [stencil.value], 1
  for k, u in enumerate(checked, start=1):
    if count not in (1, len(u)):
      raise ValueError(
          f'directions[{k - 1}]: expected {count} vectors (M), as many as for '
          f'the order before, got {len(u)}'
      )
    count = len(u)
    # One of the orders before goes with all.
    each = zip(
        *(np.resize(v, (count, *v.shape[1:])) for v in checked[:k]), strict=True
    )
    results.append(np.stack([stencil.difference(list(u)) for u in each]))
  return tuple(result.astype(x.dtype) for result in results)


def _points(x: np.ndarray) -> np.ndarray:
  """Returns points, having checked them."""
  x = np.asarray(arrays.dense('x', x))
  if not np.issubdtype(x.dtype, np.floating) or not x.ndim:
    raise ValueError(
        f'x: expected floating numbers [B, D...], got {x.dtype} {list(x.shape)}'
    )
  return x


def _per_example(name: str, u: np.ndarray, x: np.ndarray) -> np.ndarray:
  """Returns directions as [M, B or 1, D...]."""
  u = np.asarray(arrays.dense(name, u)).astype(x.dtype)
  arrays.require_finite(name, u)
  if u.ndim and len(u) and u.shape[1:] == x.shape[1:]:
    return u[:, None]
  if u.shape[1:] != x.shape or not u.ndim or not len(u):
    raise ValueError(
        f'{name}: expected the shape [M, *{list(x.shape[1:])}] or '
        f'[M, *{list(x.shape)}], got {list(u.shape)}'
    )
  return u


class _Stencil:
  """Differences of one function at one batch of points."""

  def __init__(
      self, f: BlackBox, x: np.ndarray, scheme: str, step: float | None
  ):
    if not callable(f):
      raise ValueError(f'f: expected a function, got {type(f).__name__}')
    if not isinstance(scheme, str) or scheme not in SCHEMES:
      raise ValueError(
          f'scheme: expected one of {", ".join(SCHEMES)}, got {scheme!r}'
      )
    if step is not None:
      step = arrays.positive('step', step)
    self._f, self._x = f, x
    self._central, self._step = scheme == 'central', step
    raw = self._call(x)
    self._eps = np.finfo(x.dtype).eps
    if np.issubdtype(raw.dtype, np.floating):
      self._eps = max(self._eps, np.finfo(raw.dtype).eps)
    self.value = self._checked(raw)

  def _call(self, x: np.ndarray) -> np.ndarray:
    # A copy: f may work in place.
    return np.asarray(arrays.dense('f', self._f(x.copy())))

  def difference(self, directions: list[np.ndarray]) -> np.ndarray:
    """Returns (D^k f)[u1, ..., uk] [B, O...]; the u are [B or 1, D...]."""
    steps = [self._size(u, len(directions)) for u in directions]
    return self._nested(self._x, directions, steps)

  def _size(self, u: np.ndarray, order: int) -> np.ndarray:
    """Returns h [B or 1, 1...] for a direction."""
    axes = tuple(range(1, self._x.ndim))
    length = np.max(np.abs(u), axis=axes, keepdims=True)
    length = np.where(length == 0, 1, length)
    if self._step is not None:
      return self._step / length
    moved = np.abs(np.where(u == 0, 0, self._x))
    scale = np.maximum(1, np.max(moved, axis=axes, keepdims=True)) / length
    h = self._eps ** (1 / (order + 1 + self._central)) * scale
    # A power of two moves x exactly, or nearly so.
    h = np.exp2(np.round(np.log2(h)))
    if len(self._x) >= _SOME:
      spread = np.ptp(self._x, axis=0)
      if np.any(h * abs(u) > np.where(spread > 0, spread, np.inf)):
        warnings.warn(
            f'step: x moves by {np.max(h * length):.1g}, further than the '
            'points are apart in some input, so that it may say nothing of f '
            'between them; pass a step in the unit of x',
            StepWarning, stacklevel=2,
        )
    return h

  def _nested(
      self, x: np.ndarray, directions: list[np.ndarray], steps: list[np.ndarray]
  ) -> np.ndarray:
    if not directions:
      if x is self._x:
        return self.value
      value = self._call(x)
      if not np.all(np.isfinite(value)):  # As it is at x itself.
        raise ValueError(
            'step: f is not finite at points that x is moved to; take '
            "scheme='forward', a smaller step, or leave such examples out"
        )
      return self._checked(value)
    u, *directions = directions
    h, *steps = steps
    end = (x + h * u).astype(x.dtype)
    start = (x - h * u).astype(x.dtype) if self._central else x
    difference = (
        self._nested(end, directions, steps)
        - self._nested(start, directions, steps)
    )
    moved = self._moved(start, end, u)
    return difference / moved.reshape([-1] + [1] * (difference.ndim - 1))

  def _moved(
      self, start: np.ndarray, end: np.ndarray, u: np.ndarray
  ) -> np.ndarray:
    """Returns how many times u [B or 1, D...] it is from start to end, [B]."""
    axes = tuple(range(1, u.ndim))
    u = u.astype(np.float64)
    squares = np.sum(u * u, axis=axes)
    along = np.sum((end.astype(np.float64) - start) * u, axis=axes)
    if np.any((along == 0) & (squares > 0)):
      raise ValueError(
          f'step: {self._step} does not move x, whose {self._x.dtype} numbers '
          f'go up to {np.max(np.abs(self._x)):g}; take a larger one, or float64'
      )
    still = squares == 0
    return np.where(still, 1, along / np.where(still, 1, squares))

  def _checked(self, value: np.ndarray) -> np.ndarray:
    if value.shape[:1] != self._x.shape[:1]:
      raise ValueError(
          f'f: expected values [{len(self._x)}, O...], got '
          f'{list(value.shape)}'
      )
    arrays.require_finite('f', value)
    return value.astype(np.float64)
