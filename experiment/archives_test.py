# SPDX-License-Identifier: Apache-2.0
"""Tests for archives."""

import io
import os
import pathlib
import zipfile

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

from experiment import archives
from experiment import errors


def _array(shape: str = '(3,)', dtype: str = '<f4', size: int = 12) -> bytes:
  """A member with a header of one's own."""
  header = f"{{'descr': {dtype!r}, 'fortran_order': False, 'shape': {shape}}}"
  header = header.encode().ljust(117) + b'\n'
  return b'\x93NUMPY\x01\x00' + bytes([118, 0]) + header + bytes(size)


class ArchivesTest(parameterized.TestCase):

  def setUp(self):
    super().setUp()
    self.path = pathlib.Path(self.create_tempdir().full_path, 'a.npz')

  def write(self, member: bytes) -> None:
    with zipfile.ZipFile(self.path, 'w', zipfile.ZIP_DEFLATED) as archive:
      archive.writestr('x.npy', member)

  @parameterized.parameters(np.savez, np.savez_compressed)
  def test_reads_what_numpy_writes(self, save):
    arrays = {
        'x': np.arange(6.0).reshape(2, 3),
        'y': np.asfortranarray(np.arange(6, dtype=np.int8).reshape(2, 3)),
        'text': np.array('a string'),
        'empty': np.zeros([0, 4], np.float16),
    }
    save(self.path, **arrays)
    found = archives.read(self.path)
    self.assertEqual(found.keys(), arrays.keys())
    for name, array in arrays.items():
      np.testing.assert_array_equal(found[name], array)
      self.assertEqual(found[name].dtype, array.dtype)
    self.assertEqual([*archives.read(self.path, ['y'])], ['y'])

  def test_a_member_of_the_test_s_own_is_read(self):
    self.write(_array())
    np.testing.assert_array_equal(archives.read(self.path)['x'], np.zeros(3))

  @parameterized.named_parameters(
      ('huge', _array('(10000000000000,)'), 'array'),
      ('negative', _array('(-3,)'), 'x: not an array of numbers'),
      ('objects', _array(dtype='|O', size=24), 'x: not an array of numbers'),
      ('no_array', b'some text that is not an array', 'magic'),
      ('short', _array(size=11), 'expected 12 bytes got 11'),
      ('long', _array(size=13), 'longer than its header says'),
      ('header_without_end', _array("(1,'"), '.'),
      ('deeply_nested', _array('(' * 40 + '1,' + ')' * 40), '.'),
  )
  def test_bad_members(self, member, message):
    self.write(member)
    with self.assertRaisesRegex(archives.Damaged, message) as caught:
      archives.read(self.path)
    self.assertNotIn('\n', str(caught.exception))

  @parameterized.parameters(
      b'', b'a text called .npz\n', b'\x80\x04N.', _array(),
  )
  def test_what_is_no_archive(self, content):
    self.path.write_bytes(content)
    with self.assertRaises(archives.Damaged):
      archives.read(self.path)

  def test_a_missing_array_is_named(self):
    self.write(_array())
    with self.assertRaisesRegex(archives.Damaged, '^no array y$'):
      archives.read(self.path, ['x', 'y'])

  def test_no_file_and_a_fifo(self):
    with self.assertRaises(FileNotFoundError):
      archives.read(self.path)
    os.mkfifo(self.path)
    with self.assertRaisesRegex(errors.UserError, 'not a file'):
      archives.read(self.path)

  def test_any_byte_may_be_wrong(self):
    file = io.BytesIO()
    x = np.arange(9)
    np.savez_compressed(file, x=x, record=np.array('{"a": 1}'))
    good = file.getvalue()
    damaged = 0
    for place in range(len(good)):
      bad = bytearray(good)
      bad[place] ^= 255
      self.path.write_bytes(bad)
      try:
        found = archives.read(self.path)  # A name may be another now.
        np.testing.assert_array_equal(found.get('x', x), x)
      except archives.Damaged:
        damaged += 1
    self.assertGreater(damaged, len(good) // 2)


if __name__ == '__main__':
  absltest.main()
