# SPDX-License-Identifier: Apache-2.0
"""Times a Sobolev step against a regular one, and both against arithmetic.

    ./bazelw run //benchmarks:sobolev_step -- --docs=docs/benchmarks.md
"""

from experiment.startup import run_main

from collections.abc import Callable
import dataclasses

import numpy as np
import tensorflow as tf

from benchmarks import document
from benchmarks import multiply_adds
from benchmarks import problem
from benchmarks import program
from benchmarks import timing
from experiment import config
from regression import training

_GOAL = 1.2  # Sobolev's step over a regular one, at most, ...
_GOAL_FROM = 32  # ... from this batch size on.

_METHODS = {
    **problem.METHODS,
    **{
        f'{name} by tapes': method._replace(activation=problem.TAPES)
        for name, method in problem.METHODS.items()
    },
}

_TEXT = """\
## A Sobolev step against a regular step

A 2-256-256-1 ReLU network learns with Adam from all points, many steps in one
compiled program on one thread (`regression/training.py`). *Regular* learns from
values, *Sobolev* from values and gradients, with the three-product gradient of
`sobolev_training/piecewise_linear.py`. *By tapes* is the same mathematics with
TensorFlow's tapes, nested for Sobolev. *Counted* is what the ratio would be if
a step were its multiplications and nothing else."""

_SHARE_TEXT = """\
*Products* is the rate of the three large matrix products of a step alone, at
the same shapes, in a TensorFlow loop. The other columns are the share of a step
that they would take. The rest is work element by element and the optimiser,
which reads and writes four arrays as large as the weights."""


@dataclasses.dataclass(frozen=True)
class Settings(program.Settings):
  """What to measure."""

  batches: tuple[int, ...] = config.setting(
      (20, 32, 100, 256, 1000), 'Batch sizes.', 'points', minimum=1
  )


def multiplications(batch: int, method: training.Method) -> int:
  """Multiplications in the matrix products of a step."""
  state, batches = problem.make(batch)
  data = batches.x, batches.y, batches.gradient
  return multiply_adds.of_call(
      lambda: training.loss_and_gradients(state.parameters, *data, method)[1]
  )


@tf.function(autograph=False)
def _products(a, b, weight, steps):
  """Products [B, H] [H, H], [B, H] [H, H]^T and [B, H]^T [B, H] a step."""

  def body(step, a, b, _):
    return (
        step + 1,
        tf.matmul(b, weight, transpose_b=True),
        tf.matmul(a, weight),
        tf.matmul(a, b, transpose_a=True),
    )

  return tf.while_loop(lambda step, *_: step < steps, body, (0, a, b, weight))


def _product_runner(batch) -> Callable[[int], object]:
  hidden = problem.SIZES[1]
  a, b = tf.unstack(tf.random.stateless_normal((2, batch, hidden), (0, 1)))
  # Orthogonal, so that the numbers neither grow nor vanish.
  weight, _ = tf.linalg.qr(tf.random.stateless_normal((hidden, hidden), (0, 2)))
  return lambda steps: _products(a, b, weight, tf.constant(steps))[3].numpy()


def _sides(batch) -> dict[str, Callable[[int], object]]:
  start = problem.make(batch)
  return {
      **{name: problem.trainer(*start, m) for name, m in _METHODS.items()},
      'products': _product_runner(batch),
  }


def _ratio_row(batch, cpu) -> list[str]:
  counted = {name: multiplications(batch, m) for name, m in _METHODS.items()}
  row = [str(batch), f'{1e6 * np.median(cpu["regular"]):.0f}']
  for name in ('Sobolev', 'Sobolev by tapes'):
    row += [
        str(timing.ratio(cpu[name], cpu['regular'])),
        f'{counted[name] / counted["regular"]:.2f}',
    ]
  return [*row, str(timing.ratio(cpu['regular by tapes'], cpu['regular']))]


def _share_row(batch, cpu) -> list[str]:
  operations = 2 * 3 * batch * problem.SIZES[1] ** 2
  rate = operations / np.median(cpu['products']) / 1e9
  names = ('regular', 'Sobolev', 'regular by tapes')
  shares = (timing.ratio(cpu['products'], cpu[name]) for name in names)
  return [str(batch), f'{rate:.0f}', *map(str, shares)]


def _goals(cpu) -> str:
  to_ours, to_faster = {}, {}
  for batch, times in cpu.items():
    if batch >= _GOAL_FROM:
      case = f'batch {batch}'
      regular = times['regular']
      faster = np.minimum(regular, times['regular by tapes'])
      to_ours[case] = timing.ratio(times['Sobolev'], regular)
      to_faster[case] = timing.ratio(times['Sobolev'], faster)
  if not to_ours:
    return ''
  text = f'From a batch of {_GOAL_FROM} on, Sobolev at most {_GOAL} times'
  return '\n'.join((
      document.goal(f'{text} regular', to_ours, _GOAL),
      document.goal(f'{text} the faster of both regular', to_faster, _GOAL),
  ))


def measure(settings: Settings) -> str:
  """Returns the section."""
  cpu = {
      batch: timing.cpu_of_steps(
          _sides(batch), settings.seconds, settings.rounds
      )
      for batch in settings.batches
  }
  ratios = document.table(
      (
          'batch',
          'regular, µs',
          'Sobolev / regular',
          'counted',
          'Sobolev by tapes / regular',
          'counted',
          'regular by tapes / regular',
      ),
      [_ratio_row(batch, cpu[batch]) for batch in cpu],
  )
  shares = document.table(
      ('batch', 'products, GFLOP/s', 'regular', 'Sobolev', 'regular by tapes'),
      [_share_row(batch, cpu[batch]) for batch in cpu],
  )
  parts = (_TEXT, ratios, _goals(cpu), _SHARE_TEXT, shares)
  return '\n\n'.join(filter(None, parts))


if __name__ == '__main__':
  run_main(program.main('sobolev_step', Settings, measure))
