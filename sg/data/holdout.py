# SPDX-License-Identifier: Apache-2.0
"""A validation split: which training images are held out."""

import numpy as np

from experiment import errors


def split(labels: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
  """Splits examples, always in the same way.

  Args:
    labels: of all examples, [N].
    count: how many to hold out.

  Returns:
    Indices of the examples to train on, ascending, and of those held out, of
    which each class has its share, in an order in which classes are mixed.

  Raises:
    UserError: nothing would be left on one of the two sides.
  """
  labels = np.asarray(labels)
  if not 0 < count < len(labels):
    raise errors.UserError(
        f'--validation={count}: expected fewer than the {len(labels):,} '
        'training images'
    )
  shuffled = np.random.default_rng(0).permutation(len(labels))
  rank = np.empty(len(labels))
  for label in np.unique(labels):
    members = np.flatnonzero(labels[shuffled] == label)
    # Evenly spaced from 0 to 1, so that any share takes the same of each class.
    rank[members] = (np.arange(len(members)) + 0.5) / len(members)
  held_out = np.sort(np.argsort(rank, kind='stable')[:count])
  return np.sort(np.delete(shuffled, held_out)), shuffled[held_out]
