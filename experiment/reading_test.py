# SPDX-License-Identifier: Apache-2.0
"""Tests for reading."""

import os
import pathlib

from absl.testing import absltest
from absl.testing import parameterized

from experiment import errors
from experiment import reading


class ReadingTest(parameterized.TestCase):

  def setUp(self):
    super().setUp()
    self.path = pathlib.Path(self.create_tempdir().full_path, 'file')

  def test_what_is_no_file_is_refused_and_not_waited_for(self):
    os.mkfifo(self.path)
    for path in (self.path, self.path.parent, pathlib.Path('/dev/zero')):
      with self.assertRaisesRegex(errors.UserError, f'^{path}: not a file'):
        reading.open_regular(path)
    with self.assertRaises(FileNotFoundError):
      reading.open_regular(self.path.with_name('absent'))

  @parameterized.parameters('[' * 100_000, '{"a":' * 100_000, '', '{', b'\xff')
  def test_bad_json_is_a_value_error(self, text):
    with self.assertRaises(ValueError):
      reading.parse_json(text)

  def test_json(self):
    self.path.write_text('{"a": [1, null]}')
    self.assertEqual(reading.read_json(self.path), {'a': [1, None]})

  def test_csv(self):
    self.path.write_bytes('a,b\n1,"x\ny"\nü,\n'.encode())
    self.assertEqual(
        list(reading.read_csv(self.path, ['b'])),
        [(3, {'a': '1', 'b': 'x\ny'}), (4, {'a': 'ü', 'b': ''})],
    )

  @parameterized.named_parameters(
      ('empty', b'', 'line 1: expected a header with b$'),
      ('column', b'a,c\n1,2\n', 'line 1: expected a header with b$'),
      ('twice', b'a,b,a\n1,2,3\n', 'line 1: a column is there twice'),
      ('more_cells', b'a,b\n1,2\n1,2,3\n', 'line 3: expected 2 cells, got 3'),
      ('fewer_cells', b'a,b\n1\n', 'line 2: expected 2 cells, got 1'),
      ('empty_line', b'a,b\n1,2\n\n3,4\n', 'line 3: expected 2 cells, got 0'),
      ('flipped_bit', b'a,b\n1,2\n3,\xb4\n', 'line 3: not UTF-8'),
      ('quote', b'a,b\n1,"2\n', 'line 2: unexpected end'),
      ('huge', b'a,b\n1,' + b'2' * 200_000, 'line 2: field larger'),
  )
  def test_bad_csv(self, content, message):
    self.path.write_bytes(content)
    with self.assertRaisesRegex(errors.UserError, f'^{self.path}, {message}'):
      list(reading.read_csv(self.path, ['b']))


if __name__ == '__main__':
  absltest.main()
