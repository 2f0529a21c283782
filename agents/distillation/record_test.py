# SPDX-License-Identifier: Apache-2.0
import dataclasses
import pathlib
import tempfile

from absl.testing import absltest
import numpy as np

from agents.atari import gym_vector
from agents.distillation import record
from agents.distillation import recording
from agents.distillation import testing
from experiment import errors


class RecordTest(absltest.TestCase):

  @classmethod
  def setUpClass(cls):
    super().setUpClass()
    cls._temporary = tempfile.TemporaryDirectory()
    cls.addClassCleanup(cls._temporary.cleanup)
    cls.folder = pathlib.Path(cls._temporary.name)
    cls.settings = record.Config(
        game='breakout',
        teacher=str(testing.save_teacher(cls.folder, 'breakout')),
        states=600,
        games_at_once=3,
        parts=4,
        seed=5,
    )
    cls.whole = cls._record('whole')

  @classmethod
  def _record(cls, name, resume=False):
    path = record.record(cls.settings, cls.folder / name, resume, quiet=True)
    return recording.load(path, 'breakout')

  def test_states_are_what_gym_shows_when_the_actions_are_played_again(self):
    found = self.whole
    self.assertEqual(found.size, 600)
    histories = recording.histories(found.episodes)
    black = np.concatenate([np.zeros([1, 84, 84], np.uint8), found.pictures])
    games = gym_vector.GymVector('breakout', 3, 5)
    seen = games.reset()
    # Which states a game has, in the order of its steps: its first episode has
    # its number, and then it always takes the next free one.
    episodes, following = list(range(3)), 3
    position = {e: 0 for e in range(found.episodes.max() + 1)}
    starts = {
        e: int(np.flatnonzero(found.episodes == e)[0]) for e in position
    }
    for _ in range(200):
      rows = [starts[e] + position[e] for e in episodes]
      np.testing.assert_array_equal(seen, black[histories[rows]])
      step = games.step(found.actions[rows])
      seen = step.observations
      for i in range(3):
        position[episodes[i]] += 1
        if step.ends[i]:
          episodes[i], following = following, following + 1
    self.assertGreater(following, 3)  # Some games have ended.

  def test_logits_are_the_teachers_and_actions_are_drawn_from_them(self):
    found = self.whole
    teacher = testing.make_teacher('breakout')
    black = np.concatenate([np.zeros([1, 84, 84], np.uint8), found.pictures])
    logits = teacher(black[recording.histories(found.episodes)]).logits
    # float32 sums in another order.
    np.testing.assert_allclose(found.logits, logits, rtol=1e-3, atol=1e-3)
    policy = np.exp(logits - np.max(logits, -1, keepdims=True))
    policy /= policy.sum(-1, keepdims=True)
    drawn = np.eye(4)[found.actions].mean(0)
    # Five standard deviations of a share among 600.
    np.testing.assert_allclose(drawn, policy.mean(0), atol=5 * 0.5 / 600**0.5)

  def test_goes_on_to_the_same_bits(self):
    advance, began = record.Recorder.advance, []

    def stopped(recorder, step, until):
      if step == 2:
        raise KeyboardInterrupt
      return advance(recorder, step, until)

    def noted(recorder, step, until):
      began.append(step)
      return advance(recorder, step, until)

    # As if it had been killed after two parts.
    with absltest.mock.patch.object(record.Recorder, 'advance', stopped):
      with self.assertRaises(KeyboardInterrupt):
        record.record(self.settings, self.folder / 'cut', False, quiet=True)
    self.assertFalse((self.folder / 'cut' / record.RECORDING).exists())
    with absltest.mock.patch.object(record.Recorder, 'advance', noted):
      found = self._record('cut', resume=True)
    self.assertEqual(began[0], 2)
    self.assertEqual(found.record['scores'], self.whole.record['scores'])
    for field in dataclasses.fields(found):
      if field.name != 'record':
        np.testing.assert_array_equal(
            getattr(found, field.name), getattr(self.whole, field.name)
        )
    left = [p.name for p in (self.folder / 'cut').glob('part-*')]
    self.assertEqual(left, [])

  def test_another_games_teacher(self):
    settings = dataclasses.replace(self.settings, game='pong')
    with self.assertRaisesRegex(errors.UserError, 'a teacher of breakout'):
      record.record(settings, self.folder / 'b', False, quiet=True)


if __name__ == '__main__':
  absltest.main()
