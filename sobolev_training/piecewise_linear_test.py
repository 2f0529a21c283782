# SPDX-License-Identifier: Apache-2.0
from absl.testing import absltest
from absl.testing import parameterized
import numpy as np
import tensorflow as tf

from sobolev_training import piecewise_linear

# Both sides are float64 sums of some thousand terms of order 1.
_ROUNDING = 1e-12
# Central differences with step 1e-6 of a function of order 1: 1e-6^2 of
# truncation and 1e-16 / 1e-6 of rounding.
_DIFFERENCES = 1e-7


def _network(shape=(), sizes=(3, 17, 11, 1), seed=0):
  generator = np.random.default_rng(seed)
  weights, biases = [], []
  for rows, columns in zip(sizes[:-1], sizes[1:], strict=True):
    weights.append(generator.normal(size=(*shape, rows, columns)))
    biases.append(generator.normal(size=(*shape, columns)))
  parameters = piecewise_linear.MLPParameters(weights, biases)
  return tf.nest.map_structure(tf.constant, parameters)


def _points(shape=(), batch=7, dimension=3, seed=1):
  generator = np.random.default_rng(seed)
  return tuple(
      tf.constant(generator.normal(size=(*shape, batch, *tail)))
      for tail in ((dimension,), (), (dimension,))
  )


def _apply(parameters, x, slope):
  """The network, layer by layer."""
  hidden = x
  for weight, bias in zip(*(part[:-1] for part in parameters), strict=True):
    z = hidden @ weight + bias[..., tf.newaxis, :]
    hidden = tf.where(z > 0, z, slope * z)
  value = hidden @ parameters.weights[-1]
  return (value + parameters.biases[-1][..., tf.newaxis, :])[..., 0]


def _loss_fn(y, gradient, uses_gradient=True):
  """A loss with a kink, a square and a coupling of value and gradient."""

  def loss(value, value_gradient):
    result = (value - y) ** 2
    if uses_gradient:
      error = tf.reduce_sum((value_gradient - gradient) ** 2, -1)
      result += 0.3 * error + tf.abs(value) * tf.sqrt(error + 1)
    return result

  return loss


def _nested_tapes(parameters, x, loss_fn, slope):
  with tf.GradientTape() as outer:
    outer.watch(parameters)
    with tf.GradientTape() as inner:
      inner.watch(x)
      value = _apply(parameters, x, slope)
    gradient = inner.gradient(value, x)
    loss = loss_fn(value, gradient)
  return loss, outer.gradient(loss, parameters, unconnected_gradients='zero')


class PiecewiseLinearTest(parameterized.TestCase, tf.test.TestCase):

  @parameterized.product(
      sizes=((3, 17, 1), (3, 17, 11, 1), (3, 8, 9, 7, 5, 1)),
      slope=(0.0, 0.2),
      uses_gradient=(True, False),
      shape=((), (2, 3)),
  )
  def test_equals_nested_tapes(self, sizes, slope, uses_gradient, shape):
    parameters = _network(shape, sizes)
    x, y, gradient = _points(shape)
    loss_fn = _loss_fn(y, gradient, uses_gradient)
    loss, gradients = piecewise_linear.loss_and_parameter_gradients(
        parameters, x, loss_fn, uses_gradient=uses_gradient, slope=slope
    )
    expected = _nested_tapes(parameters, x, loss_fn, slope)
    self.assertAllClose(loss, expected[0], _ROUNDING, _ROUNDING)
    for ours, theirs in zip(
        tf.nest.flatten(gradients), tf.nest.flatten(expected[1]), strict=True
    ):
      scale = np.abs(theirs).max()
      self.assertAllClose(ours, theirs, _ROUNDING, _ROUNDING * scale)

  def test_equals_central_differences(self):
    parameters = _network()
    x, y, gradient = _points()
    loss_fn = _loss_fn(y, gradient)
    _, gradients = piecewise_linear.loss_and_parameter_gradients(
        parameters, x, loss_fn
    )
    arrays = [array.numpy() for array in tf.nest.flatten(parameters)]

    def loss():
      moved = tf.nest.pack_sequence_as(parameters, arrays)
      value, value_gradient = piecewise_linear.value_and_gradient(moved, x)
      return float(tf.reduce_sum(loss_fn(value, value_gradient)))

    step = 1e-6
    generator = np.random.default_rng(2)
    for array, ours in zip(arrays, tf.nest.flatten(gradients), strict=True):
      index = tuple(generator.integers(array.shape))
      centre, values = array[index], []
      for sign in (1, -1):
        array[index] = centre + sign * step
        values.append(loss())
      array[index] = centre
      expected = (values[0] - values[1]) / (2 * step)
      self.assertAllClose(ours[index], expected, _DIFFERENCES, _DIFFERENCES)

  def test_value_and_gradient_equal_tapes(self):
    parameters = _network()
    x, _, _ = _points()
    with tf.GradientTape() as tape:
      tape.watch(x)
      expected = _apply(parameters, x, 0.1)
    value, gradient = piecewise_linear.value_and_gradient(parameters, x, 0.1)
    self.assertAllClose(value, expected, _ROUNDING, _ROUNDING)
    self.assertAllClose(
        gradient, tape.gradient(expected, x), _ROUNDING, _ROUNDING
    )

  @parameterized.parameters(False, True)
  def test_compiled_equals_eager(self, jit_compile):
    parameters = _network((2,))
    x, y, gradient = _points((2,))

    def run(parameters):
      return piecewise_linear.loss_and_parameter_gradients(
          parameters, x, _loss_fn(y, gradient)
      )

    compiled = tf.function(run, jit_compile=jit_compile)
    # Gradients here are of order 100, summed in another order.
    self.assertAllClose(
        tf.nest.flatten(run(parameters)),
        tf.nest.flatten(compiled(parameters)),
        _ROUNDING,
        100 * _ROUNDING,
    )

  def test_infinite_pre_activations_are_cut_off(self):
    x = tf.constant([[1e20, 1e20]])

    def gradients(first):
      parameters = piecewise_linear.MLPParameters(
          [tf.constant([[first], [-1.0]]), tf.constant([[2.0]])],
          [tf.zeros([1]), tf.ones([1])],
      )
      loss, gradients = piecewise_linear.loss_and_parameter_gradients(
          parameters, x, lambda value, slope: value**2 + slope[:, 0]
      )
      return [loss, *tf.nest.flatten(gradients)]

    self.assertAllEqual(
        tf.nest.map_structure(tf.reduce_sum, gradients(-1e30)),
        tf.nest.map_structure(tf.reduce_sum, gradients(-1.0)),
    )

  def test_rejects_two_outputs(self):
    parameters = _network(sizes=(3, 5, 2))
    with self.assertRaisesRegex(ValueError, r'scalar output.*\(5, 2\)'):
      piecewise_linear.value_and_gradient(parameters, _points()[0])

  def test_rejects_no_hidden_layer(self):
    parameters = _network(sizes=(3, 1))
    with self.assertRaisesRegex(ValueError, 'at least one hidden layer'):
      piecewise_linear.value_and_gradient(parameters, _points()[0])


if __name__ == '__main__':
  absltest.main()
