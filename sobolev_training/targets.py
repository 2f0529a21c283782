# SPDX-License-Identifier: Apache-2.0
"""Where target values and derivatives come from.

The losses take any of these as `target`:

  a function or network  TensorFlow, [B, D...] -> [B, O...]: a function, a
                         Sonnet module, a Keras model; derivatives by tapes
  `Function`             one with derivatives written by hand
  `BlackBox`             a NumPy function; derivatives by finite differences
  a tuple of arrays      what was recorded, exactly as it is to be compared

A target never gets a gradient. Axes: B batch, D... input, O... outputs, M
projections or directions, K order.
"""

from collections.abc import Callable
from collections.abc import Sequence
import functools
import inspect
from typing import Any
from typing import Protocol
from typing import runtime_checkable

import numpy as np
import tensorflow as tf

from sobolev_training import arrays
from sobolev_training import contractions
from sobolev_training import derivatives
from sobolev_training import finite_differences
from sobolev_training import masking
from sobolev_training import terms
from sobolev_training import watched


@runtime_checkable
class Target(Protocol):
  """What the losses ask of a target; write your own with these methods."""

  def full(self, x: tf.Tensor, order: int) -> tuple[tf.Tensor, ...]:
    """Returns f, D f, ..., D^K f; see `derivatives.value_and_derivatives`."""

  def projected(
      self, x: tf.Tensor, projections: Sequence[tf.Tensor]
  ) -> tuple[tf.Tensor, ...]:
    """Returns f, D <f, v1>, ...; see `derivatives.value_and_projected`."""

  def directional(
      self, x: tf.Tensor, directions: Sequence[tf.Tensor]
  ) -> tuple[tf.Tensor, ...]:
    """Returns f, (D f) u1, ...; see `derivatives.value_and_directional`."""


class Function:
  """A function or network in TensorFlow, differentiated by tapes or by hand."""

  def __init__(
      self,
      f: derivatives.BatchFunction,
      by_hand: Sequence[derivatives.BatchFunction] = (),
  ):
    """Takes a function.

    Args:
      f: a function from [B, D...] to [B, O...]. A Keras model is called with
        `training=False`. For a Sonnet module that asks for `is_training`, pass
        `functools.partial(module, is_training=False)`.
      by_hand: (D f, D^2 f, ...), as many as are known, from [B, D...] to
        [B, O..., D...] and so on. Tapes differentiate the last one further.

    Raises:
      ValueError: f cannot be called.
    """
    arrays.require_tuple('by_hand', by_hand)
    for name, one in (('f', f), *((f'by_hand[{j}]', g) for j, g in enumerate(
        by_hand
    ))):
      if not callable(one):
        raise ValueError(
            f'{name}: expected a function, got {type(one).__name__}'
        )
    self._functions = [f, *by_hand]

  def full(self, x: tf.Tensor, order: int) -> tuple[tf.Tensor, ...]:
    """See `Target`."""
    order = arrays.integer('order', order, 0, derivatives.MOST_ORDERS)
    x = arrays.points(x)
    *known, last = self._functions[:order + 1]
    rest = derivatives.value_and_derivatives(
        _watched(last, order - len(known)), x, order - len(known)
    )
    return *(_watched(f, 0)(x) for f in known), *rest

  def projected(
      self, x: tf.Tensor, projections: Sequence[tf.Tensor]
  ) -> tuple[tf.Tensor, ...]:
    """See `Target`."""
    arrays.require_tuple('projections', projections)
    if projections and len(self._functions) > 1:
      return contractions.project(self.full(x, len(projections)), projections)
    f = _watched(self._functions[0], len(projections))
    return derivatives.value_and_projected(f, x, projections)

  def directional(
      self, x: tf.Tensor, directions: Sequence[tf.Tensor]
  ) -> tuple[tf.Tensor, ...]:
    """See `Target`."""
    arrays.require_tuple('directions', directions)
    if directions and len(self._functions) > 1:
      return contractions.contract(self.full(x, len(directions)), directions)
    f = _watched(self._functions[0], len(directions))
    return derivatives.value_and_directional(f, x, directions)


class BlackBox:
  """A NumPy function with estimated derivatives; see `finite_differences`.

  It is called while Python runs, so not in a `tf.function`: there, estimate
  before and pass the arrays. Along directions it costs two calls an order and
  direction, in full two an input.
  """

  def __init__(
      self,
      f: finite_differences.BlackBox,
      *,
      scheme: str = 'central',
      step: float | None = None,
  ):
    """Takes a function.

    Args:
      f: a NumPy function from [B, D...] to [B, O...].
      scheme: `central` or `forward`.
      step: how far x moves, in its unit; None chooses it by the type, for
        inputs of about 1 or more.
    """
    self._f = f
    self._settings = {'scheme': scheme, 'step': step}

  def full(self, x: tf.Tensor, order: int) -> tuple[tf.Tensor, ...]:
    """See `Target`."""
    results = finite_differences.estimate_derivatives(
        self._f, _concrete(x), order, **self._settings
    )
    return tuple(map(tf.constant, results))

  def projected(
      self, x: tf.Tensor, projections: Sequence[tf.Tensor]
  ) -> tuple[tf.Tensor, ...]:
    """See `Target`."""
    return contractions.project(self.full(x, len(projections)), projections)

  def directional(
      self, x: tf.Tensor, directions: Sequence[tf.Tensor]
  ) -> tuple[tf.Tensor, ...]:
    """See `Target`."""
    results = finite_differences.estimate_directional(
        self._f, _concrete(x), directions, **self._settings
    )
    return tuple(map(tf.constant, results))


def as_target(target: Any) -> Target:
  """Returns a target as it is, or a function or network as a `Function`."""
  if isinstance(target, type):
    raise ValueError(
        f'target: expected an object, got the class {target.__name__}'
    )
  if isinstance(target, Target):
    return target
  if not callable(target):
    raise ValueError(
        'target: expected a function, a network with __call__, a Target or a '
        f'tuple of arrays, got {type(target).__name__}'
    )
  return Function(target)


def ask(
    form: str,
    target: Any,
    x: tf.Tensor,
    order: int,
    vectors: Sequence[tf.Tensor] | None = None,
) -> list[tf.Tensor]:
  """Returns what a target that is not recorded says at the points x.

  Args:
    form: `full`, `projected` or `directional`, the method to ask.
    target: anything that `as_target` takes.
    x: [B, D...].
    order: K.
    vectors: projections or directions, K or more.

  Returns:
    K + 1 tensors of the widest of their types and x's.

  Raises:
    ValueError: it says less than it was asked for.
  """
  target = as_target(target)
  answer = getattr(target, form)(
      x, order if vectors is None else vectors[:order]
  )
  if not isinstance(answer, (list, tuple)) or len(answer) != order + 1:
    raise ValueError(
        f'target: expected {order + 1} tensors, orders 0 to {order}, of '
        f'{type(target).__name__}.{form}'
    )
  *answer, _ = terms.of_one_type((*answer, x))
  return answer


def validate(
    x: np.ndarray,
    recorded: Sequence[np.ndarray],
    masks: Sequence[np.ndarray | None] | None = None,
):
  """Checks a recorded data set once, before training.

  Args:
    x: [N, D...].
    recorded: (f, D f, ..., D^K f): [N, O...], [N, O..., D...], and so on; None
      for an order that is not used.
    masks: booleans as for the losses, False where recorded is to be ignored.

  Raises:
    ValueError: an axis does not fit, or a number is NaN or infinite; it names
      the argument, says where, and what to do.
  """
  x = np.asarray(arrays.dense('x', x))
  if not x.ndim:
    raise ValueError('x: expected [N, D...], got a number')
  arrays.require_finite('x', x)
  arrays.require_tuple('recorded', recorded)
  masks = [None] * len(recorded) if masks is None else masks
  arrays.require_tuple('masks', masks)
  if len(masks) != len(recorded):
    raise ValueError(
        f'masks: expected {len(recorded)}, as recorded has, got {len(masks)}'
    )
  inputs, outputs = x.shape[1:], None
  for k, (array, mask) in enumerate(zip(recorded, masks, strict=True)):
    if array is None:
      continue
    array, known = arrays.unmasked(array)
    array = np.asarray(arrays.dense(f'recorded[{k}]', array))
    if outputs is None:  # From the first that is there.
      outputs = array.shape[1:array.ndim - k * len(inputs)]
    expected = (len(x), *outputs, *inputs * k)
    if array.shape != expected:
      raise ValueError(
          f'recorded[{k}]: expected the shape {list(expected)}, [N, O...] and '
          f'{k} times D..., got {list(array.shape)}'
      )
    known = masking.both(f'masks[{k}]', mask, known, array.shape)
    arrays.require_finite(f'recorded[{k}]', array, known)


def _watched(f: Callable, order: int) -> watched.Watched:
  """Returns a target's function; a Keras model's in inference."""
  called = f
  if hasattr(f, 'call') and 'training' in inspect.signature(f.call).parameters:
    called = functools.partial(f, training=False)
  return watched.Watched(called, 'target', order)


def _concrete(x: tf.Tensor) -> np.ndarray:
  if tf.is_symbolic_tensor(x):
    raise ValueError(
        'target: a black box cannot be called in a tf.function; estimate its '
        'derivatives before (finite_differences) and pass the arrays'
    )
  return np.asarray(x)
