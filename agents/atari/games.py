# SPDX-License-Identifier: Apache-2.0
"""The games that agents play here, one row each.

A new game is a new row: its ROM's name in ale-py, its name in gym's ids, and
the actions that an agent may choose from.
"""

import pathlib
from typing import NamedTuple
import warnings

from ale_py import roms

from experiment import errors

WAY_OUT = 'install ale-py as requirements.txt has it, or unset ALE_ROMS_DIR'


class Game(NamedTuple):
  """A game.

  Attributes:
    title: the name in gym's ids, as in `ALE/<title>-v5`.
    actions: the names of the emulator's actions, in the order of the policy's
      outputs.
    background: the grey, from 0 to 255, that most of the screen has. Networks
      subtract it: a large constant in every input would drown what moves.
  """

  title: str
  actions: tuple[str, ...]
  background: int = 0


# By ROM.
GAMES = {
    # The supplement's teacher has 3 outputs [M]. ALE's minimal set of 6 has
    # each of these with and without the button, which Pong does not need:
    # serves come by themselves.
    'pong': Game('Pong', ('NOOP', 'RIGHT', 'LEFT'), background=87),
    'breakout': Game('Breakout', ('NOOP', 'FIRE', 'RIGHT', 'LEFT')),
    'space_invaders': Game(
        'SpaceInvaders',
        ('NOOP', 'FIRE', 'RIGHT', 'LEFT', 'RIGHTFIRE', 'LEFTFIRE'),
    ),
}


def game(name: str) -> Game:
  """The game of a name; UserError for an unknown one."""
  if name not in GAMES:
    raise errors.UserError(
        f'--game={name}: expected one of {", ".join(GAMES)}; another one needs '
        'a row in agents/atari/games.py'
    )
  return GAMES[name]


def rom_path(name: str) -> pathlib.Path:
  """Where a game's ROM is; UserError when there is none, or a broken one."""
  try:
    with warnings.catch_warnings():
      warnings.simplefilter('ignore')  # Of a name that ale-py does not know.
      path = roms.get_rom_path(name)
  except OSError as error:
    raise errors.UserError(
        f'no ROM of {name}: {errors.one_line(error)}: {WAY_OUT}'
    ) from error
  if path is None:
    raise errors.UserError(f'no ROM of {name}: ale-py has none: {WAY_OUT}')
  return path
