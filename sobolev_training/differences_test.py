# SPDX-License-Identifier: Apache-2.0
"""Differences against their formula in NumPy, and what they see of kinks."""

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np
import tensorflow as tf

from sobolev_training import derivatives
from sobolev_training import differences
from sobolev_training import testing


def points(axes, batch=3, seed=1):
  return np.random.default_rng(seed).normal(size=(batch, *axes))


class DifferencesTest(parameterized.TestCase):

  @parameterized.parameters(*testing.MODES)
  def test_differences(self, mode):
    # Their formula, in NumPy.
    network = testing.SmoothNetwork((2, 3), (4,))
    x, half = points((2, 3)), 0.3
    u = np.random.default_rng(2).normal(size=[5, 3, 2, 3])
    value, full = testing.in_mode(
        mode, lambda x: differences.value_and_differences(network, x, half)
    )(tf.constant(x))
    testing.assert_close(value, network.numpy(x), testing.SAME_FLOAT64)
    expected = testing.per_example(network.numpy, x, step=half)
    testing.assert_close(full, expected, testing.SAME_FLOAT64)
    value, along = testing.in_mode(
        mode,
        lambda x: differences.value_and_differences(network, x, half, (u,)),
    )(tf.constant(x))
    testing.assert_close(value, network.numpy(x), testing.SAME_FLOAT64)
    expected = np.stack([
        (network.numpy(x + half * v) - network.numpy(x - half * v)) / 2 / half
        for v in u
    ])
    testing.assert_close(along, expected, testing.SAME_FLOAT64)

  def test_parameter_gradient_sees_kinks_move(self):
    kink = tf.Variable(0.2, dtype=tf.float64)
    x = tf.constant([-1.0, 0.15, 0.28, 1.0], tf.float64)

    def f(x):
      return tf.nn.relu(x - kink)

    with tf.GradientTape(persistent=True) as tape:
      _, slope = differences.value_and_differences(f, x, 0.1)
      _, gradient = derivatives.value_and_gradient(f, x)
    testing.assert_close(slope, [0, 0.25, 0.9, 1], testing.SAME_FLOAT64)
    testing.assert_close(gradient, [0, 0, 1, 1], testing.SAME_FLOAT64)
    # Those of the two points that have the kink between their ends.
    testing.assert_close(
        tape.gradient(slope, kink), -2 / 0.2, testing.SAME_FLOAT64
    )
    testing.assert_close(tape.gradient(gradient, kink), 0, 0)

  @parameterized.parameters(1e-9, 1e-50)
  def test_half_width_that_rounding_would_take(self, half):
    x = tf.constant(points((2,)), tf.float32)

    def call(x):
      return differences.value_and_differences(tf.sin, x, half)

    message = 'half_width: points x . .* are not told apart by float32'
    with self.assertRaisesRegex(ValueError, f'^{message}'):
      call(x)
    with self.assertRaisesRegex(
        (ValueError, tf.errors.InvalidArgumentError), message
    ):
      testing.in_mode('graph', call)(x)

  @parameterized.parameters('eager', 'graph')
  def test_types_within_the_function(self, mode):
    def through(*types):
      def f(x):
        for dtype in types:
          x = tf.cast(x, dtype)
        return x

      return testing.in_mode(mode, lambda x: (
          differences.value_and_differences(f, x, 0.01)))

    near, far = (tf.constant([[at]], tf.float64) for at in (0.1, 1e5))
    _, slope = through(tf.float32, tf.float64)(near)
    testing.assert_close(slope, np.ones([1, 1, 1]), 1e-4)
    with self.assertRaisesRegex(Exception, 'half_width: .* by float32'):
      through(tf.float32, tf.float64)(far)
    _, slope = through()(far)
    testing.assert_close(slope, np.ones([1, 1, 1]), 1e-8)
    # A mixed policy's, whose values are float32 again.
    for narrow in (tf.bfloat16, tf.float16):
      with self.assertRaisesRegex(ValueError, '^f: .* with 16 bits'):
        through(tf.float32, narrow, tf.float32)(near)
      with self.assertRaisesRegex(ValueError, '^f: .* with 16 bits'):
        through(tf.float64)(tf.cast(near, narrow))

  def test_types_that_do_not_lead_to_the_value(self):
    def f(x):
      tf.cast(x, tf.float16)
      return tf.cast(2 * x, tf.float64)

    _, slope = differences.value_and_differences(f, tf.ones([2, 1]), 0.1)
    testing.assert_close(slope, np.full([2, 1, 1], 2), testing.SAME_FLOAT32)

  def test_what_has_no_derivative_is_refused(self):
    with self.assertRaisesRegex(ValueError, '^f: .* no derivative of HSVToRGB'):
      differences.value_and_differences(
          tf.image.hsv_to_rgb, tf.fill([4, 3], 0.3), 0.1
      )

  def test_other_inputs_stay_those_of_the_batch(self):
    others = tf.constant([[1.0], [2.0], [3.0]])
    _, slope = differences.value_and_differences(
        lambda x: x * others, tf.ones([3, 1]), 0.1
    )
    testing.assert_close(slope, others[..., None], testing.SAME_FLOAT32)

  @parameterized.parameters(0, 4)
  def test_unknown_batch_size(self, size):
    weight = tf.constant(points((3,), 2))

    def run(x):
      return differences.value_and_differences(
          lambda x: tf.tanh(x @ weight), x, 0.1
      )

    x = tf.constant(points((2,), size))
    signature = [tf.TensorSpec([None, 2], tf.float64)]
    testing.assert_close(
        tf.function(run, input_signature=signature)(x), run(x),
        testing.SAME_FLOAT64,
    )

  def test_errors_name_the_argument(self):
    x, call = tf.ones([4, 2]), differences.value_and_differences
    for half in (0, -1.0, np.nan, np.inf, 10**400, True, None):
      with self.assertRaisesRegex(ValueError, '^half_width: expected a pos'):
        call(tf.sin, x, half)
    with self.assertRaisesRegex(ValueError, '^half_width: 1e.300 is too large'):
      call(tf.sin, x, 1e300)
    with self.assertRaisesRegex(ValueError, '^directions: expected a tuple'):
      call(tf.sin, x, 0.1, tf.ones([4, 2]))
    with self.assertRaisesRegex(ValueError, '^directions: .* got 2 entries'):
      call(tf.sin, x, 0.1, (tf.ones([4, 2]),) * 2)
    with self.assertRaisesRegex(ValueError, r'^directions\[0\]: .*M, 4, 2\]'):
      call(tf.sin, x, 0.1, (tf.ones([2]),))
    with self.assertRaisesRegex(ValueError, '^directions: x has 784 inputs'):
      call(tf.sin, tf.ones([4, 28, 28]), 0.1)


if __name__ == '__main__':
  absltest.main()
