# SPDX-License-Identifier: Apache-2.0
import os
import pathlib
from unittest import mock

from absl.testing import absltest
from absl.testing import parameterized
import ale_py

from agents.atari import games
from experiment import errors


class GamesTest(parameterized.TestCase):

  @parameterized.parameters(('pong', 3), ('breakout', 4), ('space_invaders', 6))
  def test_number_of_actions(self, name, expected):  # Supplement 2 [M].
    self.assertLen(games.game(name).actions, expected)

  @parameterized.parameters(*games.GAMES)
  def test_the_emulator_has_the_actions(self, name):
    emulator = ale_py.ALEInterface()
    emulator.loadROM(games.rom_path(name))
    known = {action.name for action in emulator.getMinimalActionSet()}
    self.assertLessEqual(set(games.game(name).actions), known)

  def test_names_the_games_there_are(self):
    with self.assertRaisesRegex(
        errors.UserError, '--game=pnog: expected one of pong, breakout'
    ):
      games.game('pnog')

  def test_tells_of_a_missing_rom(self):
    with self.assertRaisesRegex(errors.UserError, 'no ROM of nothing: .*'):
      games.rom_path('nothing')
    empty = self.create_tempdir().full_path
    with mock.patch.dict(os.environ, ALE_ROMS_DIR=empty):
      with self.assertRaisesRegex(
          errors.UserError, 'no ROM of pong: .*ALE_ROMS_DIR'
      ):
        games.rom_path('pong')

  def test_tells_of_a_broken_rom(self):
    folder = pathlib.Path(self.create_tempdir().full_path)
    (folder / 'pong.bin').write_bytes(b'pong')
    with mock.patch.dict(os.environ, ALE_ROMS_DIR=str(folder)):
      with self.assertRaisesRegex(errors.UserError, 'no ROM of pong: .*hash'):
        games.rom_path('pong')


if __name__ == '__main__':
  absltest.main()
