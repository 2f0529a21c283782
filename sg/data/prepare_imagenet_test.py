# SPDX-License-Identifier: Apache-2.0
import io
import pathlib
import sys
import tarfile
import types
from unittest import mock

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np
from scipy import io as scipy_io
import tensorflow as tf

from experiment import errors
from sg.data import prepare_imagenet


def _jpeg(level):
  return tf.io.encode_jpeg(np.full([8, 8, 3], level, np.uint8)).numpy()


def _tar(contents):
  file = io.BytesIO()
  with tarfile.open(fileobj=file, mode='w') as archive:
    for name, content in contents.items():
      member = tarfile.TarInfo(name)
      member.size = len(content)
      archive.addfile(member, io.BytesIO(content))
  return file.getvalue()


_VAL = {f'ILSVRC2012_val_0000000{i}.JPEG': _jpeg(i) for i in (1, 2, 3)}
# What must come of every kind of archive.
_EXPECTED = {
    'train/n01/n01_1.JPEG': _jpeg(10),
    'train/n01/n01_2.JPEG': _jpeg(20),
    'train/n02/n02_1.JPEG': _jpeg(30),
    'val/n01/ILSVRC2012_val_00000002.JPEG': _jpeg(2),
    'val/n02/ILSVRC2012_val_00000001.JPEG': _jpeg(1),
    'val/n02/ILSVRC2012_val_00000003.JPEG': _jpeg(3),
}
_ORDER = ['n02', 'n01', 'n02']  # Of the validation images' classes.


class PrepareImagenetTest(parameterized.TestCase):

  def setUp(self):
    super().setUp()
    self.home = pathlib.Path(self.create_tempdir().full_path)
    self.folder = self.home / 'data' / 'imagenet'

  def _save(self, name, content):
    (self.home / name).write_bytes(content)
    return str(self.home / name)

  def _ilsvrc(self):
    """The official archives, in small."""
    train = {
        f'{name}.tar': _tar({
            path.rpartition('/')[2]: content
            for path, content in _EXPECTED.items()
            if path.startswith(f'train/{name}')
        })
        for name in ('n01', 'n02')
    }
    return (
        self._save('train.tar', _tar(train)), self._save('val.tar', _tar(_VAL))
    )

  def _prepare(self, *archives, **settings):
    return prepare_imagenet.prepare(
        prepare_imagenet.Config(
            archive=archives, folder=str(self.folder), **settings
        )
    )

  def _check(self):
    found = {
        str(path.relative_to(self.folder)): path.read_bytes()
        for path in self.folder.rglob('*') if path.is_file()
    }
    self.assertEqual(found, _EXPECTED)
    self.assertLen(list(self.folder.parent.iterdir()), 1)

  @parameterized.parameters('', './', 'some/where/')
  def test_archive_with_folders(self, prefix):
    contents = {prefix + name: data for name, data in _EXPECTED.items()}
    # None of these is unpacked.
    contents |= dict.fromkeys(
        ('../../evil.JPEG', 'train/../evil.JPEG', 'train/n01/../../evil.JPEG',
         'train/n01/.evil.JPEG', 'train/n01/notes.txt', 'README'), b'evil'
    )
    said = self._prepare(self._save('any.tar', _tar(contents)))
    self.assertRegex(
        said,
        '3 images to train and 3 to test on, 2 classes; 6 files .* left out, '
        "the first '../../evil.JPEG'$",
    )
    self._check()
    self.assertIn('already there', self._prepare('any.tar'))

  def test_names_of_ones_own(self):
    expected = {
        f'{split}/{name}/{file}': _jpeg(5)
        for split in ('train', 'val')
        for name in ('golden retriever', 'n01.tench')
        for file in ('IMG (2).jpg', 'a+b.jpeg', 'é.jpg', '(1).JPG')
    }
    said = self._prepare(self._save('any.tar', _tar(expected)))
    self.assertRegex(said, '8 images to train and 8 to test on, 2 classes$')
    for name, content in expected.items():
      self.assertEqual((self.folder / name).read_bytes(), content)

  def test_names_that_are_not_utf_8_are_left_out(self):
    odd = 'train/n1/caf\udce9.JPEG'
    archive = self._save('any.tar', _tar({**_EXPECTED, odd: _jpeg(5)}))
    said = self._prepare(archive)
    self.assertEndsWith(
        said, f'1 files that are no such JPEG were left out, the first {odd!r}'
    )
    self._check()

  def test_two_data_sets_in_one_archive(self):
    contents = {
        f'{place}/{name}': data
        for place in ('one', 'two') for name, data in _EXPECTED.items()
    }
    with self.assertRaisesRegex(
        errors.UserError, '^[^ ]*any.tar: one/train/.* and two/train/.*: unpack'
    ):
      self._prepare(self._save('any.tar', _tar(contents)))

  def test_fills_a_folder_that_holds_the_archive(self):
    self.folder.mkdir(parents=True)
    archive = self.folder / 'any.tar'
    archive.write_bytes(_tar(_EXPECTED))
    self._prepare(str(archive))
    archive.unlink()
    self._check()

  def test_ilsvrc_archives_with_a_list_of_classes(self):
    labels = self._save('labels.txt', '\n'.join(_ORDER).encode())
    self._prepare(*self._ilsvrc(), val_labels=labels)
    self._check()

  def test_ilsvrc_archives_with_the_devkit(self):
    meta = io.BytesIO()
    kind = [('ILSVRC2012_ID', 'O'), ('WNID', 'O')]
    synsets = np.array([(1, 'n01'), (2, 'n02'), (3, 'n03')], kind)
    scipy_io.savemat(meta, {'synsets': synsets[:, None]})
    numbers = 'ILSVRC2012_validation_ground_truth.txt'
    devkit = _tar({
        'devkit/data/meta.mat': meta.getvalue(),
        f'devkit/data/{numbers}': b'2\n1\n2\n',
    })
    labels = self._save('devkit.tar.gz', devkit)
    self._prepare(*self._ilsvrc(), val_labels=labels)
    self._check()

  def test_goes_on_after_a_broken_archive(self):
    train, val = self._ilsvrc()
    labels = self._save('labels.txt', '\n'.join(_ORDER).encode())
    whole = pathlib.Path(val).read_bytes()
    pathlib.Path(val).write_bytes(whole[:1800])
    with self.assertRaisesRegex(errors.UserError, 'val.tar: not a whole tar'):
      self._prepare(train, val, val_labels=labels)
    self.assertFalse(self.folder.exists())
    # A file that was being written when the power failed.
    partial = self.folder.with_name('.imagenet.partial')
    (partial / 'train/n01/n01_1.JPEG').write_bytes(b'part')
    pathlib.Path(val).write_bytes(whole)
    self._prepare(train, val, val_labels=labels)
    self._check()

  def test_goes_on_after_labels_that_were_wrong(self):
    train, val = self._ilsvrc()
    right = self._save('right.txt', '\n'.join(_ORDER).encode())
    for content, message in (
        (b'n01\nn02\nn01\n', None),  # Stopped before the end.
        (b'490\n361\n171\n', '171 is no class of the training images: name'),
        (b'n02\nn01\nn02\nn01\n', '4 classes for 3 validation images: name'),
    ):
      wrong = self._save('wrong.txt', content)
      if message is None:
        with mock.patch.object(
            prepare_imagenet, '_summary', side_effect=KeyboardInterrupt
        ), self.assertRaises(KeyboardInterrupt):
          self._prepare(train, val, val_labels=wrong)
      else:
        with self.assertRaisesRegex(errors.UserError, message):
          self._prepare(train, val, val_labels=wrong)
    self._prepare(train, val, val_labels=right)
    self._check()

  @parameterized.parameters('ILSVRC2012_val_{:08}.JPEG {}', '{1}')
  def test_labels_by_line(self, line):
    names = {'n01': 'golden retriever', 'n02': 'n02'}
    text = ''.join(
        line.format(number, names[name]) + '\n'
        for number, name in enumerate(_ORDER, 1)
    )
    labels = self._save('labels.txt', text.encode())
    _, val = self._ilsvrc()
    self._prepare(
        self._save('own.tar', _tar({
            f'{names[name]}.tar': _tar({f'{name}.JPEG': _jpeg(10)})
            for name in names
        })), val, val_labels=labels,
    )
    self.assertLen(list((self.folder / 'val/golden retriever').iterdir()), 1)
    self.assertLen(list((self.folder / 'val/n02').iterdir()), 2)

  def test_a_split_alone(self):
    (self.folder / 'train').mkdir(parents=True)
    _, val = self._ilsvrc()
    with self.assertRaisesRegex(errors.UserError, 'has train alone: remove'):
      self._prepare(val)

  def _fake_tfds(self, prepared=True):
    def as_dataset(split, decoders):
      self.assertEqual(decoders, {'image': 'skip'})
      names = {'train': 'train', 'validation': 'val'}
      examples = [
          {'image': data, 'label': int(path.split('/')[1] == 'n02')}
          for path, data in _EXPECTED.items()
          if path.startswith(names[split])
      ]
      return mock.Mock(as_numpy_iterator=lambda: iter(examples))

    builder = mock.Mock(as_dataset=as_dataset)
    builder.data_path.exists.return_value = prepared
    label = mock.Mock(int2str=['n01', 'n02'].__getitem__)
    builder.info.features = {'label': label}
    builder.info.splits = dict.fromkeys(
        ('train', 'validation'), mock.Mock(num_examples=3)
    )
    return types.SimpleNamespace(
        builder=lambda name: builder,
        decode=types.SimpleNamespace(SkipDecoding=lambda: 'skip'),
    )

  def test_from_tensorflow_datasets(self):
    with mock.patch.dict(sys.modules, tensorflow_datasets=self._fake_tfds()):
      self._prepare(tfds='imagenet2012')
    found = {
        (path.parent.parent.name, path.parent.name, path.read_bytes())
        for path in self.folder.rglob('*.JPEG')
    }
    expected = {
        (*path.split('/')[:2], data) for path, data in _EXPECTED.items()
    }
    self.assertEqual(found, expected)

  def test_tensorflow_datasets_missing(self):
    fake = self._fake_tfds(prepared=False)
    for module, expected in (
        (None, 'tensorflow_datasets is not installed: pip install'),
        (fake, '--tfds=imagenet2012: not there: .*tfds build imagenet2012'),
    ):
      with (
          mock.patch.dict(sys.modules, tensorflow_datasets=module),
          self.assertRaisesRegex(errors.UserError, expected),
      ):
        self._prepare(tfds='imagenet2012')

  def test_names_what_is_wrong(self):
    _, val = self._ilsvrc()
    short = self._save('short.txt', b'n02\nn01\n')
    strange = self._save('strange.txt', b'../n02')
    devkit = self._save('devkit.tar', _tar({'a/meta.mat': b'no matrix'}))
    empty = self._save('empty.tar', _tar({'README': b'nothing'}))
    for arguments, labels, expected in (
        ([], '', 'either --archive or --tfds'),
        ([empty], '', 'empty.tar: expected class archives'),
        ([val], '', 'val.tar: no class is known for .*0001.JPEG: name the dev'),
        ([val], short, 'no class is known for .*0003.JPEG'),
        ([val], 'none.txt', 'none.txt: expected the classes of the validation'),
        ([val], strange, 'strange.txt: expected the classes'),
        ([val], devkit, 'devkit.tar: expected the classes'),
    ):
      with self.assertRaisesRegex(errors.UserError, expected):
        self._prepare(*arguments, val_labels=labels)
    self.assertFalse(self.folder.exists())


if __name__ == '__main__':
  absltest.main()
