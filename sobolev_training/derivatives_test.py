# SPDX-License-Identifier: Apache-2.0
"""Derivatives against closed forms and central differences, in every mode."""

from unittest import mock

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np
import sonnet as snt
import tensorflow as tf

from sobolev_training import derivatives
from sobolev_training import testing

# (input axes, output axes). Reverse (no more outputs than inputs), forward,
# scalars, one output as networks have it, images, tensors.
CASES = [
    ('eager', (3,), ()),
    ('eager', (2,), (1,)),
    ('eager', (), (2,)),
    ('eager', (2, 3, 1), (4,)),
    ('eager', (3,), (2, 2)),
    ('eager', (4,), (3,)),
] + [(mode, (2,), (5,)) for mode in testing.MODES]


def points(axes, batch=3, seed=1):
  return np.random.default_rng(seed).normal(size=(batch, *axes))


class FullTest(parameterized.TestCase):

  @parameterized.parameters(
      *CASES, ('graph', (4,), (3,)), ('xla', (4,), (3,))
  )
  def test_jacobian(self, mode, inputs, outputs):
    network = testing.SmoothNetwork(inputs, outputs)
    x = points(inputs)
    value, jacobian = testing.in_mode(
        mode, lambda x: derivatives.value_and_jacobian(network, x)
    )(tf.constant(x))
    testing.assert_close(value, network.numpy(x), testing.SAME_FLOAT64)
    testing.assert_close(
        jacobian,
        testing.per_example(network.numpy, x),
        testing.CENTRAL_DIFFERENCE,
    )

  @parameterized.parameters(
      ('eager', (2,), ()),
      ('eager', (3,), (2,)),
      ('graph', (2,), (3,)),
      ('xla', (2, 1), (2,)),
  )
  def test_second_order(self, mode, inputs, outputs):
    network = testing.SmoothNetwork(inputs, outputs)
    x = points(inputs)
    _, jacobian, hessian = testing.in_mode(
        mode, lambda x: derivatives.value_and_derivatives(network, x, 2)
    )(tf.constant(x))
    testing.assert_close(
        jacobian,
        testing.per_example(network.numpy, x),
        testing.CENTRAL_DIFFERENCE,
    )
    testing.assert_close(
        hessian,
        testing.per_example(network.numpy, x, order=2, step=1e-4),
        testing.SECOND_CENTRAL_DIFFERENCE,
    )

  @parameterized.parameters('eager', 'xla')
  def test_higher_orders_of_a_cubic(self, mode):
    # D^3 of (x0^2 x1, x1^3) by hand. D^4 is connected to nothing.
    def f(x):
      return tf.stack([x[:, 0] ** 2 * x[:, 1], x[:, 1] ** 3], axis=1)

    order = 4 if mode == 'eager' else 3
    results = testing.in_mode(
        mode, lambda x: derivatives.value_and_derivatives(f, x, order)
    )(tf.constant([[1.0, 2.0]], tf.float64))
    expected = np.zeros([1, 2, 2, 2, 2])
    for d in ((0, 0, 1), (0, 1, 0), (1, 0, 0)):
      expected[0, 0, *d] = 2
    expected[0, 1, 1, 1, 1] = 6
    testing.assert_close(results[3], expected, testing.SAME_FLOAT64)
    for fourth in results[4:]:
      np.testing.assert_array_equal(fourth, np.zeros([1, 2, 2, 2, 2, 2]))

  @parameterized.parameters(*testing.MODES)
  def test_gradient(self, mode):
    def f(x):
      return tf.reduce_sum(x[:, 0] * x[:, 1] ** 2, axis=1)

    x = points((2, 3))
    value, gradient = testing.in_mode(
        mode, lambda x: derivatives.value_and_gradient(f, x)
    )(tf.constant(x))
    expected = np.stack([x[:, 1] ** 2, 2 * x[:, 0] * x[:, 1]], axis=1)
    testing.assert_close(
        value, np.sum(x[:, 0] * x[:, 1] ** 2, axis=1), testing.SAME_FLOAT64
    )
    testing.assert_close(gradient, expected, testing.SAME_FLOAT64)

  @parameterized.parameters(('xla', 5, 6), ('xla', 6, 5), ('graph', 35, 36))
  def test_many_passes_and_their_gradient(self, mode, outputs, inputs):
    # More passes than are unrolled, and not a multiple of a chunk. By hand,
    # for one example: sum (D_x sin(xW))^2 = sum_o cos(xW)_o^2 sum_d W_do^2.
    if mode == 'xla':  # It takes seconds to compile real sizes.
      self.enter_context(mock.patch.object(derivatives, '_MAX_UNROLLED', 3))
      self.enter_context(mock.patch.object(derivatives, '_CHUNK', 2))
    w = tf.Variable(points((outputs,), batch=inputs))
    x = points((inputs,), batch=1)

    def run(x):
      with tf.GradientTape() as tape:
        jacobian = derivatives.value_and_jacobian(lambda x: tf.sin(x @ w), x)[1]
        loss = tf.reduce_sum(jacobian ** 2)
      return jacobian, tape.gradient(loss, w)

    jacobian, gradient = testing.in_mode(mode, run)(tf.constant(x))
    matrix = w.numpy()
    z = x @ matrix
    testing.assert_close(
        jacobian, np.cos(z)[:, :, None] * matrix.T, testing.SAME_FLOAT64
    )
    squares = np.sum(matrix ** 2, axis=0)
    expected = 2 * np.cos(z) ** 2 * matrix - x.T * np.sin(2 * z) * squares
    testing.assert_close(gradient, expected, 10 * testing.SAME_FLOAT64)


class ProjectedTest(parameterized.TestCase):

  @parameterized.parameters(*CASES)
  def test_projected(self, mode, inputs, outputs):
    network = testing.SmoothNetwork(inputs, outputs)
    random, x = np.random.default_rng(2), points(inputs)
    # v1 is each example's own, v2 is shared.
    v1 = random.normal(size=(2, 3, *outputs))
    v2 = random.normal(size=(2, *inputs))
    value, first, second = testing.in_mode(
        mode, lambda x: derivatives.value_and_projected(network, x, (v1, v2))
    )(tf.constant(x))
    testing.assert_close(value, network.numpy(x), testing.SAME_FLOAT64)
    # test_second_order holds these to central differences.
    _, jacobian, hessian = derivatives.value_and_derivatives(
        network, tf.constant(x), 2
    )
    for m, b in np.ndindex(2, 3):
      expected = testing.contract(jacobian[b].numpy(), v1[m, b])
      testing.assert_close(first[m, b], expected, testing.SAME_FLOAT64)
      expected = testing.contract(hessian[b].numpy(), v1[m, b])
      expected = testing.contract(expected, v2[m])
      testing.assert_close(second[m, b], expected, testing.SAME_FLOAT64)

  def test_first_projection_shared_and_second_of_each_example(self):
    network, x = testing.SmoothNetwork((2,), (3,)), tf.constant(points((2,)))
    v1, v2 = points((3,), batch=1), points((2,), batch=3)
    shared = derivatives.value_and_projected(network, x, (v1, v2[None]))
    repeated = derivatives.value_and_projected(
        network, x, (np.repeat(v1[None], 3, axis=1), v2[None])
    )
    testing.assert_close(shared, repeated, testing.SAME_FLOAT64)

  @parameterized.parameters(*CASES)
  def test_directional(self, mode, inputs, outputs):
    # D^k f[u, ..., u] is the k-th derivative of t -> f(x + t u) at 0.
    network = testing.SmoothNetwork(inputs, outputs)
    x, u = points(inputs), points(inputs, batch=2, seed=3)
    value, first, second = testing.in_mode(
        mode, lambda x: derivatives.value_and_directional(network, x, (u, u))
    )(tf.constant(x))
    testing.assert_close(value, network.numpy(x), testing.SAME_FLOAT64)
    for m in range(2):
      def along(t, m=m):
        return network.numpy(x + t * u[m])

      step = 1e-5
      expected = (along(step) - along(-step)) / (2 * step)
      testing.assert_close(first[m], expected, testing.CENTRAL_DIFFERENCE)
      step = 1e-4
      expected = (along(step) - 2 * along(0) + along(-step)) / step ** 2
      testing.assert_close(
          second[m], expected, testing.SECOND_CENTRAL_DIFFERENCE
      )

  def test_two_directions_of_each_example(self):
    network, x = testing.SmoothNetwork((2,), (3,)), tf.constant(points((2,)))
    u1, u2 = points((2,), seed=3), points((2,), seed=4)
    _, jacobian, hessian = derivatives.value_and_derivatives(network, x, 2)
    _, first, second = derivatives.value_and_directional(
        network, x, (u1[None], u2[None])
    )
    for b in range(3):
      testing.assert_close(
          first[0, b], jacobian[b].numpy() @ u1[b], testing.SAME_FLOAT64
      )
      testing.assert_close(
          second[0, b], hessian[b].numpy() @ u2[b] @ u1[b], testing.SAME_FLOAT64
      )


class TrainingTest(parameterized.TestCase):

  @parameterized.parameters(('eager', 1), ('graph', 2), ('xla', 2))
  def test_parameter_gradients(self, mode, order):
    network = testing.SmoothNetwork((2,), (3,), hidden=3)
    weight = network.weights[0]
    x = tf.constant(points((2,), batch=2))
    v = (np.ones([1, 3]), np.array([[1.0, -2.0]]))[:order]
    u = (np.array([[1.0, -2.0]]),) * order

    def losses():
      results = (
          derivatives.value_and_derivatives(network, x, order),
          derivatives.value_and_projected(network, x, v),
          derivatives.value_and_directional(network, x, u),
      )
      return [tf.reduce_sum(tf.sin(result[-1])) for result in results]

    def run():
      with tf.GradientTape(persistent=True) as tape:
        each = losses()
      return tf.stack([tape.gradient(loss, weight) for loss in each])

    gradients = testing.in_mode(mode, run)()

    def with_weight(value):
      weight.assign(value)
      return np.array(losses())

    expected = testing.central_difference(with_weight, weight.numpy())
    testing.assert_close(gradients, expected, testing.CENTRAL_DIFFERENCE)

  @parameterized.parameters('eager', 'xla')
  def test_convolutional_network(self, mode):
    # Strided convolution, batch normalisation in training mode, ReLU, pooling
    # and softmax, differentiated by the input and then by the parameters.
    tf.random.set_seed(1)

    def norm(x):
      # Not tf.nn.moments, which stops a gradient: see `derivatives`.
      centred = x - tf.reduce_mean(x, [0, 1, 2])
      variance = tf.reduce_mean(centred ** 2, [0, 1, 2])
      return centred * tf.math.rsqrt(variance + 1e-3)

    network = snt.Sequential([
        snt.Conv2D(3, 3, stride=2),
        norm,
        tf.nn.relu,
        snt.Conv2D(2, 2),
        lambda x: tf.nn.avg_pool2d(tf.nn.elu(x), 2, 2, 'SAME'),
        snt.Flatten(),
        snt.Linear(3),
        tf.nn.log_softmax,
    ])
    x = tf.constant(points((5, 5, 1), batch=2))
    v = points((2, 3), batch=1)

    gradient = derivatives.value_and_projected(network, x, (v,))[1][0]
    expected = testing.central_difference(
        lambda x: tf.reduce_sum(network(tf.constant(x)) * v), x.numpy()
    )
    testing.assert_close(gradient, expected, testing.CENTRAL_DIFFERENCE)

    def loss():
      _, gradient = derivatives.value_and_projected(network, x, (v,))
      return tf.reduce_sum(gradient ** 2)

    def run():
      with tf.GradientTape() as tape:
        value = loss()
      return tape.gradient(value, network.trainable_variables)

    gradients = testing.in_mode(mode, run)()
    for variable, gradient in zip(
        network.trainable_variables, gradients, strict=True
    ):
      # A few entries of each parameter are enough.
      initial = variable.numpy().copy()
      for index in list(np.ndindex(initial.shape))[::29]:

        def with_entry(entry, index=index, variable=variable):
          changed = variable.numpy().copy()
          changed[index] = entry[0]
          variable.assign(changed)
          return loss().numpy()

        expected = testing.central_difference(with_entry, initial[index][None])
        variable.assign(initial)
        testing.assert_close(
            gradient[index], expected[0], testing.CENTRAL_DIFFERENCE
        )


class ContractTest(absltest.TestCase):

  def test_unconnected_is_zero(self):
    x = tf.ones([2, 3])
    for f in (lambda x: tf.ones([2, 2]), tf.round):
      for result in (
          derivatives.value_and_derivatives(f, x, 2)[1:],
          derivatives.value_and_directional(f, x, (tf.ones([1, 3]),))[1:],
      ):
        for derivative in result:
          np.testing.assert_array_equal(derivative, np.zeros(derivative.shape))

  def test_function_that_holds_the_same_x(self):
    x = tf.constant([[2.0], [3.0]])
    _, jacobian = derivatives.value_and_jacobian(lambda z: z * x, x)
    # The x that f holds is a constant: z x has the derivative x, not 2 x.
    np.testing.assert_array_equal(jacobian[..., 0], x)

  def test_calls_the_function_once(self):
    calls = []

    def f(x):
      calls.append(x)
      return tf.stack([x, x ** 2], axis=-1)

    x = tf.ones([2, 2])
    derivatives.value_and_derivatives(f, x, 2)
    derivatives.value_and_projected(f, x, (tf.ones([3, 2, 2]),))
    derivatives.value_and_directional(f, x, (tf.ones([3, 2]),))
    # Those with a symbolic x trace it.
    self.assertLen([x for x in calls if not tf.is_symbolic_tensor(x)], 3)

  def test_unknown_batch_size(self):
    weight = tf.constant(points((7,), batch=2))

    def run(x):
      def f(x):
        return tf.tanh(x @ weight)

      return (
          derivatives.value_and_derivatives(f, x, 2),
          derivatives.value_and_projected(f, x, (np.ones([1, 7]),)),
          derivatives.value_and_directional(f, x, (np.ones([1, 2]),)),
      )

    signature = [tf.TensorSpec([None, 2], tf.float64)]
    x = tf.constant(points((2,)))
    testing.assert_close(
        tf.function(run, input_signature=signature)(x),
        run(x),
        testing.SAME_FLOAT64,
    )

  def test_errors_name_the_argument(self):
    x, f = tf.ones([4, 2]), lambda x: x
    with self.assertRaisesRegex(ValueError, r'^f: .* \[B\], .*\[4, 2\]'):
      derivatives.value_and_gradient(f, x)
    with self.assertRaisesRegex(ValueError, '^x: expected a floating .* int32'):
      derivatives.value_and_jacobian(f, tf.ones([4, 2], tf.int32))
    with self.assertRaisesRegex(ValueError, r'^f: expected a value .*got \[\]'):
      derivatives.value_and_jacobian(tf.reduce_sum, x)
    with self.assertRaisesRegex(ValueError, r'^f: .* got list: .*model.x..0'):
      derivatives.value_and_jacobian(lambda x: [x, x], tf.ones([2, 2]))
    # Without a word its derivatives would be zero.
    with self.assertRaisesRegex(ValueError, '^f: .* got ndarray: .*BlackBox'):
      derivatives.value_and_jacobian(np.sin, x)
    with self.assertRaisesRegex(
        ValueError, 'x: expected a floating .* of unknown rank'
    ):
      tf.function(
          lambda x: derivatives.value_and_jacobian(f, x),
          input_signature=[tf.TensorSpec(None)],
      )(x)
    with self.assertRaisesRegex(ValueError, '^order: expected 0 or more'):
      derivatives.value_and_derivatives(f, x, -1)
    with self.assertRaisesRegex(ValueError, '^projections: expected a tuple'):
      derivatives.value_and_projected(f, x, tf.ones([1, 2]))
    with self.assertRaisesRegex(ValueError, r'^projections\[0\]: .*M, 4, 2\]'):
      derivatives.value_and_projected(f, x, (tf.ones([2]),))
    with self.assertRaisesRegex(ValueError, r'^projections\[1\]: .* 3 vectors'):
      derivatives.value_and_projected(
          f, x, (tf.ones([3, 2]), tf.ones([1, 2]))
      )
    with self.assertRaisesRegex(ValueError, r'^directions\[0\]: .*float32'):
      derivatives.value_and_directional(
          f, x, (tf.ones([1, 2], tf.float64),)
      )
    unknown = (tf.constant([[1, np.nan]], tf.float32),)
    with self.assertRaisesRegex(ValueError, r'^projections\[0\]: 1 of 2 .*nan'):
      derivatives.value_and_projected(f, x, unknown)
    with self.assertRaisesRegex(ValueError, r'^directions\[0\]: 1 of 2 .*nan'):
      derivatives.value_and_directional(f, x, unknown)
    with self.assertRaisesRegex(ValueError, 'f: expected static axes'):
      tf.function(
          lambda x: derivatives.value_and_jacobian(f, x),
          input_signature=[tf.TensorSpec([4, None])],
      )(x)


if __name__ == '__main__':
  absltest.main()
