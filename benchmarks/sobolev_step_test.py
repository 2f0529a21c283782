# SPDX-License-Identifier: Apache-2.0
"""Tests for sobolev_step."""

from absl.testing import absltest
from absl.testing import parameterized
import tensorflow as tf

from benchmarks import problem
from benchmarks import sobolev_step
from regression import training

_BATCH = 7


def _count(graph) -> int:
  """Multiplications in the matrix products that a graph's outputs need."""
  total, seen = 0, set()
  waiting = [tensor.op for tensor in graph.outputs]
  while waiting:
    op = waiting.pop()
    if op in seen:
      continue
    seen.add(op)
    waiting += [tensor.op for tensor in op.inputs]
    if 'MatMul' in op.type:
      rows, columns = op.outputs[0].shape[-2:]
      inner = op.inputs[0].shape.num_elements() // rows
      total += rows * columns * inner
  return total


class SobolevStepTest(parameterized.TestCase):

  @parameterized.parameters(
      ('regular', training.Method(gradient_weight=0.0)),
      ('Sobolev', training.Method()),
      ('Sobolev by tapes', training.Method(activation=problem.TAPES)),
  )
  def test_multiplications_are_those_of_the_graph(self, name, method):
    state, batches = problem.make(_BATCH)

    @tf.function
    def gradients():
      return training.loss_and_gradients(
          state.parameters, batches.x, batches.y, batches.gradient, method
      )[1]

    self.assertEqual(
        sobolev_step.multiplications(_BATCH, name),
        _count(gradients.get_concrete_function().graph),
    )

  def test_a_tiny_run(self):
    section = sobolev_step.measure(
        sobolev_step.Settings(batches=(33,), rounds=1, seconds=1e-3)
    )
    rows = [line for line in section.splitlines() if line.startswith('| 33 |')]
    self.assertLen(rows, 2)
    self.assertRegex(section, r'1\.2 times regular: \*\*.* at batch 33\.')


if __name__ == '__main__':
  absltest.main()
