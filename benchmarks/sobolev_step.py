"""Times a Sobolev step against a regular one, and both against arithmetic.

    ./bazelw run //benchmarks:sobolev_step -- --docs=docs/benchmarks.md

A step is one of `regression.training.train`: one 2-256-256-1 network, Adam, all
points, one thread.
"""

from collections.abc import Callable
import dataclasses
import functools

import tensorflow as tf

from benchmarks import document
from benchmarks import problem
from benchmarks import program
from benchmarks import timing
from regression import training
from sobolev_training.experiment import config

GOAL = 1.2

_TEXT = """\
## A Sobolev step against a regular step

Both train one 2-256-256-1 ReLU network with Adam on all points, many steps in
one compiled program, on one thread (`regression/training.py`). *Regular* learns
from values, *Sobolev* from values and gradients with the three-product gradient
of `sobolev_training/piecewise_linear.py`; *by tapes* is the same mathematics
with TensorFlow's tapes, nested for Sobolev Training."""

_ARITHMETIC = """\
Multiplications in a step, by counting: {counts}.
*Products* is the time of the three large products of a step alone, at the same
shapes, one after the other in TensorFlow; *share* is how much of a step that
is. The rest is the optimiser, which reads and writes four arrays as large as the
weights, and what is done element by element."""


@dataclasses.dataclass(frozen=True)
class Settings(program.Settings):
  """What to measure."""

  batches: tuple[int, ...] = config.setting(
      (20, 32, 100, 256, 1000), 'Batch sizes.', minimum=1
  )


def multiplications(
    batch: int, sizes: tuple[int, ...], method: str
) -> int:
  """Multiplications in the matrix products of a step's gradient.

  Args:
    batch: points a step.
    sizes: D, H_1, ..., H_L, 1; the readout's products, one column wide, are
      left out.
    method: 'regular', 'sobolev' (three products a layer) or 'tapes' (nested).
  """
  layers = [a * b for a, b in zip(sizes[:-2], sizes[1:-1], strict=True)]
  first, hidden = layers[0], sum(layers[1:])
  # Forward and weights, and for hidden layers backward. Sobolev: the input
  # gradient and the residual's way in. Tapes do each of these twice.
  products = {
      'regular': (2, 3),
      'sobolev': (4, 3),
      'tapes': (5, 6),
  }
  of_first, of_hidden = products[method]
  return batch * (of_first * first + of_hidden * hidden)


@tf.function
def _products(a, b, weight, steps):
  """Three products [B, H] [H, H], [B, H] [H, H]^T, [B, H]^T [B, H] a step."""

  def body(step, a, b, _):
    return (
        step + 1,
        tf.matmul(b, weight, transpose_b=True),
        tf.matmul(a, weight),
        tf.matmul(a, b, transpose_a=True),
    )

  return tf.while_loop(
      lambda step, *_: step < steps, body, (0, a, b, weight)
  )


def _product_runner(batch) -> Callable[[int], object]:
  hidden = problem.SIZES[1]
  a, b = tf.random.stateless_normal((2, batch, hidden), (0, 1))
  # Orthogonal, so that the numbers stay as large as they are.
  weight, _ = tf.linalg.qr(tf.random.stateless_normal((hidden, hidden), (0, 2)))
  return lambda steps: _products(a, b, weight, tf.constant(steps))[3].numpy()


def sides(batch: int) -> dict[str, Callable[[int], object]]:
  """What is timed at a batch size: each does a number of steps."""
  start = problem.make(batch)
  methods = {
      'regular': training.Method(gradient_weight=0.0),
      'sobolev': training.Method(),
      'regular by tapes': training.Method(
          gradient_weight=0.0, activation=problem.TAPES
      ),
      'sobolev by tapes': training.Method(activation=problem.TAPES),
  }
  return {
      **{name: problem.trainer(*start, m) for name, m in methods.items()},
      'products': _product_runner(batch),
  }


def measure(settings: Settings) -> str:
  """Returns the section."""
  times_rows, share_rows, ratios = [], [], {}
  for batch in settings.batches:
    runs = sides(batch)
    steps = timing.steps_for(settings.seconds, runs['regular'])
    times = timing.interleave(
        {name: functools.partial(run, steps) for name, run in runs.items()},
        settings.rounds,
    )
...
