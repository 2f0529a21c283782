# SPDX-License-Identifier: Apache-2.0
"""Distillation in Keras, against its formula in NumPy."""

import os

from absl.testing import absltest
from absl.testing import parameterized
import keras
import numpy as np

from sobolev_training import keras_distiller
from sobolev_training import projections
from sobolev_training import testing

_OUTPUTS = 3
_NOT_LOG = r'^losses\[0\]: student_teacher compares log'


def _network(units, seed, dtype='float64'):
  keras.utils.set_random_seed(seed)
  return keras.Sequential([
      keras.Input([2], dtype=dtype),
      keras.layers.Dense(units, 'tanh', dtype=dtype),
      keras.layers.Dense(_OUTPUTS, dtype=dtype),
  ])


def _log_softmax(model, x):
  logits = np.asarray(model(x))
  return logits - np.log(np.exp(logits).sum(1, keepdims=True))


class DistillerTest(parameterized.TestCase):

  def setUp(self):
    super().setUp()
    keras.config.set_floatx('float64')
    self.addCleanup(keras.config.set_floatx, 'float32')
    # Metrics have the type of the policy, which Keras keeps from its first use.
    keras.config.set_dtype_policy('float64')
    self.addCleanup(keras.config.set_dtype_policy, 'float32')
    self.x = np.random.default_rng(0).uniform(-1, 1, [5, 2])
    self.teacher, self.student = _network(7, 0), _network(4, 1)

  @parameterized.parameters('student_teacher', 'teacher_student')
  def test_terms(self, divergence):
    distiller = keras_distiller.Distiller(
        self.teacher, self.student, alpha=0.2, losses=(divergence, 'l2'),
        count=2, seed=3,
    )
    distiller.compile('sgd')
    result = distiller.evaluate(self.x, verbose=0, return_dict=True)
    p, q = (_log_softmax(m, self.x) for m in (self.student, self.teacher))
    if divergence == 'teacher_student':
      p, q = q, p
    first = np.mean(np.sum(np.exp(p) * (p - q), 1))
    v = np.asarray(projections.sample(
        [_OUTPUTS], seed=projections.make_seed(3), count=2, batch_size=5,
        dtype='float64',
    ))
    jacobians = [
        testing.per_example(lambda x, m=m: _log_softmax(m, x), self.x)
        for m in (self.student, self.teacher)
    ]
    difference = np.einsum('bod,mbo->mbd', jacobians[0] - jacobians[1], v)
    second = np.mean(np.linalg.norm(difference, axis=-1))
    testing.assert_close(
        [result['order_0'], result['order_1'], result['loss']],
        [first, second, first + 0.2 * second],
        testing.CENTRAL_DIFFERENCE,
    )

  @parameterized.parameters('student_teacher', 'teacher_student')
  def test_an_action_that_neither_has(self, divergence):
    never = np.array([0.0] * _OUTPUTS + [-np.inf])

    def with_it(model):
      inputs = model.inputs[0]
      padded = keras.ops.pad(model(inputs), [[0, 0], [0, 1]])
      return keras.Model(inputs, padded + never)

    results = []
    for wrap in (lambda model: model, with_it):
      distiller = keras_distiller.Distiller(
          wrap(self.teacher), wrap(_network(4, 1)), alpha=1e-30,
          losses=(divergence, 'l2'),
      )
      distiller.compile(keras.optimizers.SGD(0.1))
      distiller.fit(self.x, epochs=1, verbose=0)
      results.append([
          distiller.evaluate(self.x, verbose=0, return_dict=True)['order_0'],
          *distiller.student.get_weights(),
      ])
    for found, expected in zip(*reversed(results), strict=True):
      testing.assert_close(found, expected, testing.SAME_FLOAT64)

  def test_labels_are_not_broadcast(self):
    labels = np.array([1.0, -1.0, 1.0, 1.0, -1.0])
    teacher, student = (
        keras.Sequential([keras.Input([2]), keras.layers.Dense(1)])
        for _ in range(2)
    )
    results = []
    for y in (labels, labels[:, None]):
      for loss in ('hinge', keras.losses.Hinge(), lambda y, p: (y - p) ** 2):
        distiller = keras_distiller.Distiller(
            teacher, student, activation='linear', label_weight=1.0,
            losses=('squared_l2', 'l2'),
        )
        distiller.compile('sgd', loss)
        result = distiller.evaluate(self.x, y, verbose=0, return_dict=True)
        results.append(float(result['labels']))
    outputs = np.asarray(student(self.x))
    hinge = np.mean(np.maximum(0, 1 - labels[:, None] * outputs))
    square = np.mean((labels[:, None] - outputs) ** 2)
    np.testing.assert_allclose(results, 2 * [hinge, hinge, square], rtol=1e-6)

  def test_labels_that_do_not_fit(self):
    for loss, y, message in (
        ('mse', np.ones([5, 1]), r'^y: .* nothing is broadcast'),
        (lambda y, p: keras.ops.mean(y * p), np.ones([5, 3]), '^loss: .*batch'),
    ):
      distiller = keras_distiller.Distiller(
          self.teacher, self.student, label_weight=1.0
      )
      distiller.compile('sgd', loss)
      with self.assertRaisesRegex(ValueError, message):
        distiller.evaluate(self.x, y, verbose=0)
    distiller = keras_distiller.Distiller(self.teacher, self.student)
    distiller.compile('sgd', metrics=['mae'])
    with self.assertRaisesRegex(ValueError, '^y: .* compile got metrics'):
      distiller.evaluate(self.x, verbose=0)

  def test_models_that_cannot_be_distilled(self):
    with self.assertRaisesRegex(ValueError, '^student: shares weights'):
      keras_distiller.Distiller(self.teacher, self.teacher)
    for last in (
        [keras.layers.Dense(_OUTPUTS, 'softmax')], [keras.layers.Softmax()]
    ):
      certain = keras.Sequential([*_network(7, 0).layers, *last])
      with self.assertRaisesRegex(ValueError, '^teacher: ends in a softmax'):
        keras_distiller.Distiller(certain, self.student)

  def test_labels_and_weights_of_examples(self):
    labels, weight = np.array([0, 2, 1, 1, 0]), np.linspace(0, 2, 5)
    distiller = keras_distiller.Distiller(
        self.teacher, self.student, label_weight=0.5
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    distiller.compile('sgd', loss)
    result = distiller.evaluate(
        self.x, labels, sample_weight=weight, verbose=0, return_dict=True
    )
    right = _log_softmax(self.student, self.x)[np.arange(5), labels]
    testing.assert_close(
        result['labels'], np.mean(-right * weight), testing.SAME_FLOAT64
    )
    testing.assert_close(
        result['loss'],
        result['order_0'] + 0.1 * result['order_1'] + 0.5 * result['labels'],
        testing.SAME_FLOAT64,
    )

  def test_student_learns_and_teacher_does_not(self):
    distiller = keras_distiller.Distiller(self.teacher, self.student)
    distiller.compile(keras.optimizers.Adam(0.05))
    before = self.teacher(self.x)
    history = distiller.fit(self.x, epochs=60, verbose=0).history
    for order in ('order_0', 'order_1'):
      self.assertLess(history[order][-1], 0.5 * history[order][0])
    testing.assert_close(self.teacher(self.x), before, 0)
    path = os.path.join(self.create_tempdir(), 'distiller.keras')
    distiller.save(path)
    loaded = keras.saving.load_model(path)
    for one in (distiller, loaded):
      one.fit(self.x, epochs=2, verbose=0)
    testing.assert_close(
        loaded.student(self.x), self.student(self.x), testing.SAME_FLOAT64
    )

  def test_projections_are_drawn_anew(self):
    distiller = keras_distiller.Distiller(self.teacher, self.student)
    distiller.compile(keras.optimizers.SGD(0.0))
    history = distiller.fit(
        self.x, epochs=3, verbose=0, validation_data=(self.x,)
    ).history
    self.assertLen(set(history['order_1']), 3)
    self.assertLen(set(history['val_order_1']), 1)

  def test_models_of_another_type_than_the_states(self):
    distiller = keras_distiller.Distiller(
        _network(7, 0, 'bfloat16'), _network(4, 1, 'float32')
    )
    distiller.compile('sgd')
    result = distiller.evaluate(self.x, verbose=0, return_dict=True)
    same = keras_distiller.Distiller(self.teacher, self.student)
    same.compile('sgd')
    expected = same.evaluate(self.x, verbose=0, return_dict=True)
    # bfloat16 has 8 bits.
    testing.assert_close(result['loss'], expected['loss'], 0.03)

  @parameterized.parameters(
      ({'alpha': 0.0}, '^alpha: expected a positive number'),
      ({'alpha': 'a'}, '^alpha: expected a positive number'),
      ({'losses': None}, '^losses: expected two'),
      ({'losses': 'l2'}, '^losses: expected two'),
      ({'count': 'a'}, '^count: expected an integer'),
      ({'seed': 'a'}, '^seed: expected an integer'),
      ({'seed': 2**40}, '^seed: expected 2147483647 or less'),
      ({'activation': 'nope'}, '^activation: expected a name'),
      ({'student': keras.activations.relu}, '^student: expected a Keras model'),
      ({'label_weight': -1.0}, '^label_weight: expected 0 or more'),
      ({'losses': ('l2',)}, '^losses: expected two'),
      ({'losses': ('l2', 'mse')}, r'^losses\[1\]: expected one of squared_l2'),
      ({'activation': 'linear'}, _NOT_LOG),
      ({'activation': keras.activations.linear}, _NOT_LOG),
      ({'activation': None}, _NOT_LOG),
      ({'activation': 'softmax'}, _NOT_LOG),
      ({'activation': 'log_sigmoid'}, _NOT_LOG),
      ({'kind': 'normal'}, '^kind: expected one of sphere'),
      ({'count': 0}, '^count: expected 1 or more'),
  )
  def test_wrong_settings_are_named(self, settings, message):
    settings = {'student': self.student} | settings
    with self.assertRaisesRegex(ValueError, message):
      keras_distiller.Distiller(self.teacher, **settings)

  def test_wrong_arrays_and_outputs_are_named(self):
    masked = np.ma.array(self.x, mask=self.x > 0)
    distiller = keras_distiller.Distiller(self.teacher, self.student)
    distiller.compile('sgd')
    for name, arguments in (
        ('x', (masked,)), ('y', (self.x, masked[:, 0])),
    ):
      with self.assertRaisesRegex(ValueError, f'^{name}: expected known numb'):
        distiller.fit(*arguments, verbose=0)
    other = keras.Sequential([keras.Input([2]), keras.layers.Dense(4)])
    distiller = keras_distiller.Distiller(self.teacher, other)
    distiller.compile('sgd')
    with self.assertRaisesRegex(ValueError, r'^student: .* \[3\] .* \[4\]'):
      distiller.fit(self.x, verbose=0)

  def test_activations_that_are_log_probabilities(self):
    for activation in (
        'log_softmax', lambda logits: keras.ops.log_softmax(logits / 3)
    ):
      keras_distiller.Distiller(
          self.teacher, self.student, activation=activation
      )
    for activation in ('linear', None):
      keras_distiller.Distiller(
          self.teacher, self.student, activation=activation,
          losses=('squared_l2', 'l2'),
      )

  def test_labels_where_asked_for(self):
    plain = keras_distiller.Distiller(self.teacher, self.student)
    with self.assertRaisesRegex(ValueError, '^loss: expected none, without'):
      plain.compile('sgd', 'mse')
    labelled = keras_distiller.Distiller(
        self.teacher, self.student, label_weight=1.0
    )
    with self.assertRaisesRegex(ValueError, '^loss: expected one of labels'):
      labelled.compile('sgd')
    labelled.compile('sgd', 'mse')
    with self.assertRaisesRegex(ValueError, '^y: expected labels'):
      labelled.fit(self.x, verbose=0)


if __name__ == '__main__':
  absltest.main()
