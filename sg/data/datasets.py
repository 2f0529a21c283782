# SPDX-License-Identifier: Apache-2.0
"""The data sets by name.

    data = datasets.open_dataset('cifar10')
    for images, labels in data.train(batch_size=128, seed=0):
      ...
"""

from collections.abc import Iterator
import contextlib
import re

import tensorflow as tf

from experiment import errors
from experiment import run_folder
from sg.data import cifar10
from sg.data import dataset
from sg.data import imagenet
from sg.data import synthetic

NAMES = ('cifar10', 'imagenet', 'synthetic')


def open_dataset(
    name: str, folder: str = '', image_size: int = 0
) -> dataset.Dataset:
  """Opens a data set.

  Args:
    name: `cifar10`, `imagenet` or `synthetic`.
    folder: where its files are; by default data/<name>, where the user is.
    image_size: pixels on a side; by default 224 for ImageNet, 32 otherwise.

  Raises:
    UserError: there is no such data set, or its files cannot be used.
  """
  path = run_folder.resolve(folder or f'data/{name}')
  if name == 'imagenet':
    return imagenet.ImageNet(path, image_size or 224)
  if name == 'synthetic':
    size = image_size or 32
    return synthetic.make((size, size, 3))
  if name != 'cifar10':
    raise errors.UserError(
        f'data set {name!r}: expected one of {", ".join(NAMES)}'
    )
  if image_size not in (0, cifar10.SIDE):
    raise errors.UserError(
        f'image size {image_size}: CIFAR-10 has {cifar10.SIDE} pixels on a side'
    )
  return cifar10.load(path)


@contextlib.contextmanager
def reading() -> Iterator[None]:
  """Names the broken file, for a block that takes batches from a data set.

  Raises:
    UserError: instead of TensorFlow's error, which has it in its text.
  """
  try:
    yield
  except tf.errors.OpError as error:
    found = re.search('UserError: (.*)', error.message)
    if found:
      raise errors.UserError(found[1]) from None
    # As `/there/it.JPEG; No such file or directory [[{{node ReadFile}}]]`.
    found = re.search(r'([^{}]*); ([^;{}]*) \[\[{{node ReadFile', error.message)
    if found:
      raise errors.UserError(
          f'{found[1].strip()}: {found[2].strip()}: get it again, or remove it'
      ) from None
    found = re.search(r'Invalid JPEG data.* size (\d+)', error.message)
    if not found:
      raise
    raise errors.UserError(
        f'a photograph of {found[1]} bytes is broken: find it with `find '
        f'<folder> -size {found[1]}c`, and get it again, or remove it'
    ) from None
