# SPDX-License-Identifier: Apache-2.0
from absl.testing import absltest

from agents.a3c import settings


class SettingsTest(absltest.TestCase):

  def test_updates_are_whole_and_count_all_games(self):
    chosen = settings.Config(
        agent_steps=1000, games_per_worker=8, steps_per_update=5
    )
    self.assertEqual(chosen.steps_of_update, 40)
    self.assertEqual(chosen.updates, 25)
    chosen = settings.Config(agent_steps=1)
    self.assertEqual(chosen.updates, 1)


if __name__ == '__main__':
  absltest.main()
