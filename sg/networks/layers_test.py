# SPDX-License-Identifier: Apache-2.0
from absl.testing import absltest
from absl.testing import parameterized
import numpy as np
import tensorflow as tf

from sg.networks import layers
from sobolev_training import testing

Statistics = layers.Statistics
RANDOM = np.random.default_rng(2)
# A bfloat16 has 8 bits of mantissa; a sum of some tens of rounded products.
BFLOAT16 = 0.03


def batch_norm_by_loop(x, scale, offset):
  """Returns the normalised x, and each channel's mean and unbiased variance."""
  y, means, variances = np.empty_like(x), [], []
  for c in range(x.shape[-1]):
    values = x[..., c].ravel()
    mean = sum(values) / len(values)
    squares = sum((v - mean) ** 2 for v in values)
    y[..., c] = (x[..., c] - mean) / np.sqrt(squares / len(values) + 1e-5)
    y[..., c] = y[..., c] * scale[c] + offset[c]
    means.append(mean)
    variances.append(squares / (len(values) - 1))
  return y, np.array(means), np.array(variances)


class BatchNormTest(parameterized.TestCase):

  def setUp(self):
    super().setUp()
    self.x = RANDOM.normal(1.0, 2.0, size=(3, 2, 4, 2))

  def make(self, x):
    norm = layers.BatchNorm()
    norm(x, Statistics.BATCH)
    norm.scale.assign([2.0, 0.5])
    norm.offset.assign([-1.0, 1.0])
    return norm

  @parameterized.parameters(
      ('float64', testing.SAME_FLOAT64),
      ('float32', testing.SAME_FLOAT32),
      ('bfloat16', BFLOAT16),
  )
  def test_against_a_loop(self, dtype, tolerance):
    x = tf.cast(self.x, dtype)
    norm = self.make(x)
    expected, mean, variance = batch_norm_by_loop(
        x.numpy().astype(np.float64), [2.0, 0.5], [-1.0, 1.0]
    )
    y = norm(x, Statistics.TRAIN)
    self.assertEqual(y.dtype, x.dtype)
    testing.assert_close(tf.cast(y, tf.float64), expected, tolerance)
    # The averages start at 0 and 1.
    tolerance = max(tolerance, 1e-6)  # 0.1 is rounded.
    testing.assert_close(norm.mean, 0.1 * mean, tolerance)
    testing.assert_close(norm.variance, 0.9 + 0.1 * variance, tolerance)

  def test_normalises_with_the_averages(self):
    norm = self.make(tf.constant(self.x))
    norm.mean.assign([3.0, 4.0])
    norm.variance.assign([4.0, 0.25])
    expected = (self.x - [3.0, 4.0]) / np.sqrt(np.array([4, 0.25]) + 1e-5)
    testing.assert_close(
        norm(tf.constant(self.x), Statistics.AVERAGE),
        expected * [2.0, 0.5] + [-1.0, 1.0],
        testing.SAME_FLOAT64,
    )

  def test_only_training_moves_the_averages(self):
    norm = self.make(tf.constant(self.x))
    for statistics in (Statistics.BATCH, Statistics.AVERAGE):
      norm(tf.constant(self.x), statistics)
    np.testing.assert_array_equal(norm.mean, [0, 0])

  def test_the_gradient_of_a_gradient(self):
    """What float64 and float32 compute by other formulas."""
    weight = RANDOM.normal(size=self.x.shape)

    def penalty(x, norm):
      with tf.GradientTape() as tape:
        tape.watch(x)
        cubes = norm(x, Statistics.BATCH) ** 3
        y = tf.reduce_sum(cubes * tf.cast(weight, x.dtype))
      return tf.reduce_sum(tape.gradient(y, x) ** 2)

    gradients = []
    for dtype in (tf.float64, tf.float32):
      x = tf.cast(self.x, dtype)
      norm = self.make(x)
      with tf.GradientTape() as tape:
        tape.watch(x)
        found = penalty(x, norm)
      gradients.append(tape.gradient(found, [x, norm.scale]))
    norm = self.make(tf.constant(self.x))
    expected = testing.central_difference(
        lambda x: penalty(tf.constant(x), norm).numpy(), self.x
    )
    size = np.abs(expected).max()
    testing.assert_close(gradients[0][0] / size, expected / size, 1e-6)
    testing.assert_close(gradients[1][0] / size, expected / size, 1e-4)
    of_scale = [tf.cast(found[1], tf.float64) / size for found in gradients]
    testing.assert_close(of_scale[1], of_scale[0], 1e-4)


class LayersTest(parameterized.TestCase):

  def test_convolution_against_a_loop(self):
    x = RANDOM.normal(size=(2, 4, 4, 3))
    layer = layers.Convolution(5, 3, stride=2)
    found = layer(tf.constant(x)).numpy()
    w = layer.w.numpy()
    # SAME: an even side, stride 2: padded behind only.
    padded = np.pad(x, ((0, 0), (0, 1), (0, 1), (0, 0)))
    expected = np.zeros((2, 2, 2, 5))
    for b, i, j, c in np.ndindex(expected.shape):
      window = padded[b, 2 * i : 2 * i + 3, 2 * j : 2 * j + 3]
      expected[b, i, j, c] = np.sum(window * w[..., c])
    testing.assert_close(found, expected, testing.SAME_FLOAT64)

  def test_weights_start_as_wanted(self):
    tf.random.set_seed(4)
    layer = layers.Convolution(64, 3)
    layer(tf.zeros([1, 4, 4, 32]))
    wanted = np.sqrt(2 / (9 * 32))
    # 18,432 weights: the sample's deviation is right to half a per cent.
    self.assertAlmostEqual(np.std(layer.w) / wanted, 1, delta=0.03)
    zero = layers.Convolution(2, 3, zero=True)
    zero(tf.zeros([1, 4, 4, 2]))
    self.assertFalse(np.any(zero.w))

  def test_linear(self):
    x = RANDOM.normal(size=(2, 3))
    layer = layers.Linear(2)
    layer(tf.constant(x))
    layer.b.assign([1.0, -2.0])
    testing.assert_close(
        layer(tf.constant(x)), x @ layer.w.numpy() + [1, -2],
        testing.SAME_FLOAT64,
    )

  @parameterized.parameters('bfloat16', 'float32', 'float64')
  def test_weights_are_kept_in_float32_at_least(self, dtype):
    x = tf.zeros([1, 2, 2, 3], dtype)
    made = [layers.Convolution(2, 3), layers.Linear(2)]
    self.assertEqual(made[0](x).dtype, dtype)
    self.assertEqual(made[1](x[:, 0, 0]).dtype, dtype)
    for layer in made:
      for variable in layer.trainable_variables:
        self.assertEqual(variable.dtype, layers.wide(tf.as_dtype(dtype)))
    self.assertEqual(layers.wide(tf.bfloat16), tf.float32)


if __name__ == '__main__':
  absltest.main()
