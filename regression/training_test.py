# SPDX-License-Identifier: Apache-2.0
from absl.testing import absltest
from absl.testing import parameterized
import numpy as np
import sonnet as snt
import tensorflow as tf

from regression import datasets
from regression import networks
from regression import training
import sobolev_training as sobolev

_SIZES = (2, 16, 16, 1)
_STEPS = 8
# Eight float32 updates by another order of additions.
_ROUNDING = 2e-4


def _data(count, size=24):
  sets = [datasets.training_set('mccormick', size, s) for s in range(count)]
  return [np.stack(arrays) for arrays in zip(*sets, strict=True)]


def _train(data, seeds, cuts=(0, _STEPS), indices=None, **settings):
  """The program's final parameters and loss."""
  method = training.Method(full_batch=indices is None, **settings)
  network = networks.EnsembleMLP(_SIZES, seeds, method.activation)
  state = tf.nest.map_structure(tf.convert_to_tensor, network.parameters)
  state = training.initial_state(state, method.balanced)
  for start, stop in zip(cuts[:-1], cuts[1:], strict=True):
    if indices is None:
      rows = np.zeros((len(seeds), 0, 0), np.int32)
    else:
      rows = indices[:, start : start + _STEPS]
      rows = np.pad(rows, ((0, 0), (0, _STEPS - rows.shape[1]), (0, 0)))
    batches = training.Batches(*map(tf.constant, data), tf.constant(rows))
    loss, state = training.train(
        state, batches, tf.constant(start), tf.constant(stop), method
    )
  return state.parameters, loss


def _sonnet(
    x, y, gradient, seed, weight, activation='relu', indices=None, balance=None
):
  """One network trained the plain way: Sonnet's MLP and Adam, nested tapes."""
  mlp = snt.nets.MLP(_SIZES[1:], activation=networks.ACTIVATIONS[activation])
  mlp(x)
  start = networks.initialise(_SIZES, 'sonnet', seed)
  flat = [v for pair in zip(*start, strict=True) for v in pair[::-1]]
  for variable, value in zip(mlp.trainable_variables, flat, strict=True):
    variable.assign(value)
  adam = snt.optimizers.Adam(1e-3)
  for step in range(_STEPS):
    rows = slice(None) if indices is None else indices[step]
    points = tf.constant(x[rows])
    with tf.GradientTape() as outer:
      with tf.GradientTape() as inner:
        inner.watch(points)
        value = mlp(points)[:, 0]
      slope = inner.gradient(value, points)
      error = (value - y[rows]) ** 2
      mismatch = tf.reduce_sum((slope - gradient[rows]) ** 2, -1)
      loss = error + weight * mismatch
      if balance:
        terms = {0: error, 1: mismatch}
        loss = balance(sobolev.SobolevLoss(loss, terms)).total
      loss = tf.reduce_mean(loss)
    gradients = outer.gradient(
        loss, mlp.trainable_variables, unconnected_gradients='zero'
    )
    adam.apply(gradients, mlp.trainable_variables)
  return [v.numpy() for v in mlp.trainable_variables], float(loss)


def _flat(parameters, member):
  pairs = zip(*parameters, strict=True)
  return [variable[member] for pair in pairs for variable in pair[::-1]]


class TrainingTest(parameterized.TestCase):

  @parameterized.parameters(
      (0.0, 'relu', True),
      (1.0, 'relu', True),
      (1.0, 'relu', False),
      (1.0, 'leaky_relu', True),
      (0.0, 'softplus', False),
      (1.0, 'softplus', True),
  )
  def test_equals_sonnet_with_nested_tapes(
      self, weight, activation, full_batch
  ):
    data = _data(2)
    indices = None
    if not full_batch:
      generator = np.random.default_rng(0)
      indices = generator.integers(24, size=(2, _STEPS, 5), dtype=np.int32)
    parameters, loss = _train(
        data, [3, 5], indices=indices, gradient_weight=weight,
        activation=activation,
    )
    for member, seed in enumerate([3, 5]):
      expected, expected_loss = _sonnet(
          *(array[member] for array in data), seed, weight, activation,
          None if full_batch else indices[member],
      )
      np.testing.assert_allclose(
          loss[member], expected_loss, rtol=_ROUNDING
      )
      for ours, theirs in zip(
          _flat(parameters, member), expected, strict=True
      ):
        np.testing.assert_allclose(ours, theirs, _ROUNDING, _ROUNDING)

  @parameterized.parameters((1, 'relu'), (2, 'relu'), (2, 'softplus'))
  def test_weights_adapt_to_each_network(self, chunk, activation):
    data = _data(2)
    parameters, loss = _train(
        data, [3, 5], gradient_weight=0.3, balanced=True, chunk=chunk,
        activation=activation,
    )
    fixed, _ = _train(
        data, [3, 5], gradient_weight=0.3, activation=activation
    )
    for member, seed in enumerate([3, 5]):
      expected, expected_loss = _sonnet(
          *(array[member] for array in data), seed, 0.3, activation,
          balance=sobolev.balancing.ReLoBRaLo((1, 0.3)),
      )
      np.testing.assert_allclose(loss[member], expected_loss, rtol=_ROUNDING)
      for ours, theirs in zip(
          _flat(parameters, member), expected, strict=True
      ):
        np.testing.assert_allclose(ours, theirs, _ROUNDING, _ROUNDING)
    self.assertFalse(np.array_equal(parameters.weights[0], fixed.weights[0]))

  @parameterized.parameters(True, False)
  def test_any_cut_of_the_steps_gives_the_same_bits(self, full_batch):
    data = _data(2)
    indices = None
    if not full_batch:
      generator = np.random.default_rng(0)
      indices = generator.integers(24, size=(2, _STEPS, 5), dtype=np.int32)
    whole, _ = _train(data, [3, 5], indices=indices)
    cut, _ = _train(data, [3, 5], cuts=(0, 1, 1, 5, _STEPS), indices=indices)
    for one, two in zip(
        tf.nest.flatten(whole), tf.nest.flatten(cut), strict=True
    ):
      np.testing.assert_array_equal(one, two)

  @parameterized.parameters(*networks.ACTIVATIONS)
  def test_evaluate_gives_values_and_their_slopes(self, activation):
    network = networks.EnsembleMLP(_SIZES, [3, 5], activation)
    x = np.random.default_rng(0).normal(size=(2, 9, 2)).astype(np.float32)
    value, gradient = training.evaluate(
        network.parameters, tf.constant(x), activation
    )
    np.testing.assert_allclose(value, network(x), _ROUNDING, _ROUNDING)
    with tf.GradientTape() as tape:
      points = tf.constant(x)
      tape.watch(points)
      expected = network(points)
    expected = tape.gradient(expected, points)
    np.testing.assert_allclose(gradient, expected, _ROUNDING, _ROUNDING)

  def test_layouts_agree(self):
    data = _data(4)
    one, _ = _train(data, range(4), chunk=1)
    two, _ = _train(data, range(4), chunk=2)
    all_at_once, _ = _train(data, range(4), chunk=4)
    for a, b, c in zip(
        *map(tf.nest.flatten, (one, two, all_at_once)), strict=True
    ):
      np.testing.assert_allclose(a, b, _ROUNDING, _ROUNDING)
      np.testing.assert_allclose(a, c, _ROUNDING, _ROUNDING)

  def test_cosine_schedule_ends_at_rest(self):
    data = _data(1)
    before, _ = _train(data, [0], cuts=(0, _STEPS), decay_steps=_STEPS)
    after, _ = _train(
        data, [0], cuts=(0, _STEPS, _STEPS + 4), decay_steps=_STEPS
    )
    constant, _ = _train(data, [0], cuts=(0, _STEPS))
    for a, b, c in zip(
        *map(tf.nest.flatten, (before, after, constant)), strict=True
    ):
      np.testing.assert_array_equal(a, b)
      self.assertGreater(np.abs(a - c).max(), 0)

  @parameterized.parameters('squared_l2', 'l2', 'l1', 'huber')
  def test_the_distance_of_the_gradient_term(self, name):
    x, y, gradient = _data(2, size=6)
    network = networks.EnsembleMLP(_SIZES, [3, 4], 'relu')
    loss, _ = training.loss_and_gradients(
        tf.nest.map_structure(tf.convert_to_tensor, network.parameters),
        *map(tf.constant, (x, y, gradient)),
        training.Method(gradient_weight=0.3, distance=name),
    )
    value, slope = training.evaluate(network.parameters, x, 'relu')
    residual = (slope.numpy() - gradient).astype(np.float64)
    size = np.abs(residual)
    by_hand = {
        'squared_l2': (residual**2).sum(-1),
        'l2': np.sqrt((residual**2).sum(-1)),
        'l1': size.sum(-1),
        'huber': np.where(size > 1, size - 0.5, residual**2 / 2).sum(-1),
    }[name]
    expected = np.mean((value.numpy() - y) ** 2 + 0.3 * by_hand, -1)
    np.testing.assert_allclose(loss, expected, rtol=1e-5)

  @parameterized.parameters('relu', 'softplus')
  def test_differences_in_place_of_the_gradient(self, activation):
    x, y, gradient = (a.astype(np.float64) for a in _data(2, size=400))
    network = networks.EnsembleMLP(_SIZES, [3, 4], activation)
    parameters = tf.nest.map_structure(
        lambda v: tf.constant(v, tf.float64), network.parameters
    )
    method = training.Method(
        gradient_weight=0.3, difference=0.05, activation=activation
    )

    def by_hand(parameters, along=0.0):
      moved = tf.nest.map_structure(
          lambda p, d: p + along * d, parameters, direction
      )

      def value(x):
        return networks.apply(moved, x, activation).numpy()

      loss = (value(x) - y) ** 2
      for i, step in enumerate(0.05 * np.eye(2)):
        slope = (value(x + step) - value(x - step)) / 0.1
        loss += 0.3 * (slope - gradient[..., i]) ** 2
      return loss.mean(-1)

    random = np.random.default_rng(0)
    direction = tf.nest.map_structure(
        lambda p: random.normal(size=p.shape), parameters
    )
    loss, gradients = tf.function(training.loss_and_gradients)(
        parameters, *map(tf.constant, (x, y, gradient)), method
    )
    np.testing.assert_allclose(loss, by_hand(parameters), rtol=1e-9)
    # Kinks that move and all: the derivative is that of the loss.
    after, before = by_hand(parameters, 1e-5), by_hand(parameters, -1e-5)
    products = tf.nest.map_structure(
        lambda g, d: np.sum((g * d).numpy().reshape(2, -1), 1),
        gradients, direction,
    )
    np.testing.assert_allclose(
        sum(tf.nest.flatten(products)), (after - before) / 2e-5, rtol=1e-3
    )


if __name__ == '__main__':
  absltest.main()
