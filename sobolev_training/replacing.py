# SPDX-License-Identifier: Apache-2.0
"""Parts of TensorFlow that are others for a while."""

from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import MutableMapping
import contextlib
import threading
from typing import Any


class Replacement:
  """Entries of dictionaries, such as the `vars` of a module, to replace.

  They are what they were before when the last of those that opened it, on any
  thread, has closed it.
  """

  def __init__(self, *entries: tuple[MutableMapping[str, Any], Mapping]):
    """Takes pairs of a dictionary and what its entries are to be."""
    self._entries = entries
    self._before: list[dict[str, Any]] = []
    self._open = 0
    self._lock = threading.Lock()

  @contextlib.contextmanager
  def __call__(self) -> Iterator[None]:
    """While it is open the entries are replaced, on every thread."""
    with self._lock:
      if not self._open:
        self._before = [{k: d[k] for k in new} for d, new in self._entries]
        for dictionary, new in self._entries:
          dictionary.update(new)
      self._open += 1
    try:
      yield
    finally:
      with self._lock:
        self._open -= 1
        if not self._open:
          for (dictionary, _), old in zip(
              self._entries, self._before, strict=True
          ):
            dictionary.update(old)
