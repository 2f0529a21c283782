# SPDX-License-Identifier: Apache-2.0
import pathlib

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

from experiment import errors
from regression import datasets
from regression import recorded


def _arrays(count=50):
  x = np.random.default_rng(0).normal(size=(count, 3))
  return {'x': x, 'y': (x**2).sum(-1), 'gradient': 2 * x}


class RecordedTest(parameterized.TestCase):

  def setUp(self):
    super().setUp()
    self.path = pathlib.Path(self.create_tempdir().full_path, 'points.npz')

  def _save(self, **changes):
    arrays = {**_arrays(), **changes}
    np.savez(self.path, **{k: v for k, v in arrays.items() if v is not None})

  def test_sets_are_of_the_file_and_do_not_meet(self):
    self._save()
    train = datasets.training_set(str(self.path), 40, seed=1)
    test = datasets.test_set(str(self.path))
    self.assertEqual((len(train.x), len(test.x)), (40, 10))
    for data in (train, test):
      np.testing.assert_allclose(data.y, (data.x**2).sum(-1), rtol=1e-5)
      np.testing.assert_allclose(data.gradient, 2 * data.x, rtol=1e-5)
    everything = np.concatenate([train.x, test.x])
    expected = _arrays()['x'].astype(np.float32)
    self.assertEqual(set(map(tuple, everything)), set(map(tuple, expected)))

  def test_smaller_set_begins_the_larger(self):
    self._save()
    small = datasets.training_set(str(self.path), 10, seed=1)
    large = datasets.training_set(str(self.path), 20, seed=1)
    other = datasets.training_set(str(self.path), 10, seed=2)
    np.testing.assert_array_equal(small.x, large.x[:10])
    self.assertFalse(np.array_equal(small.x, other.x))

  def test_where_the_file_is_does_not_matter(self):
    self._save()
    elsewhere = self.path.with_name('other.npz')
    elsewhere.write_bytes(self.path.read_bytes())
    one, other = (
        (
            datasets.training_set(str(path), 10, seed=1).x,
            datasets.batch_indices(10, 5, str(path), 1, 0, 4),
        )
        for path in (self.path, elsewhere)
    )
    np.testing.assert_array_equal(one[0], other[0])
    np.testing.assert_array_equal(one[1], other[1])

  def test_points_to_predict_at_may_be_close(self):
    x = np.array([[5.0, 1.0], [5.0 + 1e-5, 1.0]])
    np.savez(self.path, x=x)
    np.testing.assert_array_equal(
        recorded.load_points(self.path), x.astype(np.float32)
    )

  def test_too_few_points(self):
    self._save()
    with self.assertRaisesRegex(errors.UserError, '--size=41, and 40 of'):
      datasets.training_set(str(self.path), 41, 0)

  @parameterized.parameters(
      ({'y': None}, r'not an archive .* \(no array y\): write it with np'),
      ({'y': np.zeros([50, 1])}, r'y: .* the shape \[50\], got \[50, 1\]'),
      ({'gradient': np.zeros([50, 2])}, r'gradient: expected .*\[50, 3\]'),
      ({'x': np.zeros(50)}, r'x: expected the shape \[N, D\]'),
      (
          {'x': np.zeros([50, 0]), 'gradient': np.zeros([50, 0])},
          r'x: expected inputs, got \[N, 0\]',
      ),
      (
          {'x': 1e8 + _arrays()['x']},
          'x: float32 does not tell these numbers apart.*subtract their mean',
      ),
      ({'y': 1e6 + _arrays()['y']}, 'y: float32 does not tell'),
      ({'y': np.full(50, 'a')}, 'y: expected real numbers'),
      (
          {'y': np.array([0.0] * 49 + [np.nan])},
          r'y: 1 of 50 .* not finite.*\[49\]',
      ),
      (
          {'y': np.array([None] * 50)},
          r'not an archive of .* \(y: not an array of numbers',
      ),
  )
  def test_names_what_is_wrong(self, changes, expected):
    self._save(**changes)
    with self.assertRaisesRegex(errors.UserError, f'points.npz: {expected}'):
      recorded.load(self.path)

  def test_missing_and_broken_files(self):
    with self.assertRaisesRegex(errors.UserError, 'no such file'):
      recorded.load(self.path)
    self._save()
    whole = self.path.read_bytes()
    np.savez_compressed(self.path, **np.load(self.path))
    damaged = bytearray(self.path.read_bytes())
    damaged[60] ^= 255  # In the first array: an error of zlib's own.
    for content in (b'', b'no archive', whole[:200], whole[:-30], damaged):
      self.path.write_bytes(content)
      with self.assertRaisesRegex(errors.UserError, 'npz: not an archive'):
        recorded.load(self.path)


if __name__ == '__main__':
  absltest.main()
