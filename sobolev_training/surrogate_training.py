# SPDX-License-Identifier: Apache-2.0
"""How a surrogate's network is trained: compiled, many steps at a time."""

from collections.abc import Callable
from collections.abc import Sequence
import functools
import math
from typing import Any
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

from sobolev_training import arrays
from sobolev_training import balancing
from sobolev_training import distances
from sobolev_training import losses as losses_lib
from sobolev_training import scaling
from sobolev_training import terms

_LOOKS = 50  # At the loss, and at the points held out.
_FEW = 50  # Points of which by default none is held out.


class _Data(NamedTuple):
  """Points in standardised units; an entry for each order, or None.

  Attributes:
    x: [N, D...].
    target: [N, O...], [N, O..., D...], and so on.
    masks: booleans of the same shapes, or [N]; None where all is known.
  """

  x: tf.Tensor
  target: tuple[tf.Tensor | None, ...]
  masks: tuple[tf.Tensor | None, ...]

  def rows(self, index: tf.Tensor) -> '_Data':
    """Returns some of the points."""
    return tf.nest.map_structure(
        lambda a: None if a is None else tf.gather(a, index), self
    )


def train(
    network: keras.Model,
    x: np.ndarray,
    target: Sequence[np.ma.MaskedArray | None],
    *,
    balance: str | Sequence[float],
    losses: terms.Losses,
    steps: int,
    batch_size: int,
    learning_rate: float,
    held_out: float | None,
    patience: int,
    seed: int,
) -> dict[str, list[float]]:
  """Trains a network; see `surrogate.fit` for the arguments.

  Args:
    network: a Keras model, in standardised units.
    x: [N, D...].
    target: [N, O...], [N, O..., D...], and so on, or None.
    balance: see there.
    losses: see there.
    steps: see there.
    batch_size: see there.
    learning_rate: see there.
    held_out: see there.
    patience: see there.
    seed: see there.

  Returns:
    The losses at some steps.
  """
  for name, number in (
      ('steps', steps), ('batch_size', batch_size), ('patience', patience)
  ):
    arrays.integer(name, number, 1)
  arrays.positive('learning_rate', learning_rate)
  weights, adaptive = _weights(balance, target)
  used = terms.used_orders(weights)
  masks = _masks(target, losses, used)
  learnt, kept = _split(_known(len(x), target, used), held_out, seed)
  dtype = network.inputs[0].dtype
  data, test = (
      _tensors(x, target, masks, rows, dtype) for rows in (learnt, kept)
  )
  balancer = balancing.ReLoBRaLo(weights, seed=seed) if adaptive else None

  def loss_of(points: _Data) -> terms.SobolevLoss:
    return losses_lib.full_loss(
        network, points.x, points.target, weights=weights, losses=losses,
        masks=points.masks,
    )

  advance = _program(
      network, loss_of, balancer, data,
      keras.optimizers.Adam(
          keras.optimizers.schedules.CosineDecay(learning_rate, steps)
      ),
      min(batch_size, len(learnt)), seed,
  )
  evaluate = compiled(
      lambda points: tf.reduce_mean(loss_of(points).total), jit_compile=True
  )
  looks = np.unique(np.linspace(0, steps, min(_LOOKS, steps) + 1, dtype=int))
  history = {'step': [], 'loss': []}
  if len(kept):
    history['held_out_loss'] = []
  best, best_weights, since = math.inf, network.get_weights(), 0
  for start, stop in zip(looks[:-1], looks[1:], strict=True):
    loss = float(advance(tf.constant(start), tf.constant(stop)))
    if not math.isfinite(loss):
      raise ValueError(
          f'learning_rate: the loss became {loss} before step {stop}; expected '
          f'less than {learning_rate}'
      )
    history['step'].append(int(stop))
    history['loss'].append(loss)
    if not len(kept):
      continue
    held_out_loss = float(evaluate(test))
    history['held_out_loss'].append(held_out_loss)
    since += 1
    if held_out_loss < best:
      best, best_weights, since = held_out_loss, network.get_weights(), 0
    elif since >= patience:
      break
  if len(kept):
    network.set_weights(best_weights)
  return history


def compiled(f: Callable, **settings: Any) -> Callable:
  """Returns a `tf.function` of code that each surrogate runs for itself.

  TensorFlow would warn that it is traced often; it does not of a partial.
  """
  return tf.function(functools.partial(f), autograph=False, **settings)


def _program(
    network: keras.Model,
    loss_of: Callable[[_Data], terms.SobolevLoss],
    balance: balancing.ReLoBRaLo | None,
    data: _Data,
    optimizer: keras.Optimizer,
    batch_size: int,
    seed: int,
) -> Callable[[tf.Tensor, tf.Tensor], tf.Tensor]:
  """Returns what trains from a step to another and returns the last loss."""
  count = len(data.x)
  optimizer.build(network.trainable_variables)

  def batch(step):
    if batch_size == count:
      return data
    rows = tf.random.stateless_uniform(
        [batch_size], tf.stack([tf.constant(seed, step.dtype), step]), 0, count,
        tf.int32, alg='philox',
    )
    return data.rows(rows)

  def body(step, _):
    with tf.GradientTape() as tape:
      loss = loss_of(batch(step))
      if balance is not None:
        loss = balance(loss)
      mean = tf.reduce_mean(loss.total)
    variables = network.trainable_variables
    optimizer.apply(tape.gradient(mean, variables), variables)
    return step + 1, mean

  def advance(start, stop):
    zero = tf.zeros([], data.x.dtype)
    return tf.while_loop(lambda step, _: step < stop, body, (start, zero))[1]

  return compiled(advance, jit_compile=True)


def _weights(
    balance: str | Sequence[float], target: Sequence[np.ndarray | None]
) -> tuple[tuple[float, ...], bool]:
  """Returns the weight of each order, and whether they adapt."""
  if isinstance(balance, str):
    if balance not in ('balanced', 'relobralo'):
      raise ValueError(
          'balance: expected balanced, relobralo or a number for each order, '
          f'got {balance!r}'
      )
    present = [a for a in target if a is not None]
    with arrays.naming('balance'):
      weights = scaling.balanced_weights(present)
    if not any(weights):  # Nothing varies: a constant.
      weights = [1.0] * len(present)
    weights = iter([weights[0] or 1.0, *weights[1:]])  # Has an offset to learn.
    weights = tuple(0.0 if a is None else next(weights) for a in target)
    return weights, balance == 'relobralo' and np.count_nonzero(weights) > 1
  try:
    terms.used_orders(balance)
  except ValueError as error:
    raise ValueError(f'balance: {error}') from None
  if len(balance) != len(target):
    raise ValueError(
        f'balance: expected {len(target)} numbers, one for each order, got '
        f'{len(balance)}'
    )
  return tuple(balance), False


def _known(
    count: int, target: Sequence[np.ma.MaskedArray | None], used: Sequence[int]
) -> np.ndarray:
  """Returns the points of which an order with a weight knows anything, [N]."""
  known = np.zeros(count, bool)
  for array in (target[k] for k in used):
    if array is not None:
      known |= (~np.ma.getmaskarray(array)).reshape(count, -1).any(1)
  return known if known.any() else ~known


def _split(
    known: np.ndarray, held_out: float | None, seed: int
) -> tuple[np.ndarray, np.ndarray]:
  """Returns the rows to learn from, and those held out, all of them known."""
  count = int(known.sum())
  if held_out is None:
    held_out = 0.1 if count >= _FEW else 0.0
  kept = math.ceil(arrays.number('held_out', held_out, 0, 1) * count)
  if kept >= count:
    raise ValueError(
        f'held_out: expected a share from 0 to below 1 that leaves points of '
        f'{count}, got {held_out}'
    )
  order = np.random.default_rng(seed).permutation(len(known))
  chosen = order[known[order]][:kept]
  return order[~np.isin(order, chosen)], chosen


def _masks(
    target: Sequence[np.ma.MaskedArray | None],
    losses: terms.Losses,
    used: Sequence[int],
) -> list[np.ndarray | None]:
  """Returns what is known of each order, [N] where a loss is one's own."""
  if isinstance(losses, str) or callable(losses):
    losses = [losses] * len(target)
  arrays.require_tuple('losses', losses, len(target))
  masks = []
  for k, array in enumerate(target):
    known = None if array is None else ~np.ma.getmaskarray(array)
    if known is None or known.all():
      known = None
    elif k in used and not distances.is_by_component(
        distances.by_name(losses[k])
    ):
      rows = known.reshape(len(known), -1)
      partly = np.flatnonzero(rows.any(1) != rows.all(1))
      if len(partly):
        raise ValueError(
            f'losses[{k}]: a loss of your own needs whole examples, and of '
            f'{len(partly)} points a part of order {k} is not known, first of '
            f'point {partly[0]}; make it all NaN there'
        )
      known = rows.all(1)
    masks.append(known)
  return masks


def _tensors(
    x: np.ndarray,
    target: Sequence[np.ma.MaskedArray | None],
    masks: Sequence[np.ndarray | None],
    rows: np.ndarray,
    dtype: str,
) -> _Data:
  """Returns some of the points."""
  return _Data(
      tf.constant(x[rows], dtype),
      tuple(
          None if array is None else tf.constant(array[rows].filled(0), dtype)
          for array in target
      ),
      tuple(
          None if known is None or known[rows].all()
          else tf.constant(known[rows])
          for known in masks
      ),
  )
