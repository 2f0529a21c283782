"""Sobolev losses of networks against slow loops and central differences."""

import functools
import warnings

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np
import sonnet as snt
import tensorflow as tf

from sobolev_training import guards
from sobolev_training import losses
from sobolev_training import targets
from sobolev_training import testing

BATCH, INPUTS, OUTPUTS, COUNT = 3, 2, 3, 2
KINDS = ('squared_l2', 'l2', 'huber')
WEIGHTS = (0.5, 2.0, 3.0)
FORMS = ('full', 'projected', 'directional')
# `derivatives_test` has each form in each mode.
CASES = [('eager', form) for form in FORMS] + [
    ('graph', 'full'), ('xla', 'projected'),
]


def network(seed):
  return testing.SmoothNetwork((INPUTS,), (OUTPUTS,), hidden=3, seed=seed)


def random(*shape, seed=5):
  return np.random.default_rng(seed).normal(size=shape)


X = random(BATCH, INPUTS)
# v1 and v2 of eq. 2: each example's own, then shared. And directions.
PROJECTIONS = random(COUNT, BATCH, OUTPUTS), random(COUNT, INPUTS)
DIRECTIONS = random(COUNT, INPUTS), random(COUNT, BATCH, INPUTS)


def loss_of(form, model, target, x=None, **settings):
  x = tf.constant(X) if x is None else x
  order = len(settings.get('weights', (1, 1))) - 1
  if form == 'full':
    return losses.full_loss(model, x, target, **settings)
  if form == 'projected':
    return losses.projected_loss(
        model, x, target, PROJECTIONS[:order], **settings
    )
  return losses.directional_loss(
      model, x, target, DIRECTIONS[:order], **settings
  )


def derivatives_by_loop(model):
  """f, D f, D^2 f by central differences."""
  return (
      model.numpy(X),
      testing.per_example(model.numpy, X),
      testing.per_example(model.numpy, X, order=2, step=1e-4),
  )


def own(vectors, m, b):
  """The vector m of the example b, whether it has its own or not."""
  return vectors[m, b] if vectors.ndim == 3 else vectors[m]


def compared(form, derivatives, b, k):
  """What an order compares of one example: a list to average over."""
  derivative = derivatives[k][b]
  if form == 'full' or k == 0:
    return [derivative]
  results = []
  for m in range(COUNT):
    result = derivative  # [O, D] or [O, D, D]
    if form == 'projected':
      for vectors in PROJECTIONS[:k]:
        result = testing.contract(result, own(vectors, m, b))
    else:
      result = np.moveaxis(result, 0, -1)  # [D, O] or [D, D, O]
      for vectors in DIRECTIONS[:k]:
        result = testing.contract(result, own(vectors, m, b))
    results.append(result)
  return results


def reference(form, model, target):
  """The paper's eq. 1 or 2 for each example, written out."""
  ours, theirs = derivatives_by_loop(model), derivatives_by_loop(target)
  totals = np.zeros(BATCH)
  for b in range(BATCH):
    for k in range(3):
      each = [
          testing.loss_of_example(KINDS[k], p, t)
          for p, t in zip(
              compared(form, ours, b, k), compared(form, theirs, b, k),
              strict=True,
          )
      ]
      totals[b] += WEIGHTS[k] * np.mean(each)
  return totals


class LossesTest(parameterized.TestCase):

  @parameterized.parameters(*CASES)
  def test_second_order_against_a_loop(self, mode, form):
    student, teacher = network(1), network(2)
    run = testing.in_mode(mode, lambda x: loss_of(
        form, student, teacher, x, weights=WEIGHTS, losses=KINDS
    ))
    testing.assert_close(
        run(tf.constant(X)).total,
        reference(form, student, teacher),
        testing.SECOND_CENTRAL_DIFFERENCE,
    )

  @parameterized.parameters(*CASES)
  def test_parameter_gradient(self, mode, form):
    student, teacher = network(1), network(2)
    weight = student.weights[0]
    settings = dict(weights=(1.0, 0.5), losses=('squared_l2', 'l2'))
    if mode == 'eager':
      settings = dict(weights=WEIGHTS, losses=KINDS)

    def run():
      with tf.GradientTape(persistent=True) as tape:
        loss = loss_of(form, student, teacher, **settings)
        mean = tf.reduce_mean(loss.total)
      # The target gets no gradient at all.
      self.assertTrue(
          all(g is None for g in tape.gradient(mean, teacher.weights))
      )
      return tape.gradient(mean, weight)

    gradient = testing.in_mode(mode, run)()

    def with_weight(value):
      weight.assign(value)
      return np.mean(loss_of(form, student, teacher, **settings).total)

    expected = testing.central_difference(with_weight, weight.numpy().copy())
    testing.assert_close(gradient, expected, testing.CENTRAL_DIFFERENCE)

  @parameterized.parameters(*FORMS)
  def test_zero_at_the_target_with_zero_gradient(self, form):
    student = network(1)
    for kind in ('squared_l2', 'l2', 'l1', 'huber'):
      with tf.GradientTape() as tape:
        loss = loss_of(form, student, student, losses=kind)
      np.testing.assert_array_equal(loss.total, np.zeros(BATCH))
      for gradient in tape.gradient(loss.total, student.weights):
        np.testing.assert_array_equal(gradient, np.zeros(gradient.shape))

  @parameterized.parameters(*FORMS)
  def test_recorded_target_is_what_the_function_gives(self, form):
    student, teacher = network(1), network(2)
    function = targets.Function(teacher)
    recorded = {
        'full': lambda: function.full(X, 1),
        'projected': lambda: function.projected(X, PROJECTIONS[:1]),
        'directional': lambda: function.directional(X, DIRECTIONS[:1]),
    }[form]()
    expected = loss_of(form, student, function)
    for arrays in (recorded, [array.numpy() for array in recorded]):
      testing.assert_close(
          loss_of(form, student, arrays).total, expected.total,
          testing.SAME_FLOAT64,
      )

  def test_projection_is_unbiased_up_to_its_factor(self):
    # Over all one-hot v, E_v |J^T v|^2 is the Frobenius norm / O exactly.
    student, teacher = network(1), network(2)
    full = losses.full_loss(student, tf.constant(X), teacher)
    projected = losses.projected_loss(
        student, tf.constant(X), teacher, (np.eye(OUTPUTS),)
    )
    testing.assert_close(
        OUTPUTS * projected.terms[1], full.terms[1], testing.SAME_FLOAT64
    )


class SkippingTest(parameterized.TestCase):

  @parameterized.parameters(*FORMS)
  def test_weight_zero_computes_no_derivative(self, form):
    # A sine whose derivatives say when they are computed.
    calls = []

    @tf.custom_gradient
    def cosine(x):

      def gradient(upstream):
        calls.append('second')
        return -upstream * tf.sin(x)

      calls.append('first')
      return tf.cos(x), gradient

    @tf.custom_gradient
    def sine(x):
      calls.append('value')
      return tf.sin(x), lambda upstream: upstream * cosine(x)

    def f(x):
      return tf.repeat(sine(x), [2, 1], axis=1)

    def count(*weights):
      calls.clear()
      loss_of(form, f, f, weights=weights)
      self.assertEqual(calls.count('value'), 2)  # The model and the target.
      return set(calls)

    self.assertEqual(count(1, 0), {'value'})
    self.assertEqual(count(1, 0, 0), {'value'})
    self.assertEqual(count(1, 1), {'value', 'first'})
    self.assertEqual(count(1, 1, 0), {'value', 'first'})
    self.assertEqual(count(1, 0, 1), {'value', 'first', 'second'})

  @parameterized.parameters(*FORMS)
  def test_terms_left_out(self, form):
    student, teacher = network(1), network(2)
    both = loss_of(form, student, teacher)
    value = loss_of(form, student, teacher, weights=(1.0, 0.0))
    slope = loss_of(form, student, teacher, weights=(0.0, 2.0))
    self.assertEqual((set(value.terms), set(slope.terms)), ({0}, {1}))
    np.testing.assert_array_equal(value.total, both.terms[0])
    np.testing.assert_array_equal(slope.total, 2 * both.terms[1])

  def test_recorded_target_of_regular_training_needs_no_gradients(self):
    y = network(2)(tf.constant(X))
    loss = losses.full_loss(network(1), X, (y, None), weights=(1.0, 0.0))
    self.assertEqual(set(loss.terms), {0})


class ErrorsTest(parameterized.TestCase):

  def test_shapes(self):
    student, y = network(1), np.zeros([BATCH, OUTPUTS])
    slopes = np.zeros([BATCH, OUTPUTS, INPUTS])
    for target, message in (
        ((y[:, 0], slopes), r'^target\[0\]: .*\[3, 3\] of the model.s value'),
        ((y, slopes[:, 0]), r'^target\[1\]: .*order 1, got \[3, 2\]'),
        ((y,), '^target: expected 2.* got 1'),
        (7, '^target: expected a function.* got int'),
    ):
      with self.assertRaisesRegex(ValueError, message):
        losses.full_loss(student, X, target)
    with self.assertRaisesRegex(ValueError, '^projections: expected 1.* got 2'):
      losses.projected_loss(student, X, (y, slopes), PROJECTIONS)
    with self.assertRaisesRegex(ValueError, '^directions: expected a tuple'):
      losses.directional_loss(student, X, (y, slopes), DIRECTIONS[0])
    for loss in (losses.projected_loss, losses.directional_loss):
      with self.assertRaisesRegex(ValueError, '^weights: expected a tuple'):
        loss(student, X, (y, slopes), PROJECTIONS[:1], weights=1.0)
    # A Jacobian where its projection belongs.
    with self.assertRaisesRegex(
        ValueError, r'^target\[1\]: expected the shape \[2, 3, 2\]'
    ):
      losses.projected_loss(student, X, (y, slopes), PROJECTIONS[:1])

  def test_one_input(self):
    with self.assertRaisesRegex(ValueError, '^x: .* got a tuple; .*others'):
      losses.full_loss(network(1), (X, X), (X, X))
    with self.assertRaisesRegex(ValueError, '^x: .* floating .* int64'):
      losses.full_loss(network(1), np.ones([3, 2], np.int64), (X, X))

  def test_masks_reach_the_terms(self):
    student, teacher = network(1), network(2)
    y, slopes = [t.numpy() for t in targets.Function(teacher).full(X, 1)]
    slopes[0, :, 1] = np.nan
    loss = functools.partial(losses.full_loss, student, X, (y, slopes))
    with self.assertRaisesRegex(ValueError, r'^target\[1\]: 3 of 18 .*nan at'):
      loss()
    masked = loss(masks=(None, np.isfinite(slopes)))
    self.assertTrue(np.all(np.isfinite(masked.total)))

  @parameterized.parameters('eager', 'graph')
  def test_second_order_of_a_relu_network_warns(self, mode):
    weights = (1.0, 0.0, 1.0)
    for activation in (tf.nn.relu, tf.tanh):
      model = snt.nets.MLP([4, OUTPUTS], activation=activation)
      x = tf.constant(X, tf.float32)
      model(x)  # Creates the variables.
      run = testing.in_mode(mode, lambda x, model=model: losses.full_loss(
          model, x, lambda x: tf.sin(tf.repeat(x, [2, 1], axis=1)),
          weights=weights,
      ))
      if activation is tf.tanh:
        self.assertEmpty(self._warnings(lambda run=run, x=x: run(x)))
      else:
        with self.assertWarnsRegex(
            guards.PiecewiseLinearWarning, '^model: .*smooth activation'
        ):
          run(x)

  def _warnings(self, run):
    with warnings.catch_warnings(record=True) as caught:
      warnings.simplefilter('always')
      run()
    return [
        w for w in caught if w.category is guards.PiecewiseLinearWarning
    ]


if __name__ == '__main__':
  absltest.main()
