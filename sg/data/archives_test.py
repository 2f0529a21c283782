# SPDX-License-Identifier: Apache-2.0
import io
import os
import pathlib
import tarfile

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

from experiment import errors
from sg.data import archives


def _write(path, contents, mode='w'):
  with tarfile.open(path, mode) as archive:
    for name, content in contents.items():
      member = tarfile.TarInfo(name)
      member.size = len(content)
      archive.addfile(member, io.BytesIO(content))


class FilesTest(parameterized.TestCase):

  def setUp(self):
    super().setUp()
    self.path = pathlib.Path(self.create_tempdir().full_path, 'some.tar')

  def _read(self):
    return dict(archives.files(self.path, lambda name: name.endswith('.bin')))

  @parameterized.parameters('w', 'w:gz', 'w:xz')
  def test_reads_what_is_wanted(self, mode):
    contents = {'a/x.bin': b'one', 'y.bin': b'two' * 50_000, 'z.txt': b'no'}
    _write(self.path, contents, mode)
    del contents['z.txt']
    self.assertEqual(self._read(), contents)

  def test_archive_in_archive(self):
    inner = self.path.with_name('inner.tar')
    _write(inner, {'x.bin': b'one'})
    found = archives.members(self.path, io.BytesIO(inner.read_bytes()), bool)
    self.assertEqual(dict(found), {'x.bin': b'one'})

  @parameterized.parameters('w', 'w:gz')
  def test_hard_links_are_files(self, mode):
    _write(self.path, {'x.bin': b'one', 'y.bin': b'two'}, mode)
    folder = pathlib.Path(self.create_tempdir().full_path)
    for name, content in (('a.bin', b'one'), ('b.bin', b'two')):
      (folder / name).write_bytes(content)
    (folder / 'c.bin').hardlink_to(folder / 'a.bin')
    with tarfile.open(self.path, mode) as archive:
      archive.add(folder, '')
    self.assertEqual(
        self._read(), {'a.bin': b'one', 'b.bin': b'two', 'c.bin': b'one'}
    )

  @parameterized.parameters('nowhere.bin', 'folder', 'link.bin')
  def test_a_hard_link_to_no_file(self, target):
    with tarfile.open(self.path, 'w') as archive:
      folder = tarfile.TarInfo('folder')
      folder.type = tarfile.DIRTYPE
      archive.addfile(folder)
      link = tarfile.TarInfo('link.bin')
      link.type, link.linkname = tarfile.LNKTYPE, target
      archive.addfile(link)
    with self.assertRaisesRegex(
        errors.UserError, f'not a whole .*link.bin is a link to {target}, which'
    ):
      self._read()

  def test_a_damaged_bzip2(self):
    noise = np.random.default_rng(0).bytes(300_000)
    _write(self.path, {'x.bin': noise}, 'w:bz2')
    packed = bytearray(self.path.read_bytes())
    packed[len(packed) // 2] ^= 255
    self.path.write_bytes(packed)
    with self.assertRaisesRegex(errors.UserError, 'not a whole tar .* again'):
      self._read()

  def test_leaves_out_symbolic_links(self):
    with tarfile.open(self.path, 'w') as archive:
      link = tarfile.TarInfo('link.bin')
      link.type, link.linkname = tarfile.SYMTYPE, '/etc/hostname'
      archive.addfile(link)
    self.assertEqual(self._read(), {})

  @parameterized.parameters('w', 'w:gz', 'w:xz')
  def test_truncated(self, mode):
    # A header and its file take 1024 bytes; 10240 is between two of them.
    noise = {f'{i}.bin': os.urandom(512) for i in range(40)}
    _write(self.path, noise, mode)
    whole = self.path.read_bytes()
    for end in (10240, 10300, 10800, 700, 100):
      self.path.write_bytes(whole[:end])
      with self.assertRaisesRegex(errors.UserError, 'some.tar: not a whole ta'):
        self._read()

  def test_a_wrong_checksum(self):
    _write(self.path, {'x.bin': b'one'}, 'w:gz')
    content = bytearray(self.path.read_bytes())
    content[-6] ^= 1  # Of the CRC, the 8th to the 5th byte from the end.
    self.path.write_bytes(content)
    with self.assertRaisesRegex(errors.UserError, r'not a whole.*CRC'):
      self._read()

  def test_missing_or_something_else(self):
    with self.assertRaisesRegex(errors.UserError, 'some.tar: no such file: n'):
      self._read()
    self.path.write_bytes(b'no archive')
    with self.assertRaisesRegex(errors.UserError, 'not a whole tar.*get it ag'):
      self._read()
    with self.assertRaisesRegex(errors.UserError, 'is a directory'):
      list(archives.files(self.path.parent, bool))


class FillingTest(absltest.TestCase):

  def setUp(self):
    super().setUp()
    self.folder = pathlib.Path(self.create_tempdir().full_path, 'a', 'b')

  def test_appears_whole(self):
    with archives.filling(self.folder) as partial:
      (partial / 'one').write_text('1')
      self.assertFalse(self.folder.exists())
    self.assertEqual((self.folder / 'one').read_text(), '1')
    self.assertLen(list(self.folder.parent.iterdir()), 1)

  def test_goes_on_after_a_failure(self):
    with self.assertRaises(KeyError), archives.filling(self.folder) as partial:
      (partial / 'one').write_text('1')
      raise KeyError
    self.assertFalse(self.folder.exists())
    with archives.filling(self.folder) as partial:
      self.assertEqual((partial / 'one').read_text(), '1')
    self.assertTrue((self.folder / 'one').exists())

  def test_leaves_nothing_when_nothing_was_written(self):
    with self.assertRaises(KeyError), archives.filling(self.folder):
      raise KeyError
    self.assertEmpty(list(self.folder.parent.iterdir()))

  def test_replaces_files_and_leaves_others(self):
    self.folder.mkdir(parents=True)
    (self.folder / 'one').write_text('old')
    (self.folder / 'mine').write_text('mine')
    with archives.filling(self.folder) as partial:
      (partial / 'one').write_text('new')
    self.assertEqual((self.folder / 'one').read_text(), 'new')
    self.assertEqual((self.folder / 'mine').read_text(), 'mine')


if __name__ == '__main__':
  absltest.main()
