# SPDX-License-Identifier: Apache-2.0
import os
import pathlib
from unittest import mock

from absl.testing import absltest
from absl.testing import parameterized
import tensorflow as tf

from experiment import errors
from sg.data import dataset
from sg.data import datasets


class DatasetsTest(parameterized.TestCase):

  @parameterized.parameters((0, 32), (16, 16))
  def test_synthetic_of_any_size(self, asked, size):
    data = datasets.open_dataset('synthetic', image_size=asked)
    self.assertIsInstance(data, dataset.Dataset)
    self.assertEqual(data.image_shape, (size, size, 3))

  @parameterized.parameters('cifar10', 'imagenet')
  def test_missing_data(self, name):
    home = pathlib.Path(self.create_tempdir().full_path)
    with mock.patch.dict(os.environ, BUILD_WORKING_DIRECTORY=str(home)):
      with self.assertRaisesRegex(
          errors.UserError, f'{home}/data/{name}/.*//sg:prepare_{name}'
      ):
        datasets.open_dataset(name)
      with self.assertRaisesRegex(errors.UserError, f'{home}/mine/'):
        datasets.open_dataset(name, 'mine')

  def test_wrong_arguments(self):
    with self.assertRaisesRegex(errors.UserError, "'mnist': expected one of c"):
      datasets.open_dataset('mnist')
    with self.assertRaisesRegex(errors.UserError, 'size 64: CIFAR-10 has 32'):
      datasets.open_dataset('cifar10', image_size=64)

  def test_other_errors_stay_as_they_are(self):
    with self.assertRaises(tf.errors.OpError), datasets.reading():
      tf.io.read_file('/no/such/file')


if __name__ == '__main__':
  absltest.main()
