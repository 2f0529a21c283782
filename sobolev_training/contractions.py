# SPDX-License-Identifier: Apache-2.0
"""Projections of derivatives that are at hand in full, such as recorded ones.

`derivatives` computes the same projections of a function without its full
derivatives. Axes: B batch, D... input, O... outputs, M projections or
directions, K the order.
"""

from collections.abc import Sequence

import tensorflow as tf

from sobolev_training import arrays


def project(
    derivatives: Sequence[tf.Tensor], projections: Sequence[tf.Tensor]
) -> tuple[tf.Tensor, ...]:
  """Projects as `derivatives.value_and_projected`: v1 takes the outputs.

  Args:
    derivatives: (f, D f, ..., D^K f): [B, O...], [B, O..., D...], and so on.
    projections: (v1, ..., vK): v1 [M, O...] or [M, B, O...], the others
      [M, D...] or [M, B, D...].

  Returns:
    f [B, O...], then <D f, v1>, <<D^2 f, v1>, v2>, ..., K tensors [M, B, D...].
  """
  arrays.require_tuple('projections', projections)
  value, *rest = derivatives = _tensors(derivatives, len(projections))
  outputs, inputs = _axes(derivatives)
  shapes_in_turn = [outputs] + [inputs] * len(projections)
  results = [value]
  for k, derivative in enumerate(rest, start=1):
    field = arrays.flat(derivative, *shapes_in_turn[:k + 1])
    equation = 'bi...,mbi->mb...'
    for j in range(k):
      v = arrays.vectors(
          f'projections[{j}]', projections[j], value, shapes_in_turn[j]
      )
      field = tf.einsum(equation, _paired(f'projections[{j}]', field, v, j), v)
      equation = 'mbi...,mbi->mb...'
    results.append(_unflat(field, inputs))
  return tuple(results)


def contract(
    derivatives: Sequence[tf.Tensor], directions: Sequence[tf.Tensor]
) -> tuple[tf.Tensor, ...]:
  """Contracts as `derivatives.value_and_directional`: u1 takes the inputs.

  Args:
    derivatives: (f, D f, ..., D^K f): [B, O...], [B, O..., D...], and so on.
    directions: (u1, ..., uK), each [M, D...] or [M, B, D...].

  Returns:
    f [B, O...], then (D f) u1, (D^2 f)[u1, u2], ..., K tensors [M, B, O...].
  """
  arrays.require_tuple('directions', directions)
  value, *rest = derivatives = _tensors(derivatives, len(directions))
  outputs, inputs = _axes(derivatives)
  results = [value]
  for k, derivative in enumerate(rest, start=1):
    field = arrays.flat(derivative, outputs, *[inputs] * k)
    equation = 'boi...,mbi->mbo...'
    for j in range(k):
      u = arrays.vectors(f'directions[{j}]', directions[j], value, inputs)
      field = tf.einsum(equation, _paired(f'directions[{j}]', field, u, j), u)
      equation = 'mboi...,mbi->mbo...'
    results.append(_unflat(field, outputs))
  return tuple(results)


def _paired(
    name: str, field: tf.Tensor, vectors: tf.Tensor, before: int
) -> tf.Tensor:
  """Returns M fields [M, B, ...], or one for all as M, for M vectors.

  Args:
    name: the vectors'.
    field: [M or 1, B, ...], or [B, ...] before any vector.
    vectors: [M, B, size].
    before: how many vectors of each kind it is contracted with.
  """
  if not before:
    return field
  fields, count = field.shape[0], vectors.shape[0]
  if fields not in (1, count):
    raise ValueError(
        f'{name}: expected {fields} vectors (M), as many as for the order '
        f'before, got {count}'
    )
  return field if fields == count else tf.repeat(field, count, 0)


def _tensors(derivatives: Sequence[tf.Tensor], order: int) -> list[tf.Tensor]:
  """Returns f, D f, ..., D^K f, having checked that they are there."""
  arrays.require_tuple('derivatives', derivatives)
  if len(derivatives) <= order:
    raise ValueError(
        f'derivatives: expected f and {order} orders, {order + 1} tensors, got '
        f'{len(derivatives)}'
    )
  return [
      tf.convert_to_tensor(arrays.dense(f'derivatives[{k}]', derivative))
      for k, derivative in enumerate(derivatives[:order + 1])
  ]


def _axes(derivatives: list[tf.Tensor]) -> tuple[list[int], list[int]]:
  """Returns the axes of the outputs and of the input."""
  outputs = derivatives[0].shape[1:]
  inputs = derivatives[1].shape[1 + outputs.rank:] if derivatives[1:] else []
  outputs, inputs = list(outputs), list(inputs)
  for k, derivative in enumerate(derivatives):
    expected = outputs + k * inputs
    if not derivative.shape[1:].is_compatible_with(expected):
      raise ValueError(
          f'derivatives[{k}]: expected [B, O...] and {k} times D..., with '
          f'O... = {outputs} and D... = {inputs}, got {arrays.text(derivative)}'
      )
  return outputs, inputs


def _unflat(field: tf.Tensor, shape: list[int]) -> tf.Tensor:
  """Reshapes [M, B, size] to [M, B, *shape]."""
  batch = field.shape[1]
  batch = tf.shape(field)[1] if batch is None else batch
  return tf.reshape(field, [field.shape[0], batch, *shape])
