# SPDX-License-Identifier: Apache-2.0
import pathlib

from absl.testing import absltest
import numpy as np

from regression import datasets
from regression import functions


class DatasetsTest(absltest.TestCase):

  def test_points_are_uniform_in_the_box(self):
    function = functions.FUNCTIONS['bukin']
    x = datasets.test_set('bukin').x
    self.assertEqual(x.shape, (10_000, 2))
    share = (x - function.low) / (np.array(function.high) - function.low)
    self.assertTrue(np.all((share >= 0) & (share <= 1)))
    # Ten bins of 1000 points on the average: a standard deviation of 30.
    for axis in share.T:
      counts, _ = np.histogram(axis, 10, (0, 1))
      np.testing.assert_allclose(counts, 1000, atol=150)

  def test_values_and_gradients_are_the_function_s(self):
    data = datasets.training_set('booth', 30, seed=4)
    x, y = data.x.T
    np.testing.assert_allclose(
        data.y, (x + 2 * y - 7) ** 2 + (2 * x + y - 5) ** 2, rtol=1e-4
    )
    expected = np.stack([10 * x + 8 * y - 34, 8 * x + 10 * y - 38], -1)
    np.testing.assert_allclose(data.gradient, expected, rtol=1e-4, atol=1e-3)

  def test_smaller_set_begins_the_larger(self):
    small = datasets.training_set('booth', 20, seed=1)
    large = datasets.training_set('booth', 100, seed=1)
    np.testing.assert_array_equal(small.x, large.x[:20])

  def test_seeds_and_the_test_set_differ(self):
    sets = [datasets.training_set('booth', 20, seed).x for seed in range(3)]
    sets.append(datasets.test_set('booth', 20).x)
    self.assertLen({x.tobytes() for x in sets}, 4)

  def test_validation_points_are_in_no_other_set(self):
    held_out = datasets.validation_set('booth', 20, seed=1).x
    self.assertEqual(held_out.shape, (1000, 2))
    others = [
        datasets.training_set('booth', 10_000, seed=1).x,
        datasets.test_set('booth').x,
        datasets.validation_set('booth', 20, seed=2).x,
    ]
    for other in others:
      self.assertEmpty(set(map(tuple, held_out)) & set(map(tuple, other)))

  def test_recorded_validation_points_are_what_training_leaves_over(self):
    path = str(pathlib.Path(self.create_tempdir().full_path) / 'points.npz')
    x = np.arange(10.0)[:, np.newaxis]
    np.savez(path, x=x, y=x[:, 0], gradient=x)
    sets = [
        datasets.training_set(path, 5, seed=1),
        datasets.validation_set(path, 5, seed=1),
        datasets.test_set(path),
    ]
    self.assertCountEqual(np.concatenate([s.y for s in sets]), x[:, 0])
    self.assertEqual([len(s.y) for s in sets], [5, 3, 2])
    self.assertEmpty(datasets.validation_set(path, 8, seed=1).x)

  def test_an_epoch_has_every_point_once(self):
    rows = datasets.batch_indices(30, 7, 'booth', 0, 0, 30)
    self.assertEqual(rows.shape, (30, 7))
    for epoch in rows.reshape(7, 30):
      self.assertEqual(sorted(epoch), list(range(30)))
    self.assertNotEqual(*map(list, rows.reshape(7, 30)[:2]))

  def test_any_cut_of_the_steps_gives_the_same_batches(self):
    whole = datasets.batch_indices(30, 7, 'booth', 0, 0, 20)
    cuts = [
        datasets.batch_indices(30, 7, 'booth', 0, a, b)
        for a, b in ((0, 3), (3, 3), (3, 13), (13, 20))
    ]
    np.testing.assert_array_equal(np.concatenate(cuts), whole)


if __name__ == '__main__':
  absltest.main()
