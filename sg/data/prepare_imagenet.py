# SPDX-License-Identifier: Apache-2.0
"""Unpacks ImageNet into folders, one for each class.

    ./bazelw run //sg:prepare_imagenet -- \\
        --archive=ILSVRC2012_img_train.tar,ILSVRC2012_img_val.tar \\
        --val_labels=ILSVRC2012_devkit_t12.tar.gz

Also takes archives that have train/<class>/*.JPEG and val/<class>/*.JPEG in
them, and data sets that TensorFlow Datasets has prepared (--tfds=imagenet2012).
When it is stopped it can be started again: it goes on with what is missing.
"""

from collections.abc import Iterator
import contextlib
import dataclasses
import importlib
import io
import pathlib
import re
import zlib

from scipy import io as scipy_io
from scipy.io import matlab

from experiment import config
from experiment import errors
from experiment import progress
from experiment import run_folder
from sg.data import archives
from sg.data import imagenet

# What may be part of a path: no separators, no dot in front, and all of it
# UTF-8, other bytes of which tarfile makes surrogates.
_NEVER = r'/\\:\x00-\x1f\ud800-\udfff'
_PART = rf'[^.{_NEVER}][^{_NEVER}]*'
_IMAGE = rf'{_PART}\.(?i:jpeg|jpg)'
_IS_IMAGE = re.compile(_IMAGE)
_IN_FOLDERS = re.compile(rf'(.*/)?(train|val)/({_PART})/({_IMAGE})')
_CLASS_ARCHIVE = re.compile(rf'(?:.*/)?({_PART})\.tar')
_VAL_IMAGE = re.compile(r'(?:.*/)?(ILSVRC2012_val_(\d{8})\.JPEG)')

# A line of a list of validation images and their classes.
_WITH_IMAGE = re.compile(rf'ILSVRC2012_val_(\d{{8}})(?:\.JPEG)?\s+({_PART})')

_IN_DEVKIT = re.compile(
    r'.*/(meta\.mat|ILSVRC2012_validation_ground_truth\.txt)'
)

_LABELS_WAY_OUT = (
    'name the devkit, ILSVRC2012_devkit_t12.tar.gz, or a text file with one '
    'class per line with --val_labels'
)

# The split, the class, the file's name, and what is in it.
Image = tuple[str, str, str, bytes]


@dataclasses.dataclass(frozen=True)
class Config:
  """Where from and where to."""

  archive: tuple[str, ...] = config.setting(
      (), 'The archives that you have, training and validation.'
  )
  folder: str = config.setting('data/imagenet', 'Where to write the files.')
  val_labels: str = config.setting(
      '',
      'The classes of ILSVRC2012_img_val.tar: the devkit '
      'ILSVRC2012_devkit_t12.tar.gz, or a text file with one class per line, '
      'such as n01440764.',
  )
  tfds: str = config.setting(
      '',
      'In place of archives a data set of TensorFlow Datasets (to be installed '
      'with `pip install tensorflow_datasets`), such as imagenet2012.',
  )


def prepare(settings: Config) -> str:
  """Writes the folder, unless it is there; says what it did.

  Raises:
    UserError: an archive is broken or of another kind, or what came of it
      cannot be used.
  """
  if bool(settings.archive) == bool(settings.tfds):
    raise errors.UserError(
        'expected either --archive or --tfds; see --help'
    )
  folder = run_folder.resolve(settings.folder).resolve()
  there = [split for split in imagenet.SPLITS if (folder / split).exists()]
  if len(there) == len(imagenet.SPLITS):
    return f'{_summary(folder)}, already there'
  if there:
    raise errors.UserError(
        f'{folder}: has {there[0]} alone: remove that, and give all archives'
    )
  labels, left_out = _val_labels(settings.val_labels), []
  with archives.filling(folder) as partial:
    written: set[str] = set()
    if settings.tfds:
      _write(partial, _from_tfds(settings.tfds), written)
    for archive in settings.archive:
      path = run_folder.resolve(archive)
      images = _from_archive(path, labels, left_out)
      if not _write(partial, images, written):
        raise errors.UserError(
            f'{path}: expected class archives, train/<class>/*.JPEG, '
            'val/<class>/*.JPEG or ILSVRC2012_val_*.JPEG in it'
        )
    _remove_others(partial, written)
    if labels:
      _check_labels(settings.val_labels, labels, written)
    _summary(partial)
  if not left_out:
    return _summary(folder)
  return (
      f'{_summary(folder)}; {len(left_out):,} files that are no such JPEG were '
      f'left out, the first {left_out[0]!r}'
  )


def _summary(folder: pathlib.Path) -> str:
  data = imagenet.ImageNet(folder, 224)
  return (
      f'{folder}: {data.train_size:,} images to train and {data.test_size:,} '
      f'to test on, {data.classes} classes'
  )


def _write(
    folder: pathlib.Path, images: Iterator[Image], written: set[str]
) -> int:
  """Writes files that are not yet there, and notes all.

  Returns:
    How many there were.
  """
  count = 0
  for split, name, file, data in images:
    written.add(f'{split}/{name}/{file}')
    path = folder / split / name / file
    if not path.exists() or path.stat().st_size != len(data):
      path.parent.mkdir(parents=True, exist_ok=True)
      path.write_bytes(data)
    count += 1
  return count


def _remove_others(folder: pathlib.Path, written: set[str]) -> None:
  """Removes what an earlier attempt left that these inputs do not give."""
  for path in sorted(folder.rglob('*'), reverse=True):  # Folders at last.
    if path.is_dir():
      with contextlib.suppress(OSError):
        path.rmdir()  # When nothing is in it.
    elif str(path.relative_to(folder)) not in written:
      path.unlink()


def _check_labels(path: str, labels: dict[int, str], written: set[str]) -> None:
  """Raises UserError for labels that do not fit the images."""
  classes = {
      split: {name.split('/')[1] for name in written if name.startswith(split)}
      for split in imagenet.SPLITS
  }
  count = sum(name.startswith('val/') for name in written)
  wrong = ''
  if others := classes['val'] - classes['train']:
    wrong = f'{min(others)} is no class of the training images'
  elif count != len(labels):
    wrong = f'has {len(labels):,} classes for {count:,} validation images'
  if wrong:
    raise errors.UserError(
        f'{run_folder.resolve(path)}: {wrong}: {_LABELS_WAY_OUT}'
    )


def _from_archive(
    path: pathlib.Path, labels: dict[int, str], left_out: list[str]
) -> Iterator[Image]:
  """The images in an archive of any of the kinds; notes the other files."""
  def wanted(*kinds):
    def is_wanted(name):
      found = any(kind.fullmatch(name) for kind in kinds)
      if not found:
        left_out.append(name)
      return found
    return is_wanted

  place = None
  for name, content in archives.files(
      path, wanted(_IN_FOLDERS, _CLASS_ARCHIVE, _VAL_IMAGE)
  ):
    if found := _IN_FOLDERS.fullmatch(name):
      place = place or found
      if found[1] != place[1]:
        raise errors.UserError(
            f'{path}: {place[0]} and {name} are of two data sets: unpack it, '
            'and make an archive of the one that you want'
        )
      yield *found.groups()[1:], content
    elif found := _CLASS_ARCHIVE.fullmatch(name):
      inner = archives.members(path, io.BytesIO(content), wanted(_IS_IMAGE))
      for image, data in inner:
        yield 'train', found[1], image, data
    elif found := _VAL_IMAGE.fullmatch(name):
      number = int(found[2])
      if number not in labels:
        raise errors.UserError(
            f'{path}: no class is known for {found[1]}: {_LABELS_WAY_OUT}'
        )
      yield 'val', labels[number], found[1], content


def _val_labels(path: str) -> dict[int, str]:
  """The classes of the validation images, which are numbered from 1."""
  if not path:
    return {}
  file = run_folder.resolve(path)
  if file.name.endswith(('.tar', '.gz', '.tgz')):
    names = _devkit_labels(file)
  else:
    with errors.naming(file):
      try:
        lines = file.read_text(encoding='utf-8').splitlines()
      except (FileNotFoundError, UnicodeDecodeError):
        lines = []
    names = [line.strip() for line in lines]
    pairs = [_WITH_IMAGE.fullmatch(name) for name in names]
    if names and all(pairs):
      return {int(pair[1]): pair[2] for pair in pairs}
  if not names or not all(re.fullmatch(_PART, name) for name in names):
    raise errors.UserError(
        f'{file}: expected the classes of the validation images: '
        f'{_LABELS_WAY_OUT}'
    )
  return dict(enumerate(names, start=1))


def _devkit_labels(path: pathlib.Path) -> list[str]:
  """Reads the validation images' numbers, and which number is which class."""
  found = {
      name.rpartition('/')[2]: content
      for name, content in archives.files(path, _IN_DEVKIT.fullmatch, True)
  }
  try:
    synsets = scipy_io.loadmat(
        io.BytesIO(found['meta.mat']), squeeze_me=True
    )['synsets']
    names = {
        int(number): str(name)
        for number, name in zip(
            synsets['ILSVRC2012_ID'], synsets['WNID'], strict=True
        )
    }
    numbers = found['ILSVRC2012_validation_ground_truth.txt'].split()
    return [names[int(number)] for number in numbers]
  except (
      IndexError, KeyError, OSError, TypeError, ValueError, zlib.error,
      matlab.MatReadError,
  ):
    return []


def _from_tfds(name: str) -> Iterator[Image]:
  """The images of a data set that TensorFlow Datasets has on this disk."""
  try:
    # By name, because nothing else here needs it.
    tfds = importlib.import_module('tensorflow_datasets')
  except ImportError:
    raise errors.UserError(
        f'--tfds={name}: tensorflow_datasets is not installed: pip install '
        'tensorflow_datasets'
    ) from None
  try:
    builder = tfds.builder(name)
    prepared = builder.data_path.exists()
  except ValueError:  # As for an unknown name.
    prepared = False
  if not prepared:
    raise errors.UserError(
        f'--tfds={name}: not there: prepare it with `tfds build {name}`'
    )
  class_of = builder.info.features['label'].int2str
  decoders = {'image': tfds.decode.SkipDecoding()}
  for split, part in (('train', 'train'), ('val', 'validation')):
    size = builder.info.splits[part].num_examples
    examples = builder.as_dataset(split=part, decoders=decoders)
    with progress.Progress(size, description=split, unit='image') as shown:
      for number, example in enumerate(examples.as_numpy_iterator()):
        name = class_of(int(example['label']))
        yield split, name, f'{number:07d}.JPEG', example['image']
        shown.update(number + 1)


def main(_):
  print(prepare(config.from_flags(Config)))


if __name__ == '__main__':
  config.define_flags(Config)
  errors.run_main(main)
