# SPDX-License-Identifier: Apache-2.0
"""jacobian_matching on a few small synthetic images."""

import pathlib

from absl.testing import absltest
import keras
import numpy as np

from examples import jacobian_matching


def _stripes(count, seed):
  """Images [N, 8, 8, 3] whose class, one of 4, is the place of a stripe."""
  random = np.random.default_rng(seed)
  labels = random.integers(0, 4, count)
  images = random.normal(0, 0.5, [count, 8, 8, 3]).astype('float32')
  images[np.arange(count), 2 * labels] += 1
  return images, labels


class JacobianMatchingTest(absltest.TestCase):

  def test_reads_the_files(self):
    folder = pathlib.Path(self.create_tempdir())
    random = np.random.default_rng(0)
    names = [f'data_batch_{n}.bin' for n in range(1, 6)] + ['test_batch.bin']
    records = {
        name: random.integers(0, 256, [3, 3073], np.uint8) for name in names
    }
    for name, array in records.items():
      array.tofile(folder / name)
    train, test = jacobian_matching.load(folder)
    self.assertEqual(train[0].shape, (15, 32, 32, 3))
    record = records['data_batch_2.bin'][1]
    self.assertEqual(train[1][4], record[0])
    row, column, channel = 5, 7, 2  # Red, green and blue planes, row by row.
    pixel = record[1 + 1024 * channel + 32 * row + column]
    self.assertAlmostEqual(
        float(train[0][4, row, column, channel]), pixel / 127.5 - 1, 6
    )
    self.assertEqual(test[1].tolist(), records['test_batch.bin'][:, 0].tolist())

  def test_the_teacher_is_its_own_best_student(self):
    keras.utils.set_random_seed(0)
    images, labels = _stripes(20, 0)
    teacher = jacobian_matching.make_network([8, 8, 3], 2)
    accuracy, agreement, divergence = jacobian_matching.measure(
        teacher, teacher, (images, labels)
    )
    found = np.asarray(teacher(images)).argmax(1)
    self.assertAlmostEqual(accuracy, 100 * np.mean(found == labels), 4)
    self.assertEqual(agreement, 100)
    self.assertEqual(divergence, 0)

  def test_jacobians_pay(self):
    output = pathlib.Path(self.create_tempdir(), 'figure.png')
    results = jacobian_matching.run(
        _stripes(640, 0), _stripes(200, 1), [64], 1, 4, 200, 1.0, (8, 4), output
    )
    plain, sobolev = (results[m][0, 0] for m in jacobian_matching.METHODS)
    self.assertLess(sobolev[2], plain[2])
    self.assertTrue(output.exists())


if __name__ == '__main__':
  absltest.main()
