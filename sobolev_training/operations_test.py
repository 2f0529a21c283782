# SPDX-License-Identifier: Apache-2.0
"""Operations: what is recorded, what moves, and what spoils it."""

from absl.testing import absltest
from absl.testing import parameterized
import tensorflow as tf

from sobolev_training import operations
from sobolev_training import testing


def sines(op, given):
  del given
  return op.type if op.type == 'Sin' else None


def spoiled_by_sines(f, mode, **settings):
  """Whether f(x) moves with x, and whether a sine is on the way."""
  found = []

  def run(x):
    with operations.recorded() as ops:
      y = f(x)
    moving = operations.spread(ops, [x], sines, **settings)
    found.append((y.ref() in moving, moving.get(y.ref()) is not None))
    return y

  testing.in_mode(mode, run)(tf.ones([3]))
  return found[-1]


@tf.custom_gradient
def own_gradient(x):
  return tf.sin(x), lambda upstream: upstream


class SpreadTest(parameterized.TestCase):

  @parameterized.product(
      mode=('graph', 'xla'),
      case=(
          (tf.sin, True, True),
          (tf.cos, True, False),
          (lambda x: tf.cos(x) + tf.sin(tf.ones([3])), True, False),
          (lambda x: tf.cos(tf.sin(x)) * 2, True, True),
          (lambda x: (tf.sin(x), tf.cos(x))[1], True, False),
          (lambda x: tf.sin(tf.stop_gradient(x)), False, False),
          (lambda x: tf.cast(tf.cast(tf.sin(x), tf.int32), tf.float32),
           False, False),
          (lambda x: tf.ones([3]), False, False),
          (tf.function(lambda x: tf.cos(tf.sin(x))), True, True),
          (tf.function(tf.function(tf.cos)), True, False),
          (tf.function(lambda x: tf.cos(x) * tf.sin(tf.ones([3]))),
           True, False),
          (lambda x: tf.cond(
              x[0] > 0, lambda: tf.sin(x), lambda: x), True, True),
          (lambda x: tf.cond(
              x[0] > 0, lambda: tf.cos(x), lambda: x), True, False),
          (lambda x: tf.map_fn(tf.sin, x), True, True),
          (lambda x: tf.map_fn(tf.cos, x), True, False),
          # Only in its second round does what is a sine reach the result.
          (lambda x: tf.while_loop(
              lambda i, a, b: i < 3,
              lambda i, a, b: (i + 1, b, tf.sin(x)),
              [0, x, x])[1], True, True),
      ),
  )
  def test_what_moves_and_what_spoils_it(self, mode, case):
    f, moves, spoiled = case
    self.assertEqual(spoiled_by_sines(f, mode), (moves, spoiled))

  @parameterized.parameters('graph', 'xla')
  def test_custom_gradients(self, mode):
    self.assertEqual(spoiled_by_sines(own_gradient, mode), (True, False))
    self.assertEqual(
        spoiled_by_sines(own_gradient, mode, custom_gradients=False),
        (True, True),
    )


class RecordedTest(absltest.TestCase):

  def test_nothing_is_recorded_outside(self):
    with tf.Graph().as_default():
      with operations.recorded() as outer:
        x = tf.sin(tf.ones([2]))
        with operations.recorded() as inner:
          tf.cos(x)
      tf.tan(x)
    self.assertEqual([op.type for op in inner], ['Cos'])
    self.assertEqual([op.type for op in outer][-2:], ['Sin', 'Cos'])


class GradientsTest(parameterized.TestCase):

  @parameterized.parameters(
      ('Sin', False), ('Floor', False), ('OnesLike', False),
      ('SoftsignGrad', True), ('HSVToRGB', True), ('PreventGradient', True),
  )
  def test_has_no_gradient(self, kind, expected):
    self.assertEqual(operations.has_no_gradient(kind), expected)

  @parameterized.product(
      nested=(False, True),
      case=((tf.nn.softsign, 'SoftsignGrad'), (tf.tanh, None)),
  )
  def test_cannot_be_differentiated(self, nested, case):
    f, expected = case
    found = []

    def run(x):
      with tf.GradientTape() as tape:
        tape.watch(x)
        y = (tf.function(f) if nested else f)(x)
      with operations.recorded() as ops:
        gradient = tape.gradient(y, x)
      found.append(operations.cannot_be_differentiated(ops))
      return gradient

    testing.in_mode('graph', run)(tf.ones([3]))
    self.assertEqual(found[-1], expected)
    self.assertIsNone(
        operations.cannot_be_differentiated([], but=['SoftsignGrad'])
    )


if __name__ == '__main__':
  absltest.main()
