# SPDX-License-Identifier: Apache-2.0
"""Keras models that learn values and derivatives, against the plain loop."""

import functools
import os

from absl.testing import absltest
from absl.testing import parameterized
import keras
import numpy as np
import tensorflow as tf

import sobolev_training as sobolev
from sobolev_training import keras as sobolev_keras
from sobolev_training import testing

_RATE = 0.05
_POINTS, _BATCH = 11, 4  # The last batch is smaller.


@keras.saving.register_keras_serializable('keras_test')
def _quartic(prediction, target):
  axes = list(range(1, len(prediction.shape)))
  return tf.reduce_sum((prediction - target) ** 4, axes)


@keras.saving.register_keras_serializable('keras_test')
class Subclassed(keras.Model):

  def __init__(self, **settings):
    super().__init__(**settings)
    self.hidden = keras.layers.Dense(6, 'softplus')
    self.out = keras.layers.Dense(2)

  def build(self, input_shape):
    self.hidden.build(input_shape)
    self.out.build([None, 6])

  def call(self, x):  # Without `training`.
    return self.out(self.hidden(x))


def _layers(**first):
  keras.utils.set_random_seed(0)
  inputs = keras.Input([2])
  hidden = keras.layers.Dense(6, 'tanh', **first)(inputs)
  return inputs, keras.layers.Dense(2)(hidden)


def _data(order=1, dtype='float64'):
  """Sines of both inputs and their derivatives."""
  x = np.random.default_rng(0).uniform(-1, 1, [_POINTS, 2])
  y = [np.sin(2 * x)]
  for k in range(1, order + 1):
    wave = 2**k * np.sin(2 * x + k * np.pi / 2)
    derivative = np.zeros([_POINTS, 2] + [2] * k)
    for i in range(2):
      derivative[(slice(None), *[i] * (k + 1))] = wave[:, i]
    y.append(derivative)
  return x.astype(dtype), tuple(array.astype(dtype) for array in y)


def _plain_loop(model, x, y, epochs, weights, masks=None, example_weight=None):
  """Trains as `fit` should, and returns each epoch's loss."""
  masks = masks or [None] * len(y)
  if example_weight is None:
    example_weight = np.ones(len(x))
  optimizer, history = keras.optimizers.SGD(_RATE), []
  for _ in range(epochs):
    total = 0
    for start in range(0, len(x), _BATCH):
      rows = slice(start, start + _BATCH)
      with tf.GradientTape() as tape:
        loss = sobolev.full_loss(
            model, x[rows], tuple(a[rows] for a in y), weights=weights,
            masks=[m if m is None else m[rows] for m in masks],
        )
        each = loss.total * example_weight[rows] + sum(model.losses)
        mean = tf.reduce_mean(each)
      total += np.sum(each)
      variables = model.trainable_variables
      optimizer.apply(tape.gradient(mean, variables), variables)
    history.append(total / len(x))
  return history


class KerasTest(parameterized.TestCase):

  def setUp(self):
    super().setUp()
    keras.config.set_floatx('float64')
    self.addCleanup(keras.config.set_floatx, 'float32')
    keras.mixed_precision.set_dtype_policy('float64')
    self.addCleanup(keras.mixed_precision.set_dtype_policy, 'float32')

  def _fitted(self, model, x, y, epochs=2, compile_with=None, **settings):
    model.compile(keras.optimizers.SGD(_RATE), **(compile_with or {}))
    history = model.fit(
        x, y, batch_size=_BATCH, epochs=epochs, shuffle=False, verbose=0,
        **settings,
    )
    return history.history

  @parameterized.parameters(
      ((1.0,),), ((1.0, 0.5),), ((0.0, 1.0),), ((1.0, 0.0, 0.1),)
  )
  def test_equals_the_plain_loop(self, weights):
    x, y = _data(len(weights) - 1)
    plain = keras.Model(*_layers())
    expected = _plain_loop(plain, x, y, 2, weights)
    model = sobolev_keras.Model(*_layers())
    history = self._fitted(model, x, y, 2, {'sobolev_weights': weights})
    testing.assert_close(history['loss'], expected, testing.SAME_FLOAT64)
    testing.assert_close(
        [v.numpy() for v in model.weights],
        [v.numpy() for v in plain.weights],
        testing.SAME_FLOAT64,
    )
    testing.assert_close(
        sum(
            weight * np.array(history[f'order_{k}'])
            for k, weight in enumerate(weights) if weight
        ),
        history['loss'],
        testing.SAME_FLOAT64,
    )

  def test_unknown_numbers_example_weights_and_regularisers(self):
    x, (y, dy) = _data()
    known = np.random.default_rng(1).uniform(size=dy.shape) < 0.6
    known[3] = False
    example_weight = np.linspace(0, 2, _POINTS)
    regulariser = keras.regularizers.L2(0.1)
    plain = keras.Model(*_layers(kernel_regularizer=regulariser))
    expected = _plain_loop(
        plain, x, (y, dy), 2, (1, 0.5), (None, known), example_weight
    )
    model = sobolev_keras.Model(*_layers(kernel_regularizer=regulariser))
    missing = np.where(known, dy, np.nan)
    history = self._fitted(
        model, x, (y, missing), compile_with={'sobolev_weights': (1, 0.5)},
        sample_weight=example_weight,
    )
    testing.assert_close(history['loss'], expected, testing.SAME_FLOAT64)
    testing.assert_close(
        [v.numpy() for v in model.weights],
        [v.numpy() for v in plain.weights],
        testing.SAME_FLOAT64,
    )

  def test_masked_arrays_and_what_is_hidden(self):
    # The derivative of a root at 0 is infinite; of that example nothing is
    # known, and nothing of it reaches the gradient.
    inputs = keras.Input([2])
    outputs = keras.ops.sqrt(keras.layers.Dense(1, use_bias=False)(inputs) ** 2)
    x, (y, dy) = _data()
    x[4] = 0
    y, dy = y[:, :1], np.ma.array(dy[:, :1], mask=False)
    y[4], dy[4] = np.nan, np.ma.masked
    model = sobolev_keras.Model(inputs, outputs)
    kernel = model.get_weights()
    results = []
    for rows in (slice(None), np.delete(np.arange(_POINTS), 4)):
      model.set_weights(kernel)
      model.compile(keras.optimizers.SGD(_RATE / len(x[rows])))
      model.fit(x[rows], (y[rows], dy[rows]), epochs=1, verbose=0)
      results.append(model.get_weights()[0])
    # The same but for the number of examples, by which the mean divides.
    steps = [result - kernel[0] for result in results]
    testing.assert_close(
        steps[0] * _POINTS**2, steps[1] * (_POINTS - 1)**2,
        testing.SAME_FLOAT64,
    )

  @parameterized.product(eager=(True, False), distance=('l1', _quartic))
  def test_an_unknown_derivative_that_is_infinite(self, eager, distance):
    inputs = keras.Input([1])
    outputs = keras.layers.Dense(1, use_bias=False)(keras.ops.sqrt(inputs))
    model = sobolev_keras.Model(inputs, outputs)
    model.compile('sgd', sobolev_losses=distance, run_eagerly=eager)
    x = np.array([[0.0], [1.0]])
    y, dy = np.sqrt(x), np.array([[[np.nan]], [[0.5]]])
    with self.assertRaisesRegex(
        (ValueError, tf.errors.InvalidArgumentError),
        r'y\[1\]: order 1 of the model is not finite where it is not known',
    ):
      model.fit(x, (y, dy), verbose=0)
    y[0] = np.nan  # The way out.
    model.fit(x, (y, dy), verbose=0)
    self.assertTrue(np.isfinite(model.get_weights()[0]).all())

  def test_what_float32_does_not_hold(self):
    self.addCleanup(keras.config.set_floatx, keras.config.floatx())
    keras.config.set_floatx('float32')
    x, (y, dy) = _data()
    model = sobolev_keras.Model(*_layers())
    model.compile('sgd')
    with self.assertRaisesRegex(ValueError, r'^y\[0\]: 22 .* as float32, the'):
      model.fit(x, (y + 1e39, dy), verbose=0)
    x[3, 1] = np.nan
    for fit in (model.fit, model.evaluate):
      with self.assertRaisesRegex(ValueError, r'^x: 1 of 22 .* at \[3, 1\]'):
        fit(x, (y, dy), verbose=0)

  def test_weights_of_examples_only(self):
    x, (y, dy) = _data()
    model = sobolev_keras.Model(*_layers())
    model.compile('sgd')
    for weight, message in (
        (np.full(_POINTS, np.nan), '^sample_weight: 11 of 11'),
        ((np.ones(_POINTS), None), '^sample_weight: .* got None in it'),
        ((np.ones(_POINTS), np.ones_like(dy)), r'sample_weight\[1\]: .* \[B\]'),
    ):
      with self.assertRaisesRegex(ValueError, message):
        model.fit(x, (y, dy), sample_weight=weight, verbose=0)

  def test_masks_of_a_py_dataset_are_refused(self):
    x, (y, dy) = _data()

    class Masked(keras.utils.PyDataset):

      def __len__(self):
        return 1

      def __getitem__(self, index):
        return x, (y, np.ma.array(dy, mask=dy > 0))

    model = sobolev_keras.Model(*_layers())
    model.compile('sgd')
    with self.assertRaisesRegex(ValueError, r'^x\[0\]: .* a masked array'):
      model.fit(Masked(), verbose=0)

  def test_data_of_unknown_rank(self):
    x, (y, dy) = _data()
    data = tf.data.Dataset.from_tensors((x, (y, dy))).map(
        lambda x, y: (
            x,
            tuple(tf.numpy_function(lambda *a: a, y, [tf.float64, tf.float64])),
        )
    )
    model = sobolev_keras.Model(*_layers())
    model.compile('sgd')
    with self.assertRaisesRegex(ValueError, r'y\[0\]: .* use set_shape'):
      model.fit(data, verbose=0)

  def test_a_file_that_has_no_place_for_it(self):
    model = sobolev_keras.wrap(keras.Model(*_layers()))
    with self.assertRaisesRegex(ValueError, '^filepath: .* .keras, got m.h5'):
      model.save('m.h5')

  def test_a_model_around_one_that_is_built_is_built(self):
    model = keras.Model(*_layers())
    path = os.path.join(self.create_tempdir(), 'a.weights.h5')
    sobolev_keras.wrap(model).save_weights(path)
    other = sobolev_keras.wrap(keras.Model(*_layers()))
    other.load_weights(path)
    self.assertTrue(other.built)

  def test_gradient_conflict_of_another_model(self):
    x, (y, dy) = _data()
    callback = sobolev_keras.GradientConflict(x, (y, dy))
    with self.assertRaisesRegex(ValueError, '^model: GradientConflict needs'):
      callback.set_model(keras.Model(*_layers()))

  def test_arguments_by_their_places(self):
    x, (y, dy) = _data()
    masked = np.ma.array(np.where(y > 0.5, 1e6, y), mask=y > 0.5)
    losses = []
    for places in (True, False):
      model = sobolev_keras.Model(*_layers())
      model.compile('sgd')
      validation = x, (masked, dy)
      if places:
        history = model.fit(x, (y, dy), 8, 1, 0, None, 0.0, validation)
      else:
        history = model.fit(
            x, (y, dy), batch_size=8, epochs=1, verbose=0,
            validation_data=validation,
        )
      losses.append(history.history['val_loss'])
    self.assertEqual(*losses)
    with self.assertRaisesRegex(ValueError, '^sample_weight: .* masked'):
      model.train_on_batch(x, (y, dy), np.ma.array(x[:, 0], mask=x[:, 1] > 0))
    with self.assertRaisesRegex(TypeError, "'batch_size'"):
      model.fit(x, (y, dy), 8, batch_size=8)

  def test_what_is_masked_in_a_batch_is_not_known(self):
    x, (y, dy) = _data()
    hidden = dy > 0.5, np.arange(_POINTS)[:, None] * [1, 0] > 4
    masked = tuple(
        np.ma.array(np.where(mask, 1e6, array), mask=mask)
        for array, mask in ((y, hidden[1]), (dy, hidden[0]))
    )
    missing = np.where(hidden[1], np.nan, y), np.where(hidden[0], np.nan, dy)
    results = []
    for batch in (masked, missing):
      model = sobolev_keras.Model(*_layers())
      model.compile(keras.optimizers.SGD(_RATE))
      results.append([
          model.train_on_batch(x, batch), model.test_on_batch(x, batch),
          self._fitted(
              model, x, (y, dy),
              callbacks=[sobolev_keras.GradientConflict(x, batch)],
          )['cosine_0_1'],
      ])
    testing.assert_close(*results, testing.SAME_FLOAT64)
    plain = keras.Model(*_layers())
    terms = sobolev.full_loss(plain, x, masked).terms
    expected = [np.mean(terms[k]) for k in range(2)]
    testing.assert_close(
        results[0][0][1:], expected, testing.SAME_FLOAT64
    )
    unknown = np.ma.array(dy, mask=True)  # Of a batch, not of all.
    self.assertEqual(model.test_on_batch(x, (y, unknown))[2], 0)

  @parameterized.parameters(
      {'metrics': ['mae']}, {'weighted_metrics': ['mae']}
  )
  def test_metrics_of_what_is_known(self, **settings):
    x, (y, dy) = _data()
    y[1:4, 0] = np.nan
    model = sobolev_keras.Model(*_layers())
    model.compile('sgd', jit_compile=True, **settings)
    result = model.evaluate(x, (y, dy), verbose=0, return_dict=True)
    testing.assert_close(
        result['mae'], np.nansum(abs(model(x) - y)) / y.size,
        testing.SAME_FLOAT64,
    )

  def test_balance_equals_the_plain_loop_and_is_saved(self):
    x, y = _data()
    settings = {'temperature': 0.5, 'smoothing': 0.5, 'lookback': 0.5}
    plain = keras.Model(*_layers())
    balance = sobolev.balancing.ReLoBRaLo((1, 0.5), **settings)
    optimizer = keras.optimizers.SGD(_RATE)
    for _ in range(4):
      with tf.GradientTape() as tape:
        loss = balance(sobolev.full_loss(plain, x, y))
        mean = tf.reduce_mean(loss.total)
      variables = plain.trainable_variables
      optimizer.apply(tape.gradient(mean, variables), variables)
    model = sobolev_keras.Model(*_layers())
    model.compile(
        keras.optimizers.SGD(_RATE), sobolev_weights=(1, 0.5),
        sobolev_balance=settings,
    )
    model.fit(x, y, epochs=2, verbose=0)
    path = os.path.join(self.create_tempdir(), 'model.keras')
    model.save(path)
    model = keras.saving.load_model(path)
    history = model.fit(
        x, y, epochs=2, verbose=0, validation_data=(x, y)
    ).history
    testing.assert_close(
        [history['factor_0'][-1], history['factor_1'][-1]],
        balance.factors.numpy(), testing.SAME_FLOAT32,
    )
    testing.assert_close(
        [v.numpy() for v in model.weights],
        [v.numpy() for v in plain.weights],
        testing.SAME_FLOAT32,  # The factors are of this type.
    )
    testing.assert_close(
        history['val_loss'][-1],
        history['val_order_0'][-1] + 0.5 * history['val_order_1'][-1],
        testing.SAME_FLOAT64,
    )

  def test_gradient_conflict_is_logged(self):
    x, y = _data()
    model = sobolev_keras.Model(*_layers())
    history = self._fitted(
        model, x, y, callbacks=[sobolev_keras.GradientConflict(x, y)]
    )
    gradients = []
    for k in range(2):
      weights = [float(k == 0), float(k == 1)]
      _, each = sobolev.loss_and_gradients(model, x, y, weights=weights)
      gradients.append(np.concatenate([np.ravel(g) for g in each]))
    cosine = gradients[0] @ gradients[1] / np.prod(
        [np.linalg.norm(g) for g in gradients]
    )
    testing.assert_close(
        history['cosine_0_1'][-1], cosine, testing.SAME_FLOAT64
    )

  def test_weights_of_examples_for_each_order(self):
    x, y = _data()
    model = sobolev_keras.Model(*_layers())
    model.compile('sgd')
    each = np.arange(float(_POINTS)), np.arange(_POINTS)[::-1] / 3
    result = model.evaluate(
        x, y, sample_weight=each, batch_size=_BATCH, verbose=0,
        return_dict=True,
    )
    terms = sobolev.full_loss(model, x, y).terms
    for k in range(2):
      testing.assert_close(
          result[f'order_{k}'], np.mean(each[k] * terms[k]),
          testing.SAME_FLOAT64,
      )

  def test_validation_is_seen_by_callbacks(self):
    x, y = _data()
    model = sobolev_keras.Model(*_layers())
    stopping = keras.callbacks.EarlyStopping(
        'val_loss', patience=0, min_delta=1e9
    )
    history = self._fitted(
        model, x, y, 5, {'metrics': ['mae']}, validation_data=(x, y),
        callbacks=[stopping],
    )
    self.assertLen(history['loss'], 2)  # The second one is not better by 1e9.
    loss = sobolev.full_loss(model, x, y)
    testing.assert_close(
        history['val_loss'][-1], np.mean(loss.total), testing.SAME_FLOAT64
    )
    testing.assert_close(
        history['val_mae'][-1], np.mean(abs(model(x) - y[0])),
        testing.SAME_FLOAT64,
    )
    self.assertEqual(
        list(model.evaluate(x, y, verbose=0, return_dict=True).values()),
        model.evaluate(x, y, verbose=0),
    )

  @parameterized.parameters(
      {'run_eagerly': True}, {'jit_compile': True}, {'steps_per_execution': 3}
  )
  def test_mode_and_data_set_change_nothing(self, **mode):
    x, y = _data()
    expected = self._fitted(sobolev_keras.Model(*_layers()), x, y)
    model = sobolev_keras.Model(*_layers())
    model.compile(keras.optimizers.SGD(_RATE), **mode)
    batches = tf.data.Dataset.from_tensor_slices((x, y)).batch(_BATCH)
    history = model.fit(batches, epochs=2, verbose=0).history
    testing.assert_close(
        history['loss'], expected['loss'], testing.SAME_FLOAT64
    )

  def test_saved_model_goes_on_where_it_was(self):
    x, y = _data()
    huber = functools.partial(sobolev.distances.huber, delta=np.float32(0.1))
    path = os.path.join(self.create_tempdir(), 'model.keras')
    for model, losses in (
        (sobolev_keras.Model(*_layers()), ('l2', _quartic)),
        (sobolev_keras.wrap(Subclassed()), (huber, sobolev.distances.l1)),
    ):
      model.compile(
          keras.optimizers.Adam(_RATE), sobolev_weights=(1, 0.3),
          sobolev_losses=losses,
      )
      model.fit(x, y, epochs=2, verbose=0, shuffle=False)
      model.save(path)
      loaded = keras.saving.load_model(path)
      self.assertIs(type(loaded), type(model))
      for one in (model, loaded):
        one.fit(x, y, epochs=2, verbose=0, shuffle=False)
      testing.assert_close(
          loaded.predict(x, verbose=0), model.predict(x, verbose=0),
          testing.SAME_FLOAT64,
      )

  def test_wrapped_model_is_the_one_that_is_trained(self):
    x, y = _data()
    inner = Subclassed()
    inner.build([None, 2])
    before = inner(x)
    model = sobolev_keras.wrap(inner)
    self._fitted(model, x, y)
    self.assertGreater(np.max(np.abs(inner(x) - before)), 1e-3)
    testing.assert_close(inner(x), model(x), testing.SAME_FLOAT64)

  @parameterized.parameters('mixed_float16', 'mixed_bfloat16')
  def test_mixed_precision(self, policy):
    x, y = _data(dtype='float32')
    losses = {}
    for policy_of in ('float32', policy):
      keras.mixed_precision.set_dtype_policy(policy_of)
      keras.config.set_floatx('float32')
      model = sobolev_keras.wrap(keras.Model(*_layers()))
      model.compile(keras.optimizers.SGD(_RATE))
      self.assertEqual(
          isinstance(model.optimizer, keras.optimizers.LossScaleOptimizer),
          policy_of == 'mixed_float16',
      )
      losses[policy_of] = model.fit(
          x, y, epochs=20, verbose=0, shuffle=False
      ).history['loss']
    # bfloat16 has eight bits, half as many decimals as 1 %.
    testing.assert_close(losses[policy], losses['float32'], 0.02)
    self.assertLess(losses[policy][-1], 0.5 * losses[policy][0])

  def test_function_as_loss_leaves_out_unknown_examples(self):
    x, (y, dy) = _data()
    dy[2] = np.nan
    model = sobolev_keras.Model(*_layers())
    model.compile('sgd', sobolev_losses=_quartic)
    result = model.evaluate(x, (y, dy), verbose=0, return_dict=True)
    jacobian = sobolev.derivatives.value_and_jacobian(model, tf.constant(x))[1]
    expected = np.nansum((jacobian - dy) ** 4) / _POINTS
    testing.assert_close(result['order_1'], expected, testing.SAME_FLOAT64)
    dy[3, 0, 0] = np.nan  # Of an example of which the rest is known.
    result = model.evaluate(x, (y, dy), verbose=0, return_dict=True)
    self.assertTrue(np.isnan(result['loss']))

  @parameterized.parameters(
      ({'loss': 'mse'}, 'loss: .* pass sobolev_losses'),
      ({'loss_weights': [1]}, 'loss_weights: .* pass sobolev_weights'),
      ({'sobolev_weights': (1, -1)}, r'^sobolev_weights\[1\]: expected 0 or'),
      ({'sobolev_losses': 'mse'}, r'^sobolev_losses: expected squared_l2'),
      ({'sobolev_losses': ('l1',)}, r'^sobolev_losses: expected 2'),
      ({'sobolev_balance': 'gradnorm'}, '^sobolev_balance: expected relobralo'),
      ({'sobolev_balance': {'foo': 1}}, '^sobolev_balance: .*, got .foo'),
      ({'sobolev_balance': {'temperature': 'a'}}, '^sobolev_balance: temperat'),
      (
          {'sobolev_balance': 'relobralo', 'sobolev_weights': (1, 0)},
          '^sobolev_balance: weights: expected two or more above 0',
      ),
  )
  def test_wrong_settings_are_named(self, settings, message):
    model = sobolev_keras.Model(*_layers())
    with self.assertRaisesRegex(ValueError, message):
      model.compile('sgd', **settings)

  @parameterized.parameters(
      'fit', 'evaluate', 'train_on_batch', 'test_on_batch', 'predict',
      'predict_on_batch',
  )
  def test_masked_points_are_named(self, method):
    x, y = _data()
    model = sobolev_keras.wrap(keras.Model(*_layers()))
    model.compile('sgd')
    arguments = [] if 'predict' in method else [y]
    masked = np.ma.array(x, mask=x > 0)
    with self.assertRaisesRegex(ValueError, '^x: expected known numbers'):
      getattr(model, method)(masked, *arguments)
    if method == 'fit':
      message = r'^validation_data\[0\]: expected known'
      with self.assertRaisesRegex(ValueError, message):
        model.fit(x, y, validation_data=(masked, y), verbose=0)
      with self.assertRaisesRegex(ValueError, '^sample_weight: expected known'):
        model.fit(x, y, sample_weight=masked[:, 0], verbose=0)

  def test_wrong_models_and_batches_are_named(self):
    with self.assertRaisesRegex(ValueError, '^model: expected a Keras model'):
      sobolev_keras.wrap(tf.sin)
    x, y = _data()
    model = sobolev_keras.Model(*_layers())
    model.compile('sgd')
    for batch, message in (
        ((x,), '^y: expected a tuple of 2'),
        ((x, (y[0], y[1] + 0j)), r'^y\[1\]: expected a dense array of real'),
        ((np.ma.array(x, mask=x > 0), y), '^x: expected known numbers'),
    ):
      with self.assertRaisesRegex(ValueError, message):
        conflict = sobolev_keras.GradientConflict(*batch)
        model.fit(x, y, verbose=0, callbacks=[conflict])

  def test_wrong_arrays_are_named(self):
    x, (y, dy) = _data()
    infinite = dy.copy()
    infinite[4, 0, 1] = np.inf
    model = sobolev_keras.Model(*_layers())
    model.compile('sgd')
    for wrong, message in (
        (y, r'^y: expected a tuple of 2, .* got ndarray'),
        ((y,), r'^y: expected a tuple of 2, .* got tuple of 1'),
        ((y, np.nan * dy), r'^y\[1\]: all of its numbers are NaN'),
        ((y, infinite), r'^y\[1\]: 1 numbers .* infinite, .* \[4, 0, 1\]'),
        ((y[:, :1], dy), r'^y\[0\]: expected the shape \[None, 2\]'),
        ((y, dy[:, 0]), r'^y\[1\]: expected the shape \[None, 2, 2\]'),
        ((y, None), r'^y\[1\]: expected a dense array of real numbers'),
        ((y.astype(str), dy), r'^y\[0\]: expected a dense array of real'),
        ((y, dy + 0j), r'^y\[1\]: expected a dense array of real'),
        ((y[:0], dy[:0]), r'^y\[0\]: expected examples, got \[0, 2\]'),
    ):
      with self.assertRaisesRegex(ValueError, message):
        model.fit(x, wrong, verbose=0)
    with self.assertRaisesRegex(ValueError, r'^validation_data\[1\]\[1\]: all'):
      model.fit(
          x, (y, dy), validation_data=(x, (y, np.nan * dy)), verbose=0
      )


if __name__ == '__main__':
  absltest.main()
