# SPDX-License-Identifier: Apache-2.0
import pathlib
from unittest import mock

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

from regression import datasets
from regression import ensemble
from regression import functions
from regression import training

Member = ensemble.Member

# Float32 sums in another order.
_ROUNDING = 1e-4


def _ensemble(members=None, size=24, steps=6, **settings):
  members = members or [Member('booth', 0), Member('ackley', 3)]
  method = settings.pop('method', training.Method())
  made = ensemble.Ensemble(
      members, size, method, hidden=(16, 16), **settings
  )
  made.advance(0, steps)
  return made


class EnsembleTest(parameterized.TestCase):

  @parameterized.parameters(0, 5)
  def test_member_learns_as_if_it_were_alone(self, batch_size):
    alone = _ensemble([Member('ackley', 3)], batch_size=batch_size)
    among = _ensemble(batch_size=batch_size)
    x = datasets.test_set('ackley', 50).x
    for one, two in zip(
        alone.predict(0, x), among.predict(1, x), strict=True
    ):
      np.testing.assert_array_equal(one, two)

  @parameterized.parameters((1, 1), (2, 1), (3, 2), (1, 0), (2, 4))
  def test_threads_and_chunks_cover_every_member(self, threads, chunk):
    members = [Member('booth', seed) for seed in range(5)]
    method = training.Method(chunk=chunk)
    ours = _ensemble(members, threads=threads, method=method)
    plain = _ensemble(members)
    x = datasets.test_set('booth', 50).x
    for index in range(5):
      np.testing.assert_allclose(
          ours.predict(index, x)[0], plain.predict(index, x)[0], _ROUNDING
      )
    self.assertTrue(np.all(np.isfinite(ours.loss)))

  def test_all_at_a_time_are_one_program(self):
    method = training.Method(chunk=0)
    made = _ensemble(threads=2, method=method, steps=0)
    self.assertEqual(made._split(2), [(slice(0, 2), 2)])

  def test_many_points_are_predicted_in_parts(self):
    made, x = _ensemble(), datasets.test_set('booth', 50).x
    whole = made.predict(0, x)
    with mock.patch.object(ensemble, '_POINTS', 20):
      parts = made.predict(0, x)
    for one, other in zip(whole, parts, strict=True):
      np.testing.assert_allclose(one, other, 1e-5, 1e-5)
    self.assertLen(made.predict(0, x[:0])[0], 0)

  def test_small_units(self):
    x = np.random.default_rng(0).uniform(-1, 1, [60, 2])
    path = pathlib.Path(self.create_tempdir().full_path, 'small.npz')
    np.savez(
        path, x=x, y=1e-24 * (x**2).sum(-1), gradient=2e-24 * x,
    )
    made = _ensemble([Member(str(path), 0)], standardise=True)
    self.assertTrue(np.all(np.isfinite(made.loss)))
    variance = np.var(datasets.test_set(str(path)).y.astype(np.float64))
    self.assertBetween(
        made.test_errors(0)['test_mse'], 0.1 * variance, 10 * variance
    )

  def test_any_cut_of_the_steps_gives_the_same_bits(self):
    whole, cut = _ensemble(batch_size=5), _ensemble(batch_size=5, steps=2)
    cut.advance(2, 3)
    cut.advance(3, 6)
    for one, two in zip(whole.variables, cut.variables, strict=True):
      np.testing.assert_array_equal(one, two)
    np.testing.assert_array_equal(whole.loss, cut.loss)

  def test_standardised_units_are_undone(self):
    made = _ensemble(standardise=True, steps=1)
    data = datasets.training_set('booth', 24, 0)
    # In its units the network is small: so far it predicts about the mean.
    value, gradient = made.predict(0, data.x)
    np.testing.assert_allclose(
        value, np.mean(data.y), atol=2 * np.std(data.y)
    )
    # The gradient is that of the value, in the function's own units.
    step = 1e-2
    for axis in range(2):
      shift = step * np.eye(2, dtype=np.float32)[axis]
      above, _ = made.predict(0, data.x + shift)
      below, _ = made.predict(0, data.x - shift)
      slope = (above - below) / (2 * step)
      # Some of the steps go across a kink.
      close = np.isclose(slope, gradient[:, axis], rtol=0.02, atol=0.5)
      self.assertGreater(close.mean(), 0.7)

  def test_standardised_data_follow_the_chain_rule(self):
    data = datasets.training_set('booth', 24, 0)
    stacked = datasets.Dataset(*(array[np.newaxis] for array in data))
    x_mean, x_scale = data.x.mean(0), data.x.std(0)
    units = ensemble.Units(
        *(np.float32(a)[np.newaxis] for a in (x_mean[None], x_scale[None])),
        np.float32([[data.y.mean()]]),
        np.float32([[data.y.std()]]),
    )
    x, _, gradient = (array[0] for array in units.standardise(stacked))
    booth = functions.FUNCTIONS['booth']

    def standardised(points):
      value, _ = booth.value_and_gradient(x_mean + x_scale * points)
      return (value - data.y.mean()) / data.y.std()

    for axis in range(2):
      shift = 1e-4 * np.eye(2)[axis]
      slope = (standardised(x + shift) - standardised(x - shift)) / 2e-4
      np.testing.assert_allclose(gradient[:, axis], slope, 1e-3, 1e-3)

  def test_a_constant_column_keeps_its_unit(self):
    x = np.random.default_rng(0).normal(size=(1, 100, 2)).astype(np.float32)
    x[..., 1] = 0.1  # Its mean in float32 is another number.
    units = ensemble._units(
        datasets.Dataset(x, x[..., 0], x), standardise=True
    )
    self.assertEqual(units.x_scale[0, 0, 1], 1)
    self.assertAlmostEqual(units.x_scale[0, 0, 0], x[..., 0].std(), 5)

  def test_errors_are_in_the_function_s_units(self):
    made = _ensemble()
    test = datasets.test_set('booth')
    value, gradient = made.predict(0, test.x)
    found = made.test_errors(0)
    self.assertAlmostEqual(
        found['test_mse'] / np.mean((value - test.y) ** 2), 1, 4
    )
    squares = ((gradient - test.gradient) ** 2).sum(-1)
    self.assertAlmostEqual(found['test_gradient_mse'] / squares.mean(), 1, 4)


if __name__ == '__main__':
  absltest.main()
