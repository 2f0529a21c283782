# SPDX-License-Identifier: Apache-2.0
"""Surrogates: what they predict, keep, draw and refuse."""

import json
import math
import os
import pathlib
import subprocess
import sys

from absl.testing import absltest
from absl.testing import parameterized
import keras
import numpy as np

from sobolev_training import surrogate
from sobolev_training import surrogate_figures
from sobolev_training import testing

_SMALL = {'hidden': (8,), 'steps': 30}


def _points(count, seed=0):
  return np.random.default_rng(seed).uniform(-1, 1, [count, 2])


def _wave(x):
  """sin(2 x0) + x0 x1 [N]."""
  return np.sin(2 * x[:, 0]) + x[:, 0] * x[:, 1]


def _slopes(x):
  return np.stack([2 * np.cos(2 * x[:, 0]) + x[:, 1], x[:, 0]], 1)


class SurrogateTest(parameterized.TestCase):

  def test_learns_from_few_points_in_any_units(self):
    x, test = _points(20), _points(200, 1)
    x_unit, y_unit, offset = np.array([1e-9, 1e5]), 1e12, 3e12
    known = _slopes(x)
    known[::4, 0] = np.nan
    s = surrogate.fit(
        x * x_unit, y_unit * _wave(x) + offset, known * y_unit / x_unit,
        hidden=(32, 32), steps=2000,
    )
    y, dy = s.predict(test * x_unit, derivatives=1, batch_size=64)
    self.assertEqual(y.shape, (200,))
    for truth, guess, least in (
        (_wave(test), (y - offset) / y_unit, 0.999),
        (_slopes(test), dy * x_unit / y_unit, 0.99),
    ):
      self.assertGreater(surrogate_figures.r_squared(truth, guess), least)
    self.assertLess(s.history['loss'][-1], 1e-3 * s.history['loss'][0])
    self.assertEqual(s.history['step'][-1], 2000)

  def test_derivatives_are_those_of_its_values(self):
    x = np.random.default_rng(0).uniform(-1, 1, [6, 1, 2])
    y = np.stack([_wave(x[:, 0]), x[:, 0, 0]], 1)
    s = surrogate.fit(5 + 3 * x, y, dtype='float64', **_SMALL)
    _, dy, d2y = s.predict(5 + 3 * x, derivatives=2)
    self.assertEqual(dy.shape, (6, 2, 1, 2))
    testing.assert_close(
        dy, testing.per_example(s.predict, 5 + 3 * x),
        testing.CENTRAL_DIFFERENCE,
    )
    testing.assert_close(
        d2y, testing.per_example(s.predict, 5 + 3 * x, 2, 1e-4),
        testing.SECOND_CENTRAL_DIFFERENCE,
    )

  def test_what_is_masked_is_not_known(self):
    x = _points(8)
    hidden = x > 0.5
    y, dy = _wave(x), _slopes(x)
    masked, missing = [], []
    for array, mask in ((y, hidden[:, 0]), (dy, hidden)):
      masked.append(np.ma.array(np.where(mask, 1e6, array), mask=mask))
      missing.append(np.where(mask, np.nan, array))
    fits = [surrogate.fit(x, *a, **_SMALL) for a in (masked, missing)]
    self.assertEqual(fits[0].history, fits[1].history)
    for axes, truth in zip(
        fits[0].parity(x, *masked).axes, missing, strict=True
    ):
      np.testing.assert_array_equal(axes.lines[0].get_xdata(), truth.ravel())

  def test_what_a_type_does_not_resolve(self):
    x = _points(8)
    y, dy = _wave(x), _slopes(x)
    for given, message in (
        ((1e9 + x, y, dy), "^x: float32 .* dtype='float64'"),
        ((1e39 * x, y, dy / 1e39), '^x: float32'),
        ((1e-42 * x, y, dy * 1e42), '^x: float32'),
        ((x, 1e8 + y, dy), '^y: float32'),
        ((x, 1e39 * y, 1e39 * dy), '^y: float32'),
    ):
      with self.assertRaisesRegex(ValueError, message):
        surrogate.fit(*given, **_SMALL)
    near, far = (
        surrogate.fit(shift + x, y, dy, dtype='float64', **_SMALL)
        .predict(shift + x) for shift in (0, 1e6)
    )
    np.testing.assert_allclose(near, far, atol=0.1)  # Rounding, amplified.

  def test_an_input_that_is_constant_but_for_rounding(self):
    x = _points(8)
    x[:, 1] = np.where(np.arange(8) % 2, 0.1 + 0.2, 0.3)
    dy = np.stack([np.cos(x[:, 0]), np.full(8, 2.0)], 1)
    _, found = surrogate.fit(x, np.sin(x[:, 0]), dy, **_SMALL).predict(x, 1)
    self.assertLess(np.abs(found).max(), 10)

  def test_parity_is_of_the_same_shape(self):
    x = _points(8)
    y, dy = _wave(x)[:, None], _slopes(x)[:, None]
    s = surrogate.fit(x, y, dy, **_SMALL)
    for given, message in (
        ((y[:, 0],), r'^y: expected the shape \[8, 1\] .* got \[8\]'),
        ((np.repeat(y, 2, 1),), r'^y: .* got \[8, 2\]'),
    ):
      with self.assertRaisesRegex(ValueError, message):
        s.parity(x, *given)
    with self.assertRaisesRegex(ValueError, r'^x0: .* one point, got \[1, 2\]'):
      s.sensitivity(x[:1])
    with self.assertRaisesRegex(ValueError, '^derivatives: '):
      s.predict(x, 40)
    with self.assertRaisesRegex(ValueError, '^path: .* .keras, got wing'):
      s.save('wing')
    with self.assertRaisesRegex(ValueError, r'^derivatives\[0\]: .* None leav'):
      surrogate.fit(x, y, np.full_like(dy, np.nan))

  def test_what_outputs_differ_by_is_not_explained(self):
    truth = np.stack([1000 + np.arange(4.0), np.arange(4.0)], 1)
    means = np.repeat(truth.mean(0, keepdims=True), 4, 0)
    self.assertAlmostEqual(surrogate_figures.r_squared(truth, means), 0)
    truth[0, 1] = np.nan
    self.assertEqual(surrogate_figures.r_squared(truth, truth), 1)

  def test_points_held_out_are_known(self):
    x = _points(40)
    y, dy = _wave(x), _slopes(x)
    kept = np.random.default_rng(0).permutation(40)[:4]
    y[kept], dy[kept] = np.nan, np.nan
    history = surrogate.fit(x, y, dy, held_out=0.1, **_SMALL).history
    self.assertGreater(min(history['held_out_loss']), 0)

  def test_examples_that_are_not_known_and_a_loss_of_ones_own(self):
    x = _points(8)
    y, dy = _wave(x), _slopes(x)
    rows = np.delete(np.arange(8), 3)
    some = surrogate.fit(x[rows], y[rows], dy[rows], **_SMALL)
    y[3], dy[3] = np.nan, np.nan

    def squares(prediction, target):
      axes = list(range(1, len(target.shape)))
      return keras.ops.sum((prediction - target) ** 2, axes)

    ours, theirs = (
        surrogate.fit(x, y, dy, losses=losses, **_SMALL).history['loss']
        for losses in (squares, 'squared_l2')
    )
    testing.assert_close(ours, theirs, testing.SAME_FLOAT32)
    self.assertLen(ours, len(some.history['loss']))
    dy[5, 0] = np.nan
    with self.assertRaisesRegex(
        ValueError, r'^losses\[1\]: .* 1 points a part of order 1 .* point 5'
    ):
      surrogate.fit(x, y, dy, losses=squares, **_SMALL)

  @parameterized.parameters(0.1, 1e12)
  def test_constant(self, constant):
    y, zeros = np.full([6], constant), np.zeros([6, 2])
    for derivatives in ((), (zeros,), (zeros, np.zeros([6, 2, 2]))):
      s = surrogate.fit(_points(6), y, *derivatives, hidden=(8,), steps=2000)
      predicted = s.predict(_points(6), 1)
      testing.assert_close(predicted[0], y, 0.01)
      if derivatives:
        testing.assert_close(predicted[1], zeros, 0.01)

  def test_one_value_and_slopes(self):
    x = _points(20)
    y = np.where(np.arange(20) == 3, _wave(x), np.nan)
    s = surrogate.fit(x, y, _slopes(x), hidden=(32,), steps=1000)
    self.assertGreater(
        surrogate_figures.r_squared(_wave(x), s.predict(x)), 0.99
    )

  def test_many_surrogates_without_warnings(self):
    with self.assertNoLogs('tensorflow', 'WARNING'):
      for _ in range(5):  # As many as make TensorFlow warn.
        s = surrogate.fit(_points(9), _wave(_points(9)), hidden=(2,), steps=1)
        s.predict(_points(2))

  def test_keeps_the_best_on_points_held_out(self):
    x = _points(20)
    noise = np.random.default_rng(1).normal(size=20)
    s = surrogate.fit(
        x, noise, held_out=0.5, patience=2, steps=5000, hidden=(32,),
        learning_rate=0.05, balance=(1.0,),
    )
    self.assertLess(s.history['step'][-1], 5000)
    best = np.argmin(s.history['held_out_loss'])
    self.assertEqual(best, len(s.history['step']) - 3)
    kept = np.random.default_rng(0).permutation(20)[:10]
    error = (s.predict(x[kept]) - noise[kept]) / np.std(noise)
    testing.assert_close(
        np.mean(error**2), s.history['held_out_loss'][best],
        testing.SAME_FLOAT32,
    )

  def test_saved_model_is_read_by_keras_alone(self):
    x = _points(6)
    s = surrogate.fit(
        x, _wave(x)[:, None], _slopes(x)[:, None], balance='relobralo',
        batch_size=4, **_SMALL,
    )
    path = os.path.join(self.create_tempdir(), 'wing.keras')
    s.save(path)
    expected = s.predict(x, 1)
    testing.assert_close(surrogate.load(path).predict(x, 1), expected, 0)
    code = (
        'import keras, numpy, sys; '
        f'model = keras.saving.load_model({path!r}); '
        f'y = model(numpy.array({x.tolist()}, "float32")); '
        'print(numpy.asarray(y).ravel().tolist()); '
        'sys.exit("sobolev_training" in sys.modules)'
    )
    result = subprocess.run(
        [sys.executable, '-c', code], check=True, capture_output=True, text=True
    )
    read = json.loads(result.stdout.splitlines()[-1])
    testing.assert_close(
        np.array(read), expected[0].ravel(), testing.SAME_FLOAT32
    )

  def test_figures(self):
    x = _points(6)
    y, dy = np.stack([_wave(x), x[:, 0]], 1), np.stack([_slopes(x)] * 2, 1)
    s = surrogate.fit(x, y, dy, **_SMALL)
    dy[0] = np.nan
    parity = s.parity(x, y, dy)
    self.assertLen(parity.axes, 2)
    testing.assert_close(
        parity.axes[1].lines[0].get_ydata(), s.predict(x, 1)[1].ravel(), 0
    )
    self.assertIn('first derivatives, 1 - R²', parity.axes[1].get_title())
    sensitivity = s.sensitivity([0.1, -0.2])
    self.assertLen(sensitivity.axes, 4)
    slope = s.predict([[0.1, -0.2]], 1)[1][0]
    for axes, number in zip(sensitivity.axes, slope.ravel(), strict=True):
      begin, end = axes.lines[1].get_xydata()
      testing.assert_close(
          (end[1] - begin[1]) / (end[0] - begin[0]), number,
          testing.SAME_FLOAT32,
      )
    low = sensitivity.axes[0].lines[0].get_xdata()[0]
    expected = np.mean(x[:, 0]) - math.sqrt(3) * np.std(x[:, 0])
    testing.assert_close(low, expected, testing.SAME_FLOAT64)

  def test_figures_of_any_model(self):
    inputs = keras.Input([2])
    model = keras.Model(inputs, keras.layers.Dense(1)(inputs))
    s = surrogate.Surrogate(model)
    with self.assertRaisesRegex(ValueError, '^low, high: expected limits'):
      s.sensitivity([0, 0])
    self.assertLen(s.sensitivity([0, 0], [-1, -1], [1, 1]).axes, 2)
    with self.assertRaisesRegex(ValueError, '^x0: expected known numbers'):
      s.sensitivity(np.ma.array([0, 0], mask=[0, 1]), [-1, -1], [1, 1])
    with self.assertRaisesRegex(ValueError, r'^low: expected the shape \[2\]'):
      s.sensitivity([0, 0], -1, 1)
    with self.assertRaisesRegex(ValueError, r'^x: expected the shape \[N, 2\]'):
      s.predict(np.zeros([3]))
    points = np.zeros([3, 2])
    for settings, message in (
        ({'derivatives': -1}, '^derivatives: expected 0 or more'),
        ({'derivatives': '1'}, '^derivatives: expected an integer'),
        ({'derivatives': 1.5}, '^derivatives: expected an integer'),
        ({'batch_size': 0}, '^batch_size: expected 1 or more'),
        ({'batch_size': 2.5}, '^batch_size: expected an integer'),
        ({'x': points + 1j}, '^x: expected a dense array of real'),
        ({'x': points.astype(str)}, '^x: expected a dense array of real'),
        ({'x': np.ma.array(points, mask=points == 0)}, '^x: expected known'),
    ):
      with self.assertRaisesRegex(ValueError, message):
        s.predict(**{'x': points} | settings)
    for truth, message in (
        ((None,), '^y: expected an array'),
        ((points[:, :1], None), r'^derivatives\[0\]: expected known numbers'),
        ((points[:, :1] * np.nan,), '^y: expected known numbers, got none'),
    ):
      with self.assertRaisesRegex(ValueError, message):
        s.parity(points, *truth)
    self.assertEqual(s.predict(np.zeros([0, 2]), 1)[1].shape, (0, 1, 2))

  @parameterized.parameters(
      ({'hidden': ()}, '^hidden: expected one layer'),
      ({'balance': 'best'}, '^balance: expected balanced, relobralo or'),
      ({'balance': (1, -1)}, r'^balance: weights\[1\]: expected 0 or more'),
      ({'balance': (1,)}, '^balance: expected 2 numbers'),
      ({'held_out': 1.0}, '^held_out: expected a share'),
      ({'held_out': 0.99}, '^held_out: expected a share'),
      ({'steps': 0}, '^steps: expected 1 or more'),
      ({'steps': 1.5}, '^steps: expected an integer'),
      ({'batch_size': 2.5}, '^batch_size: expected an integer'),
      ({'patience': 'a'}, '^patience: expected an integer'),
      ({'seed': 'a'}, '^seed: expected an integer'),
      ({'seed': -1}, '^seed: expected 0 or more'),
      ({'held_out': 'a'}, '^held_out: expected 0 to 1'),
      ({'learning_rate': 'a'}, '^learning_rate: expected a positive number'),
      ({'learning_rate': 0.0}, '^learning_rate: expected a positive number'),
      ({'hidden': 5}, '^hidden: expected one layer or more, .* got 5'),
      ({'hidden': (4.5,)}, r'^hidden\[0\]: expected an integer'),
      ({'activation': 'nope'}, '^activation: expected a name'),
      ({'dtype': 'float16'}, '^dtype: expected float32 or float64'),
  )
  def test_wrong_settings_are_named(self, settings, message):
    x = _points(4)
    with self.assertRaisesRegex(ValueError, message):
      surrogate.fit(x, _wave(x), _slopes(x), **settings)

  def test_wrong_arrays_are_named(self):
    x = _points(4)
    y, dy = _wave(x), _slopes(x)
    for arguments, message in (
        ((x, y[:3]), r'^y: expected the shape \[4\]'),
        ((x, y, dy[:, :1]), r'^derivatives\[0\]: expected the shape \[4, 2\]'),
        ((x, y, dy * np.inf), r'^derivatives\[0\]: .* not finite'),
        ((x, y * np.nan), '^y: expected a known number'),
        ((x * np.nan, y), '^x: .* not finite'),
        ((x, None, dy), '^y: expected an array'),
        ((x, y.astype(str)), '^y: expected a dense array of real numbers'),
        ((x, [None] * 4), '^y: expected a dense array of real numbers'),
        ((x, y, dy + 0j), r'^derivatives\[0\]: expected a dense array of real'),
        ((x[:0], y[:0]), '^y: .* 1 or more; got'),
        ((x, y, dy * 1e200), r'^balance: derivatives\[1\]: expected numbers'),
    ):
      with self.assertRaisesRegex(ValueError, message):
        surrogate.fit(*arguments)

  def test_other_files(self):
    path = os.path.join(self.create_tempdir(), 'model.keras')
    inputs = keras.Input([2])
    surrogate.Surrogate(keras.Model(inputs, inputs)).save(path)
    whole = pathlib.Path(path).read_bytes()
    for part in (b'', b'PK', whole[:len(whole) // 2]):
      pathlib.Path(path).write_bytes(part)
      with self.assertRaisesRegex(ValueError, '^path: expected a model'):
        surrogate.load(path)


if __name__ == '__main__':
  absltest.main()
