# SPDX-License-Identifier: Apache-2.0
"""Times second-order terms of a smooth network: one projection, or all of it.

    ./bazelw run //benchmarks:second_order -- --docs=docs/benchmarks.md
"""

from experiment.startup import run_main

from collections.abc import Callable
from collections.abc import Sequence
import dataclasses

import numpy as np
import sonnet as snt
import tensorflow as tf

from benchmarks import document
from benchmarks import program
from benchmarks import timing
from experiment import config
from sobolev_training import losses
from sobolev_training import projections
from sobolev_training import terms

_TEXT = """\
## Second-order terms

Steps of gradient descent on the losses of `sobolev_training/losses.py`, many in
one compiled program on one core: an MLP with {settings.inputs} inputs, {hidden}
softplus units and {settings.outputs} outputs on {settings.batch} points.
*Projected* is eq. 2 with one vector for each order, *directional* takes the
derivatives along one direction of the input, and *full* is the whole Jacobian
or Hessian of eq. 1. The ratios are to a step that learns values alone, which
takes {value:.0f} µs."""


@dataclasses.dataclass(frozen=True)
class Settings(program.Settings):
  """What to measure."""

  rounds: int = config.setting(7, 'How often each side runs.', minimum=1)
  seconds: float = config.setting(
      0.02, 'CPU time of the fastest side in a round.', 's', above=0
  )
  batch: int = config.setting(100, 'Batch size.', 'points', minimum=1)
  inputs: int = config.setting(10, 'D, inputs of the network.', minimum=1)
  outputs: int = config.setting(10, 'O, its outputs.', minimum=1)
  hidden: tuple[int, ...] = config.setting(
      (256, 256), 'Number of units per hidden layer.', minimum=1
  )


_KINDS = ('projected', 'directional', 'full')

# From a model and points to the loss of each example.
_Loss = Callable[[Callable, tf.Tensor], terms.SobolevLoss]


def _make_losses(settings: Settings) -> dict[str, _Loss]:
  """The losses; what the targets are does not change the time."""
  inputs, outputs = [settings.inputs], [settings.outputs]
  batch = [settings.batch]

  def targets(*shapes):
    return tuple(map(tf.zeros, shapes))

  def full(order):
    shapes = [batch + outputs + k * inputs for k in range(order + 1)]
    return lambda model, x: losses.full_loss(
        model, x, targets(*shapes), weights=_weights(order)
    )

  def along(order, loss, directions, shape):
    vectors = _directions(directions[:order])
    shapes = [batch + outputs] + order * [[1] + batch + shape]
    return lambda model, x: loss(
        model, x, targets(*shapes), vectors, weights=_weights(order)
    )

  made = {'value': full(0)}
  for k in (1, 2):
    made[f'projected {k}'] = along(
        k, losses.projected_loss, [outputs, inputs], inputs
    )
    made[f'directional {k}'] = along(
        k, losses.directional_loss, [inputs, inputs], outputs
    )
    made[f'full {k}'] = full(k)
  return made


def _weights(order: int) -> list[float]:
  """Values and the highest order."""
  return [1.0] if order == 0 else [1.0] + (order - 1) * [0.0] + [1.0]


def _directions(shapes: Sequence[list[int]]) -> list[tf.Tensor]:
  return [
      projections.sample(shape, seed=projections.make_seed(k))
      for k, shape in enumerate(shapes)
  ]


def _trainer(loss: _Loss, settings: Settings) -> Callable[[int], object]:
  """Takes a number of steps."""
  model = snt.nets.MLP(
      [*settings.hidden, settings.outputs], activation=tf.nn.softplus
  )
  x = tf.random.stateless_normal((settings.batch, settings.inputs), (0, 1))
  model(x)
  optimizer = snt.optimizers.SGD(1e-3)

  def body(step):
    with tf.GradientTape() as tape:
      mean = tf.reduce_mean(loss(model, x).total)
    variables = model.trainable_variables
    optimizer.apply(tape.gradient(mean, variables), variables)
    return (step + 1,)

  @tf.function(autograph=False, jit_compile=True)
  def train(steps):
    tf.while_loop(lambda step: step < steps, body, (0,))
    return tf.reduce_sum(model(x))

  return lambda steps: train(tf.constant(steps)).numpy()


def measure(settings: Settings) -> str:
  """Returns the section."""
  sides = {
      name: _trainer(loss, settings)
      for name, loss in _make_losses(settings).items()
  }
  cpu = timing.cpu_of_steps(sides, settings.seconds, settings.rounds)
  ratios = {name: timing.ratio(t, cpu['value']) for name, t in cpu.items()}
  rows = [(k, *(ratios[f'{kind} {k}'] for kind in _KINDS)) for k in (1, 2)]
  text = _TEXT.format(
      settings=settings,
      hidden=' x '.join(map(str, settings.hidden)),
      value=1e6 * np.median(cpu['value']),
  )
  return f'{text}\n\n{document.table(("order", *_KINDS), rows)}'


if __name__ == '__main__':
  run_main(
      program.main('second_order', Settings, measure, packages=('dm-sonnet',))
  )
