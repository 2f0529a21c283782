# SPDX-License-Identifier: Apache-2.0
import dataclasses
import pathlib

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

from agents.distillation import recording
from experiment import errors


def _make(**changes):
  rng = np.random.default_rng(0)
  episodes = np.repeat([0, 1, 2], [7, 2, 5]).astype(np.int32)
  n = len(episodes)
  made = recording.Recording(
      pictures=rng.integers(256, size=(n, 84, 84)).astype(np.uint8),
      logits=rng.normal(size=(n, 3)).astype(np.float32),
      actions=rng.integers(3, size=n),
      episodes=episodes,
      record={'game': 'pong', 'scores': [1.0]},
  )
  return dataclasses.replace(made, **changes)


class RecordingTest(parameterized.TestCase):

  def setUp(self):
    super().setUp()
    self.path = pathlib.Path(self.create_tempdir().full_path) / 'r.npz'

  def _refused(self, message):
    with self.assertRaisesRegex(errors.UserError, message):
      recording.load(self.path, 'pong')

  def test_what_is_saved_is_loaded(self):
    made = _make()
    recording.save(self.path, made)
    found = recording.load(self.path, 'pong')
    for field in dataclasses.fields(found):
      np.testing.assert_array_equal(
          getattr(found, field.name), getattr(made, field.name)
      )
    self.assertEqual([self.path], list(self.path.parent.iterdir()))

  def test_histories_by_a_loop(self):
    episodes = _make().episodes
    found = recording.histories(episodes)
    for i in range(len(episodes)):
      pictures, k = [], i
      while k >= 0 and episodes[k] == episodes[i] and len(pictures) < 4:
        pictures.insert(0, k + 1)
        k -= 1
      self.assertEqual(
          list(found[i]), [0] * (4 - len(pictures)) + pictures
      )

  def test_a_missing_file(self):
    self._refused('r.npz: no such file: take another file, or make one with')

  def test_of_another_game(self):
    recording.save(self.path, _make())
    with self.assertRaisesRegex(
        errors.UserError, 'a recording of pong, where one of breakout is needed'
    ):
      recording.load(self.path, 'breakout')

  def test_damaged_files(self):
    recording.save(self.path, _make())
    good = self.path.read_bytes()
    flipped = bytearray(good)
    flipped[len(good) // 2] ^= 255
    for data in (b'', b'hello', good[: len(good) // 2], bytes(flipped)):
      self.path.write_bytes(data)
      self._refused(r'r.npz: not a recording, or a damaged one \(.+\): take')

  def test_never_unpickles(self):
    np.savez(self.path, pictures=np.array([print], object))
    self._refused('r.npz: not a recording')

  def test_an_archive_of_something_else(self):
    np.savez(self.path, x=np.ones(3))
    self._refused('r.npz: not a recording')

  @parameterized.parameters(
      (
          {'logits': np.zeros((14, 4), np.float32)},
          r'logits: expected float32 \[14, 3\], got float32 \[14, 4\]',
      ),
      (
          {'pictures': np.zeros((13, 84, 84), np.uint8)},
          'pictures: expected uint8',
      ),
      ({'actions': np.array(3)}, 'pictures: expected uint8'),
      (
          {'logits': np.full((14, 3), np.nan, np.float32)},
          'logits: some are not finite',
      ),
      (
          {'episodes': np.arange(14, dtype=np.int32)[::-1]},
          'episodes: expected numbers that do not decrease',
      ),
  )
  def test_what_does_not_fit_together(self, changes, message):
    recording.save(self.path, _make(**changes))
    self._refused(message)

  def test_no_states(self):
    made = _make()
    recording.save(self.path, dataclasses.replace(made, **{
        name: getattr(made, name)[:0]
        for name in ('pictures', 'logits', 'actions', 'episodes')
    }))
    self._refused('no states')


if __name__ == '__main__':
  absltest.main()
