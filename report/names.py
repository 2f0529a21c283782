# SPDX-License-Identifier: Apache-2.0
"""Display names of what is in the rows, and the order in which it is shown.

Nothing here limits what rows may contain: an unknown name is shown as it is,
after the known ones.
"""

from collections.abc import Iterable

# The scales that decide verdicts, from the fullest to the one that only shows
# that the programs work; `chosen` says that settings were chosen as the
# protocol has it. Others, such as `laptop steps=100`, are exploratory.
SCALES = tuple(
    scale + end
    for scale in ('paper', 'overnight', 'laptop', 'smoke')
    for end in (' chosen', '')
)

# Section 4.1, in the order of the supplement's table.
FUNCTIONS = {
    'ackley': 'Ackley',
    'beale': 'Beale',
    'booth': 'Booth',
    'bukin': 'Bukin N.6',
    'mccormick': 'McCormick',
    'rosenbrock': 'Rosenbrock',
    'styblinski_tang': 'Styblinski-Tang',
}

GAMES = {
    'pong': 'Pong',
    'breakout': 'Breakout',
    'space_invaders': 'Space Invaders',
}

CASES = {
    'cifar10/3': 'CIFAR-10, 3 modules',
    'imagenet/1': 'ImageNet, 1 module',
    'imagenet/3': 'ImageNet, 3 modules',
}

METHODS = {'regular': 'Regular', 'sobolev': 'Sobolev'}

_TITLES = FUNCTIONS | GAMES | CASES | METHODS | {
    'direct_sg': 'Direct SG',
    'direct_sg_plain': 'Direct SG, plain',
    'vfbn': 'VFBN',
}


def title(name: str) -> str:
  """The display name; that of an unknown name is made from it."""
  return _TITLES.get(name, name.replace('_', ' ').capitalize())


def ordered(found: Iterable[str], known: Iterable[str]) -> list[str]:
  """Names without repetitions: the known ones in their order, then others."""
  there = set(found)
  listed = [name for name in known if name in there]
  return listed + sorted(there.difference(listed))


def span(counts: Iterable[int]) -> str:
  """The least and the greatest of some numbers, such as `1 to 3`."""
  counts = sorted(set(counts))
  return ' to '.join(map(str, counts[:1] + counts[1:][-1:]))


def seeds(counts: Iterable[int]) -> str:
  """Numbers of seeds in words, such as `1 to 3 seeds`."""
  text = span(counts) or '0'
  return f'{text} seed{"s" * (text != "1")}'
