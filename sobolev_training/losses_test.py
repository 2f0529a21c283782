# SPDX-License-Identifier: Apache-2.0
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
      loss_of(form, f, f, weights=weights)  # The first call is traced too.
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

class MaskingTest(parameterized.TestCase):
  """The model w |x| of two points, of which (0, 0) has no derivative.

  At (3, 4), with n = x / |x|, D |x| = n and D^2 |x| = (I - n n^T) / 5. With the
  target |x| each term is (w - 1)^2 times the square of a number, named below,
  and so the gradient of the mean over both is the sum of the squares.
  """

  X = np.array([[0.0, 0.0], [3.0, 4.0]])
  KNOWN = np.array([False, True])
  HESSIAN = (np.eye(2) - np.outer([0.6, 0.8], [0.6, 0.8])) / 5
  E1 = np.array([[1.0, 0.0]])
  SQUARES = {
      'full': (25, 1, np.sum(HESSIAN**2)),
      'projected': (25, 1, np.sum((HESSIAN @ E1[0]) ** 2)),
      'directional': (25, 0.36, HESSIAN[0, 0] ** 2),
  }

  def _gradient(self, form, masks, mode='eager', static=True, target=None):
    w = tf.Variable(2.0, dtype=tf.float64)
    length = functools.partial(tf.norm, axis=1, keepdims=True)
    count = len(masks) - 1
    vectors = {
        'full': (),
        'projected': ((np.ones([1, 1]), self.E1)[:count],),
        'directional': ((self.E1, self.E1)[:count],),
    }[form]
    loss_fn = getattr(losses, f'{form}_loss')

    def run(x, tensors):
      with tf.GradientTape() as tape:
        loss = loss_fn(
            lambda x: w * length(x), x, target or length, *vectors,
            masks=masks if static else tensors, weights=(1.0,) * len(masks),
        )
        mean = tf.reduce_mean(loss.total)
      return loss.total, tape.gradient(mean, w)

    tensors = () if static else tuple(map(tf.constant, masks))
    return testing.in_mode(mode, run)(tf.constant(self.X), tensors)

  @parameterized.product(
      (
          {'mode': 'eager', 'order': 2},
          {'mode': 'graph', 'order': 2},
          {'mode': 'xla', 'order': 1},
      ),
      form=FORMS,
      static=(True, False),
  )
  def test_masked_examples_reach_no_gradient(self, mode, order, form, static):
    squares = self.SQUARES[form][:order + 1]
    masks = (self.KNOWN,) * (order + 1)
    total, gradient = self._gradient(form, masks, mode, static)
    testing.assert_close(total, [0, sum(squares)], testing.SAME_FLOAT64)
    testing.assert_close(gradient, sum(squares), testing.SAME_FLOAT64)

  @parameterized.parameters(
      ((2, 1), (2, 1, 2)), ((2,), (2, 1, 1)), ((2,), (2, 1, 2)), (None, (2,))
  )
  def test_masks_of_any_shape(self, *shapes):
    masks = [
        shape and np.broadcast_to(
            self.KNOWN.reshape([2] + [1] * (len(shape) - 1)), shape
        )
        for shape in shapes
    ]
    total, gradient = self._gradient('full', masks)
    testing.assert_close(total, [0, 26], testing.SAME_FLOAT64)
    testing.assert_close(gradient, 26, testing.SAME_FLOAT64)

  @parameterized.parameters(*FORMS)
  def test_nothing_is_known(self, form):
    total, gradient = self._gradient(form, (np.zeros(2, bool),) * 2)
    np.testing.assert_array_equal(total, [0, 0])
    self.assertEqual(gradient, 0)

  def test_targets_are_not_asked_there_either(self):
    def black_box(x):
      length = np.linalg.norm(x, axis=1, keepdims=True)
      return np.where(length < 0.1, np.nan, length)

    total, gradient = self._gradient(
        'full', (self.KNOWN, self.KNOWN), target=targets.BlackBox(black_box)
    )
    testing.assert_close(total, [0, 26], testing.CENTRAL_DIFFERENCE)
    testing.assert_close(gradient, 26, testing.CENTRAL_DIFFERENCE)

  def test_a_component_that_spoils_the_others_is_refused(self):
    # sqrt(x1) + x2 at x1 = 0: 0 times its infinite derivative is NaN.
    x, y = np.array([[0.0, 1.0]]), np.ones([1, 1])
    mask = np.array([[[False, True]]])
    loss = functools.partial(
        losses.full_loss,
        lambda x: tf.sqrt(x[:, :1]) + x[:, 1:],
        x, (y, np.ones([1, 1, 2])), masks=(None, mask),
    )
    with self.assertRaisesRegex(ValueError, r'^masks\[1\]: .*whole example'):
      loss()
    with self.assertRaisesRegex(tf.errors.InvalidArgumentError, r'masks\[1\]:'):
      testing.in_mode('graph', loss)()
    found = testing.in_mode('xla', lambda: loss().total)()
    self.assertTrue(np.isnan(found).all())  # XLA cannot raise an error.

  def test_known_size_in_a_batch_of_unknown_size(self):
    value, slope = np.ones([3, 1]), np.ones([3, 1, 2])
    known = np.array([True, False, True])

    @tf.function(input_signature=[tf.TensorSpec([None, 2], tf.float64)])
    def loss(x):
      return losses.full_loss(
          lambda x: tf.reduce_sum(x**2, 1, keepdims=True), x, (value, slope),
          masks=(None, known),
      ).total

    # (2 - 1)^2 + 2 (2 - 1)^2 where slopes are known.
    np.testing.assert_array_equal(loss(np.ones([3, 2])), [3, 1, 3])
    for size in (1, 2):
      with self.assertRaisesRegex(
          tf.errors.InvalidArgumentError, r'(masks|target)\[\d\]: its '
      ):
        loss(np.ones([size, 2]))


class MaskedArraysTest(parameterized.TestCase):
  """NumPy's masked arrays as recorded targets, against masks."""

  @parameterized.product(form=FORMS, mode=('eager', 'graph'))
  def test_like_masks(self, form, mode):
    student, function = network(1), targets.Function(network(2))
    value, slopes = [
        d.numpy() for d in targets.ask(
            form, function, tf.constant(X), 1,
            {'projected': PROJECTIONS, 'directional': DIRECTIONS}.get(form),
        )
    ]
    generator = np.random.default_rng(0)
    missing = [generator.random(d.shape) < 0.4 for d in (value, slopes)]
    if form == 'full':
      missing[1][1] = True
    masked = [
        np.ma.array(np.where(m, 999, d), mask=m)
        for d, m in zip((value, slopes), missing, strict=True)
    ]

    def run(*target):
      with tf.GradientTape() as tape:
        loss = loss_of(form, student, target, losses='l1')
      return loss.total, tape.gradient(loss.total, student.weights[0])

    # A distance of nothing but |residual|: what equals the prediction is free.
    own = loss_of(form, student, student, losses='l1')
    np.testing.assert_array_equal(own.total, np.zeros(BATCH))
    predicted = [
        d.numpy() for d in targets.ask(
            form, student, tf.constant(X), 1,
            {'projected': PROJECTIONS, 'directional': DIRECTIONS}.get(form),
        )
    ]
    expected = np.zeros(BATCH)
    for p, t, m in zip(predicted, (value, slopes), missing, strict=True):
      each = np.where(m, 0, abs(p - t))
      if each.ndim == 3 and form != 'full':
        each = each.mean(0)
      expected += each.reshape(BATCH, -1).sum(1)
    total, gradient = testing.in_mode(mode, lambda: run(*masked))()
    testing.assert_close(total, expected, testing.SAME_FLOAT64)
    self.assertTrue(np.all(np.isfinite(gradient)))

  def test_with_a_mask_in_a_list_and_of_weight_0(self):
    x = np.array([[2.0], [0.0], [5.0]])
    target = np.ma.array([[1.0], [999.0], [7.0]], mask=[[0], [1], [0]])
    for value in (target, list(target)):
      loss = losses.full_loss(
          lambda x: x, x, (value, target), weights=(1.0, 0.0),
          masks=(np.array([True, True, False]), None),
      )
      np.testing.assert_array_equal(loss.total, [1, 0, 0])

  def test_a_distance_of_ones_own_by_example(self):
    x = np.ones([2, 2])

    def own(prediction, target):
      return tf.reduce_sum(prediction - target, 1) + 1

    loss = functools.partial(
        losses.full_loss, lambda x: x, x, weights=(1.0,), losses=own
    )
    masked = np.ma.array(np.zeros([2, 2]), mask=[[0, 0], [1, 1]])
    np.testing.assert_array_equal(loss((masked,)).total, [3, 0])
    masked = np.ma.array(np.zeros([2, 2]), mask=[[0, 0], [0, 1]])
    with self.assertRaisesRegex(ValueError, r'^target\[0\]: a loss of your'):
      loss((masked,))

  def test_elsewhere_they_are_refused(self):
    masked = np.ma.array(X, mask=X > 0)
    student, known = network(1), (np.zeros([BATCH, OUTPUTS]), None)
    vectors = (np.ma.array(np.ones([1, INPUTS]), mask=[[1, 0]]),)
    with self.assertRaisesRegex(ValueError, '^x: expected known numbers'):
      losses.full_loss(student, masked, known, weights=(1, 0))
    with self.assertRaisesRegex(ValueError, r'^directions\[0\]: expected kno'):
      losses.directional_loss(student, X, student, vectors)
    # Without anything masked they are arrays as others.
    whole = losses.full_loss(student, np.ma.array(X), student)
    np.testing.assert_array_equal(whole.total, np.zeros(BATCH))


class WarningsTest(parameterized.TestCase):

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
