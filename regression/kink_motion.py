# SPDX-License-Identifier: Apache-2.0
"""Measures which part of a Sobolev loss's derivative backpropagation sees.

    ./bazelw run //regression:train -- --functions=rosenbrock --size=10000
    ./bazelw run //regression:kink_motion

The gradient of a ReLU network jumps at its kinks. As its parameters change the
kinks move, and with them the gradient term, but at almost no single point: see
`theory.kinks`. Here both terms of the loss, means over many uniform points, are
differentiated along random directions of all parameters, by backpropagation and
by central differences. It prints for each network and term how large the former
are beside the latter (root mean squares), and the cosine of the two over the
directions; 1 and 1 where backpropagation sees all. Where it sees nothing the
cosine is 0, give or take 1 / sqrt(K). `halves`, the cosine of the differences
over both halves of the points, is 1 less their noise.

Axes: K directions, N points, D input.
"""

from experiment.startup import run_main

from collections.abc import Iterator
from collections.abc import Sequence
import dataclasses
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from experiment import config
from experiment import errors
from regression import datasets
from regression import ensemble as ensemble_lib
from regression import functions
from regression import networks
from regression import predict

_CHUNK = 10_000  # Points at a time.


@dataclasses.dataclass(frozen=True)
class Settings:
  """What to measure."""

  run: str = config.setting(
      'runs/regression', 'The folder of a finished run of //regression:train.'
  )
  directions: int = config.setting(64, 'K, random directions.', minimum=8)
  # Few kinks cross few points.
  points: int = config.setting(50_000, 'N, uniform points.', minimum=1000)
  step: float = config.setting(
      1e-3, "Of the differences, relative to the parameters' norms.",
      minimum=1e-6, maximum=0.1,
  )
  seed: int = config.setting(0, 'Of points and directions.', minimum=0)


class Share(NamedTuple):
  """Of a term's derivatives, by backpropagation beside differences.

  NaN where a term has none, as the gradient term of a network that is dead.
  """

  ratio: float  # Of their root mean squares.
  cosine: float  # Of their angle, over the directions.
  halves: float  # That of the differences over two halves of the points.


def _terms(
    parameters: networks.MLPParameters, data: datasets.Dataset, activation: str
) -> tf.Tensor:
  """The sums of both terms over the points, [2]."""
  with tf.GradientTape() as tape:
    tape.watch(data.x)
    value = networks.apply(parameters, data.x, activation)
  gradient = tape.gradient(value, data.x)
  return tf.stack([
      tf.reduce_sum((value - data.y) ** 2),
      tf.reduce_sum((gradient - data.gradient) ** 2),
  ])


@tf.function(autograph=False)
def _terms_and_gradients(parameters, data, activation):
  with tf.GradientTape(persistent=True) as tape:
    tape.watch(parameters)
    value, gradient = tf.unstack(_terms(parameters, data, activation))
  return [
      tape.gradient(
          term, parameters, unconnected_gradients=tf.UnconnectedGradients.ZERO
      )
      for term in (value, gradient)
  ]


_compiled_terms = tf.function(_terms, autograph=False)


def derivatives(
    parameters: networks.MLPParameters,
    activation: str,
    data: datasets.Dataset,
    directions: Sequence[networks.MLPParameters],
    step: float,
) -> tuple[np.ndarray, np.ndarray]:
  """Differentiates both terms, sums over the points, along directions.

  Args:
    parameters: of one network, float64.
    activation: a key of `networks.ACTIVATIONS`.
    data: x [N, D], y [N] and gradient [N, D], in the network's units.
    directions: K, each of the parameters' shapes.
    step: of the central differences.

  Returns:
    By backpropagation and by differences, each [2, K]: the value term, the
    gradient term.
  """
  def chunks():
    for first in range(0, len(data.x), _CHUNK):
      yield datasets.Dataset(
          *(tf.constant(a[first : first + _CHUNK], tf.float64) for a in data)
      )

  def at(distance, direction):
    moved = tf.nest.map_structure(
        lambda p, d: p + distance * d, parameters, direction
    )
    return sum(_compiled_terms(moved, c, activation) for c in chunks())

  seen = np.zeros([2, len(directions)])
  for chunk in chunks():
    for term, gradient in enumerate(
        _terms_and_gradients(parameters, chunk, activation)
    ):
      seen[term] += [
          sum(
              float(tf.reduce_sum(g * d))
              for g, d in zip(
                  tf.nest.flatten(gradient), tf.nest.flatten(d), strict=True
              )
          )
          for d in directions
      ]
  whole = [(at(step, d) - at(-step, d)) / (2 * step) for d in directions]
  return seen, np.transpose(whole)


def beside(
    parameters: networks.MLPParameters,
    activation: str,
    data: datasets.Dataset,
    directions: Sequence[networks.MLPParameters],
    step: float,
) -> list[Share]:
  """What backpropagation sees of both terms; arguments as `derivatives`."""
  middle = len(data.x) // 2
  halves = [
      derivatives(
          parameters, activation,
          datasets.Dataset(*(array[half] for array in data)),
          directions, step,
      )
      for half in (slice(middle), slice(middle, None))
  ]
  seen, whole = np.sum(halves, 0)
  with np.errstate(invalid='ignore', divide='ignore'):
    return [
        Share(
            float(np.sqrt(np.sum(seen[k] ** 2) / np.sum(whole[k] ** 2))),
            _cosine(seen[k], whole[k]),
            _cosine(*(differences[k] for _, differences in halves)),
        )
        for k in range(2)
    ]


def _cosine(a: np.ndarray, b: np.ndarray) -> float:
  return float(a @ b / np.sqrt((a @ a) * (b @ b)))


def _directions(
    parameters: networks.MLPParameters, count: int, random: np.random.Generator
) -> list[networks.MLPParameters]:
  """Normal directions, each tensor's as long as the tensor in the mean."""
  scales = tf.nest.map_structure(
      lambda p: np.sqrt(np.mean(np.square(p))), parameters
  )
  return [
      tf.nest.map_structure(
          lambda p, scale: scale * random.normal(size=p.shape),
          parameters, scales,
      )
      for _ in range(count)
  ]


def shares(
    ensemble: ensemble_lib.Ensemble, settings: Settings
) -> Iterator[tuple[ensemble_lib.Member, list[Share]]]:
  """Yields each network and the shares of its value and its gradient term.

  Raises:
    UserError: a network learnt from recorded points.
  """
  for index, member in enumerate(ensemble.members):
    if member.function not in functions.FUNCTIONS:
      raise errors.UserError(
          f'--run={settings.run}: learnt from {member.function}: expected a '
          'function of regression/functions.py, as new points are drawn'
      )
    random = np.random.default_rng([settings.seed, index])
    function = functions.FUNCTIONS[member.function]
    x = random.uniform(
        function.low, function.high, [settings.points, len(function.low)]
    )
    units = ensemble_lib.Units(*(array[index] for array in ensemble.units))
    data = units.standardise(
        datasets.Dataset(x, *function.value_and_gradient(x))
    )
    parameters = tf.nest.map_structure(
        lambda p: tf.cast(p, tf.float64), ensemble.parameters(index)
    )
    yield member, beside(
        parameters, ensemble.activation, data,
        _directions(parameters, settings.directions, random), settings.step,
    )


def main(_):
  settings = config.from_flags(Settings)
  for member, (value, gradient) in shares(
      predict.load(settings.run), settings
  ):
    print(
        f'{member.function} seed {member.seed}: '
        f'value term {describe(value)}; gradient term {describe(gradient)}',
        flush=True,
    )


def describe(share: Share) -> str:
  """A share in words."""
  if np.isnan(share.ratio):
    return 'without a derivative: is the network dead?'
  return ', '.join(
      f'{name} {number:.2f}' for name, number in share._asdict().items()
  )


if __name__ == '__main__':
  config.define_flags(Settings)
  run_main(main)
