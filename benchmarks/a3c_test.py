# SPDX-License-Identifier: Apache-2.0
"""Tests for a3c."""

from unittest import mock

from absl.testing import absltest

from benchmarks import a3c


class A3cTest(absltest.TestCase):

  def test_a_tiny_run(self):
    settings = a3c.Settings(
        rounds=1, seconds=1e-4, games=('breakout',), workers=2,
        games_per_worker=2, steps_per_update=2, agent_steps=9, matrix=8,
    )
    self.assertEqual(settings.steps, 16)
    peer = mock.Mock()
    peer.run.side_effect = lambda updates: sum(range(10_000 * updates))
    with mock.patch.object(a3c, '_peer', return_value=peer):
      section = a3c.measure(settings)
    self.assertEqual(peer.run.call_args_list, 2 * [mock.call(2)])
    peer.close.assert_called_once_with()
    rows = [r for r in section.splitlines() if r.startswith('| breakout')]
    self.assertEqual([row.count('|') for row in rows], [7, 7, 8])
    self.assertIn('4 games in one process', section)
    self.assertIn('At least 2 times the steps', section)
    self.assertIn('At least 0.75 of the limit', section)


if __name__ == '__main__':
  absltest.main()
