# SPDX-License-Identifier: Apache-2.0
"""Which recorded states train, choose and test.

Figure 4's percentages are of all recorded states; "the remaining are used for
testing", on "a held out set of episodes" (section 4.2). Here episodes are the
units, in an order that is drawn:

    validation   whole episodes, some share of the states, for choosing
                 settings; the same for all seeds and percentages, so that no
                 student is ever tested on what settings were chosen by
    training     of the other episodes, in an order that the seed draws, the
                 first states, as many as the percentage says
    (unused)     the rest of the episode in which that ends
    test         the episodes after it

No episode is on two sides. A seed with more of the states trains on those that
it trains on with fewer, and then some.
"""

from typing import NamedTuple

import numpy as np

from experiment import errors
from experiment import seeds


class Split(NamedTuple):
  """Indices of states, each int64 and increasing."""

  train: np.ndarray
  test: np.ndarray
  validation: np.ndarray


def split(
    episodes: np.ndarray, percent: float, validation_percent: float, seed: int
) -> Split:
  """Divides recorded states.

  Args:
    episodes: the number of each state's episode [N], not decreasing.
    percent: of all states, for training.
    validation_percent: of all states, rounded up to whole episodes.
    seed: of the order of the episodes that train and test.

  Raises:
    UserError: nothing would be left for one of the three.
  """
  size = len(episodes)
  numbers = np.unique(episodes)
  drawn = seeds.generator(0, 'validation').permutation(numbers)
  wanted = size * validation_percent / 100
  enough = np.cumsum([np.sum(episodes == number) for number in drawn]) >= wanted
  held_out, rest = np.split(drawn, [1 + int(np.argmax(enough))])
  validation = np.flatnonzero(np.isin(episodes, held_out))
  order = seeds.generator(seed, 'episodes').permutation(rest)
  states = np.concatenate(
      [np.flatnonzero(episodes == number) for number in order]
      or [np.empty(0, np.int64)]
  )
  train = np.sort(states[: round(size * percent / 100)])
  learnt_from = np.union1d(episodes[train], held_out)
  test = np.flatnonzero(~np.isin(episodes, learnt_from))
  found = Split(train, test, validation)
  names = {'train': 'training'}
  for name, chosen in found._asdict().items():
    if not len(chosen):
      raise errors.UserError(
          f'--percent={percent:g}: leaves no {names.get(name, name)} states of '
          f'{size} in {len(numbers)} episodes: choose another, or record more'
      )
  return found


def spread(indices: np.ndarray, count: int) -> np.ndarray:
  """So many of the indices, evenly spaced; all of them for 0."""
  if not count or count >= len(indices):
    return indices
  return indices[np.linspace(0, len(indices) - 1, count).round().astype(int)]
