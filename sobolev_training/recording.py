# SPDX-License-Identifier: Apache-2.0
"""Records what an expensive target says, to train on it later.

  ones = tf.ones([1, 1])                                   # f has one output
  rows = sobolev.projections.sample(
      [D], seed=(0, 1), count=2, batch_size=len(x), kind='one_hot')
  labels = sobolev.recording.record(energy, x, projections=(ones, rows))
  labels.save('labels.npz')
  ...
  loss = labels.loss(student, index, weights=(1, 1, 0.1))   # inside the tape

This records values, gradients and two rows of the Hessian of each point: with
one output, D <D f, v> is the Hessian times v, so that vectors of another kind
give Hessian-vector products. Both sides pay for projections, never for a
Hessian. Axes: N points, B batch, D... input, O... outputs, M projections or
directions, K order.
"""

from collections.abc import Sequence
import contextlib
import dataclasses
import functools
import os
from typing import Any
import zipfile

import numpy as np
import tensorflow as tf

from sobolev_training import arrays
from sobolev_training import derivatives
from sobolev_training import losses
from sobolev_training import targets
from sobolev_training import terms

_LOSSES = {
    'full': losses.full_loss,
    'projected': losses.projected_loss,
    'directional': losses.directional_loss,
}


@dataclasses.dataclass(frozen=True)
class Recording:
  """What a target said at some points.

  Attributes:
    form: `full`, `projected` or `directional`.
    x: [N, D...].
    target: the values [N, O...], and of each order what the loss of this form
      compares: [N, O..., D...] and so on, [M, N, D...] or [M, N, O...].
    vectors: the projections or directions, [M, ...] or, where each point has
      its own, [M, N, ...]; empty in full.
  """

  form: str
  x: np.ndarray
  target: tuple[np.ndarray, ...]
  vectors: tuple[np.ndarray, ...] = ()

  def loss(
      self,
      model: derivatives.BatchFunction,
      index: tf.Tensor | np.ndarray,
      **settings: Any,
  ) -> terms.SobolevLoss:
    """Compares a model with what was recorded at some of the points.

    Args:
      model: a function from [B, D...] to [B, O...], such as a network.
      index: [B], integers: which points.
      **settings: `weights`, `losses` and `masks`, as for `full_loss`,
        `projected_loss` or `directional_loss`.

    Raises:
      ValueError: an argument does not fit; its message starts with the name.
    """
    x, target, vectors = self.batch(index)
    vectors = [vectors] if vectors else []
    return _LOSSES[self.form](model, x, target, *vectors, **settings)

  def batch(
      self, index: tf.Tensor | np.ndarray
  ) -> tuple[tf.Tensor, tuple[tf.Tensor, ...], tuple[tf.Tensor, ...]]:
    """Returns x, target and vectors of some points, as the loss takes them."""
    index = _rows(index, len(self.x))
    x, target, vectors = self._tensors
    sampled = self.form != 'full'
    return (
        tf.gather(x, index),
        tuple(
            tf.gather(array, index, axis=int(sampled and k > 0))
            for k, array in enumerate(target)
        ),
        tuple(
            tf.gather(vector, index, axis=1) if own else vector
            for vector, own in zip(vectors, self._own, strict=True)
        ),
    )

  @functools.cached_property
  def _tensors(self):
    with tf.init_scope():  # Once, also if a tf.function asks first.
      return tf.nest.map_structure(
          tf.convert_to_tensor, (self.x, self.target, self.vectors)
      )

  @functools.cached_property
  def _own(self) -> list[bool]:
    shapes = _axes(self.form, self.x, self.target[0], len(self.vectors))
    return [
        vector.ndim == 2 + len(axes)
        for vector, axes in zip(self.vectors, shapes, strict=True)
    ]

  def save(self, path: os.PathLike[str] | str):
    """Writes an .npz file; one that is there stays until this one is whole."""
    partial = f'{os.fspath(path)}.{os.getpid()}.tmp'
    try:
      with open(partial, 'wb') as file:  # By a path NumPy adds a suffix.
        np.savez(
            file, form=np.array(self.form), x=self.x,
            **{f'target_{k}': array for k, array in enumerate(self.target)},
            **{f'vectors_{k}': array for k, array in enumerate(self.vectors)},
        )
      os.replace(partial, path)
    finally:
      with contextlib.suppress(FileNotFoundError):
        os.remove(partial)


def load(path: os.PathLike[str] | str) -> Recording:
  """Reads what `Recording.save` wrote; nothing is unpickled.

  Raises:
    ValueError: the file holds something else.
  """
  try:  # Not `np.load`, which reads other kinds of files too.
    with open(path, 'rb') as file:
      found = dict(np.lib.npyio.NpzFile(file, allow_pickle=False))
  except (EOFError, ValueError, zipfile.BadZipFile) as error:
    raise ValueError(
        f'path: expected a whole .npz file of numbers, got {path}: {error}'
    ) from error

  def numbered(name):
    count = sum(key.startswith(name) for key in found)
    return tuple(found[f'{name}{k}'] for k in range(count))

  try:
    form = str(found['form'])
    recording = Recording(
        form, found['x'], numbered('target_'), numbered('vectors_')
    )
    if form not in _LOSSES or not recording.target:
      raise KeyError('form')
  except KeyError as error:
    raise ValueError(
        f'path: {path} holds no recording, as it has no {error}'
    ) from None
  with arrays.naming('path'):
    _require_consistent(recording)
  return recording


def record(
    target: Any,
    x: np.ndarray,
    *,
    order: int | None = None,
    projections: Sequence[tf.Tensor | np.ndarray] | None = None,
    directions: Sequence[tf.Tensor | np.ndarray] | None = None,
    batch_size: int = 1024,
) -> Recording:
  """Asks a target at many points, a batch at a time.

  Give one of the order, for derivatives in full, the projections, for
  `projected_loss`, and the directions, for `directional_loss`.

  Args:
    target: a function, a network or a `targets.Target`.
    x: [N, D...], floating.
    order: K, 0 or more.
    projections: (v1, ..., vK): v1 [M, O...] or [M, N, O...], the others
      [M, D...] or [M, N, D...].
    directions: (u1, ..., uK), each [M, D...] or [M, N, D...].
    batch_size: points that are asked for together.

  Raises:
    ValueError: an argument does not fit; its message starts with the name.
  """
  given = {'full': order, 'projected': projections, 'directional': directions}
  given = {form: value for form, value in given.items() if value is not None}
  if len(given) != 1:
    raise ValueError(
        'order: expected one of order, projections and directions, got '
        f'{len(given)} of them'
    )
  batch_size = arrays.integer('batch_size', batch_size, 1)
  x = np.asarray(arrays.dense('x', x))
  if not x.ndim or not len(x):
    raise ValueError(f'x: expected points [N, D...], got {list(x.shape)}')
  (form, vectors), = given.items()
  name = 'projections' if form == 'projected' else 'directions'
  if form == 'full':
    order, vectors = arrays.integer('order', order, 0), ()
  else:
    arrays.require_tuple(name, vectors)
    order, vectors = len(vectors), tuple(
        np.asarray(arrays.dense(f'{name}[{k}]', v))
        for k, v in enumerate(vectors)
    )
  # The outputs' axes say which vectors are each point's own.
  first = np.asarray(targets.ask('full', target, tf.constant(x[:1]), 0)[0])
  shapes = _axes(form, x, first, len(vectors))
  own = [v.ndim == 2 + len(axes) for v, axes in zip(
      vectors, shapes, strict=True
  )]
  for k, vector in enumerate(vectors):
    if own[k] and vector.shape[1] != len(x):
      raise ValueError(
          f'{name}[{k}]: expected {len(x)} vectors of each kind, one per '
          f'point, got {vector.shape[1]}'
      )
  parts = []
  for start in range(0, len(x), batch_size):
    rows = slice(start, start + batch_size)
    batch = tuple(
        tf.constant(v[:, rows] if mine else v)
        for v, mine in zip(vectors, own, strict=True)
    )
    answer = tuple(
        np.asarray(a)
        for a in targets.ask(
            form, target, tf.constant(x[rows]), order, batch or None
        )
    )
    own_batch = tuple(np.asarray(v) for v in batch)
    with arrays.naming('target'):
      _require_consistent(Recording(form, x[rows], answer, own_batch))
      for k, array in enumerate(answer):
        arrays.require_finite(f'order {k} of points from {start} on', array)
    parts.append(answer)
  joined = tuple(
      np.concatenate(each, axis=int(form != 'full' and k > 0))
      for k, each in enumerate(zip(*parts, strict=True))
  )
  return Recording(form, x, joined, vectors)


def _rows(index: tf.Tensor | np.ndarray, count: int) -> tf.Tensor | np.ndarray:
  """Returns which points, having checked what is known before a graph runs."""
  index = arrays.dense('index', index)
  dtype, rank = tf.as_dtype(index.dtype), tf.TensorShape(index.shape).rank
  if not dtype.is_integer or rank not in (None, 1):
    raise ValueError(
        f'index: expected integers [B], got {dtype.name} {list(index.shape)}'
    )
  if not tf.is_symbolic_tensor(index):
    wrong = [i for i in np.asarray(index).tolist() if not 0 <= i < count]
    if wrong:
      raise ValueError(f'index: expected 0 to {count - 1}, got {wrong[0]}')
  return tf.cast(index, tf.int64)


def _require_consistent(recording: Recording):
  """Checks the arrays of a recording that was read."""
  form, x, target = recording.form, recording.x, recording.target
  for name, array in (('x', x), ('target_0', target[0])):
    if not arrays.dense(name, array).ndim:
      raise ValueError(f'{name}: expected the shape [N, ...], got []')
  count = 0 if form == 'full' else len(target) - 1
  if len(recording.vectors) != count:
    raise ValueError(
        f'vectors: expected {count}, as target has {len(target)} orders and '
        f'form is {form}, got {len(recording.vectors)}'
    )
  points, inputs, outputs = len(x), x.shape[1:], target[0].shape[1:]
  for k, array in enumerate(target):
    if form == 'full' or k == 0:
      expected = (points, *outputs, *inputs * k)
    else:
      axes = inputs if form == 'projected' else outputs
      expected = (*recording.vectors[k - 1].shape[:1], points, *axes)
    if array.shape != expected:
      raise ValueError(
          f'target_{k}: expected the shape {list(expected)}, got '
          f'{list(array.shape)}'
      )
  axes = _axes(form, x, target[0], count)
  for k, (vector, tail) in enumerate(zip(
      recording.vectors, axes, strict=True
  )):
    if vector.shape[1:] not in (tail, (points, *tail)):
      raise ValueError(
          f'vectors_{k}: expected the shape [M, *{list(tail)}] or '
          f'[M, {points}, *{list(tail)}], got {list(vector.shape)}'
      )


def _axes(
    form: str, x: np.ndarray, value: np.ndarray, count: int
) -> list[tuple[int, ...]]:
  """Returns the axes of the vectors of each order, without M and N."""
  inputs, outputs = x.shape[1:], value.shape[1:]
  return [
      outputs if form == 'projected' and k == 0 else inputs
      for k in range(count)
  ]
