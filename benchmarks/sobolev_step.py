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
from benchmarks import problem
from benchmarks import program
from benchmarks import timing
from experiment import config
from regression import training

# Matrix products in a step, of the sizes B D H and B H H.
_PRODUCTS = {
    # Forward and the weights; for the second layer backward, too.
    'regular': (2, 3),
    # For the first layer also the gradient in x and its residuals' way in.
    'Sobolev': (4, 3),
    # Forward, the gradient in x, and two for each on the way back; but the way
    # back ends before x.
    'Sobolev by tapes': (5, 6),
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
      (20, 32, 100, 256, 1000), 'Points a step.', minimum=1
  )
  goal: float = config.setting(
      1.2, 'The ratio to stay below from a batch of 32 on.', above=0
  )


def multiplications(batch: int, method: str) -> int:
  """Multiplications in the matrix products of a step, by counting.

  Args:
    batch: points a step.
    method: a key of `_PRODUCTS`.
  """
  inputs, first, second, _ = problem.SIZES
  small, large = _PRODUCTS[method]
  return batch * (small * inputs * first + large * first * second)


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
  methods = {
      'regular': training.Method(gradient_weight=0.0),
      'Sobolev': training.Method(),
      'regular by tapes': training.Method(
          gradient_weight=0.0, activation=problem.TAPES
      ),
      'Sobolev by tapes': training.Method(activation=problem.TAPES),
  }
  return {
      **{name: problem.trainer(*start, m) for name, m in methods.items()},
      'products': _product_runner(batch),
  }


def _ratio_row(batch, cpu) -> list[str]:
  row = [str(batch), f'{1e6 * np.median(cpu["regular"]):.0f}']
  for name in ('Sobolev', 'Sobolev by tapes'):
    counted = multiplications(batch, name) / multiplications(batch, 'regular')
    row += [str(timing.ratio(cpu[name], cpu['regular'])), f'{counted:.2f}']
  return [*row, str(timing.ratio(cpu['regular by tapes'], cpu['regular']))]


def _share_row(batch, cpu) -> list[str]:
  operations = 2 * 3 * batch * problem.SIZES[1] ** 2
  rate = operations / np.median(cpu['products']) / 1e9
  names = ('regular', 'Sobolev', 'regular by tapes')
  shares = (timing.ratio(cpu['products'], cpu[name]) for name in names)
  return [str(batch), f'{rate:.0f}', *map(str, shares)]


def _goals(cpu, bound) -> str:
  to_ours, to_faster = {}, {}
  for batch, times in cpu.items():
    if batch >= 32:
      case = f'batch {batch}'
      regular = times['regular']
      faster = np.minimum(regular, times['regular by tapes'])
      to_ours[case] = timing.ratio(times['Sobolev'], regular)
      to_faster[case] = timing.ratio(times['Sobolev'], faster)
  if not to_ours:
    return ''
  text = f'From a batch of 32 on, Sobolev at most {bound} times'
  return '\n'.join((
      document.goal(f'{text} regular', to_ours, bound),
      document.goal(f'{text} the faster of both regular', to_faster, bound),
  ))


def measure(settings: Settings) -> str:
  """Returns the section."""
  cpu = {
      batch: timing.time_steps(
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
  goals = _goals(cpu, settings.goal)
  parts = (_TEXT, ratios, goals, _SHARE_TEXT, shares)
  return '\n\n'.join(filter(None, parts))


if __name__ == '__main__':
  run_main(program.main('sobolev_step', Settings, measure))
