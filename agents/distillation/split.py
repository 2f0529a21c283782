"""Which recorded states train, choose and test.

Figure 4's percentages are of all recorded states; "the remaining are used for
testing", on "a held out set of episodes" (section 4.2). So, in time:

    training     the first states, as many as the percentage says
    (unused)     the rest of the episode in which that ends
    test         the episodes after it
    validation   the last episodes, some share of the states, for choosing
                 settings; the same at every percentage, and never tested

No episode is on two sides.
"""

from typing import NamedTuple

import numpy as np

from experiment import errors


class Split(NamedTuple):
  """Indices of states, each int64 and increasing."""

  train: np.ndarray
  test: np.ndarray
  validation: np.ndarray


def split(
    episodes: np.ndarray, percent: float, validation_percent: float
) -> Split:
  """Divides recorded states.

  Args:
    episodes: the number of each state's episode [N], not decreasing.
    percent: of all states, for training.
    validation_percent: of all states, rounded up to whole episodes.

  Raises:
    UserError: nothing would be left for one of the three.
  """
  size = len(episodes)
  count = round(size * percent / 100)
  train = np.arange(count)
  first_of_validation = round(size * (1 - validation_percent / 100))
  starts = np.flatnonzero(np.diff(episodes, prepend=episodes[0] - 1))
  validation_starts = starts[starts <= first_of_validation][-1]
  held_out = starts[starts >= count]
  test_starts = held_out[0] if len(held_out) else size
  test = np.arange(test_starts, validation_starts)
  validation = np.arange(validation_starts, size)
  for name, chosen in (
      ('training', train), ('test', test), ('validation', validation)
  ):
    if not len(chosen):
      raise errors.UserError(
          f'--percent={percent:g}: leaves no {name} states of '
          f'{size} in {len(starts)} episodes: choose another, or record more'
      )
  return Split(train, test, validation)


def spread(indices: np.ndarray, count: int) -> np.ndarray:
  """So many of the indices, evenly spaced; all of them for 0."""
  if not count or count >= len(indices):
    return indices
  return indices[np.linspace(0, len(indices) - 1, count).round().astype(int)]
