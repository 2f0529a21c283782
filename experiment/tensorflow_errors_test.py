# SPDX-License-Identifier: Apache-2.0
"""Tests for tensorflow_errors."""

from absl.testing import absltest
import tensorflow as tf

from experiment import errors
from experiment import tensorflow_errors


class NamingTest(absltest.TestCase):

  def test_errors_of_tensorflow_about_files_are_explained(self):
    for path, reason in (
        ('/dev/full', 'no space left on device: free some space'),
        ('/dev/null/x', 'not a directory: a file is where a folder should be'),
    ):
      with self.assertRaisesRegex(errors.UserError, f'^{path}: {reason}'):
        with tensorflow_errors.naming(path):
          tf.io.write_file(path, 'x')

  def test_errors_of_python_are_explained(self):
    with self.assertRaisesRegex(errors.UserError, '^here: no space left'):
      with tensorflow_errors.naming('here'):
        raise OSError(28, 'No space left on device')

  def test_other_errors_stay_what_they_are(self):
    with self.assertRaises(tf.errors.InvalidArgumentError):
      with tensorflow_errors.naming('here'):
        tf.reshape([1, 2, 3], [2, 2])


if __name__ == '__main__':
  absltest.main()
