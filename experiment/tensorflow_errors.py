# SPDX-License-Identifier: Apache-2.0
"""Explains TensorFlow's errors about files as `errors` does Python's."""

from collections.abc import Iterator
import contextlib
import os

import tensorflow as tf

from experiment import errors


@contextlib.contextmanager
def naming(path: os.PathLike[str] | str) -> Iterator[None]:
  """As `errors.naming`, for a block in which TensorFlow reads or writes."""
  try:
    with errors.naming(path):
      yield
  except tf.errors.OpError as error:
    # The reason is in the text, not in the class: a full disk may come as
    # RESOURCE_EXHAUSTED or as UNKNOWN, by the call that failed.
    for number in errors.WAYS_OUT:
      if os.strerror(number) in error.message:
        reason = OSError(number, error.message)
        raise errors.from_os_error(reason, path) from error
    raise
