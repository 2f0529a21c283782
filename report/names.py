# SPDX-License-Identifier: Apache-2.0
"""Names for people of what is in the rows, and the order they are shown in.

Nothing here limits what rows may contain: an unknown name is shown as it is,
after the known ones.
"""

from collections.abc import Iterable
from collections.abc import Mapping

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
  """A name for people; of an unknown one, made from it."""
  return _TITLES.get(name, name.replace('_', ' ').capitalize())


def ordered(
    found: Iterable[str], known: Iterable[str] | Mapping[str, str]
) -> list[str]:
  """Names without repetitions: the known ones in their order, then others."""
  there = set(found)
  listed = [name for name in known if name in there]
  return listed + sorted(there.difference(listed))


def seeds(counts: Iterable[int]) -> str:
  """Numbers of seeds in words, such as `1 to 3 seeds`."""
  counts = sorted(set(counts)) or [0]
  text = ' to '.join(map(str, sorted({counts[0], counts[-1]})))
  return f'{text} seed{"s" * (counts[-1] != 1)}'
