# SPDX-License-Identifier: Apache-2.0
"""The teachers that come with the repository."""

import pathlib

from agents.a3c import teacher_file
from agents.atari import games
from experiment import run_folder

# Beside this package, also in Bazel's runfiles.
FOLDER = pathlib.Path(__file__).parents[1] / 'teachers'


def path(game: str, given: str = '') -> pathlib.Path:
  """The file of a game's teacher: the given one, or the repository's."""
  if given:
    return run_folder.resolve(given)
  return FOLDER / f'{game}{teacher_file.SUFFIX}'


def there() -> dict[str, pathlib.Path]:
  """The repository's teachers that are there, by game."""
  paths = {game: path(game) for game in games.GAMES}
  return {game: file for game, file in paths.items() if file.exists()}
