# SPDX-License-Identifier: Apache-2.0
import pathlib

from absl.testing import absltest
import numpy as np

from agents.a3c import networks
from agents.a3c import teacher_file
from experiment import errors

RECORD = {'game': 'pong', 'frames': 12, 'curve': [{'frames': 4, 'score': None}]}


class TeacherFileTest(absltest.TestCase):

  def setUp(self):
    super().setUp()
    self.path = pathlib.Path(self.create_tempdir().full_path) / 'a.npz'
    self.network = networks.make_teacher(3, seed=1)

  def _save(self, record=RECORD, **changes):
    weights = {**teacher_file.half(self.network), **changes}
    teacher_file.save(self.path, weights, record)

  def test_what_is_saved_is_loaded(self):
    self._save()
    network, record = teacher_file.load(self.path, 'pong')
    self.assertEqual(record, RECORD)
    for one, other in zip(
        network.variables, self.network.variables, strict=True
    ):
      rounded = other.numpy().astype(np.float16).astype(np.float32)
      np.testing.assert_array_equal(one, rounded)
      # Half precision keeps 11 bits, of numbers that are not tiny.
      np.testing.assert_allclose(one, other, rtol=2**-11, atol=2**-25)
    self.assertLess(self.path.stat().st_size, 4e6)
    self.assertEqual([self.path], list(self.path.parent.iterdir()))

  def test_there_is_no_pickle_in_it(self):
    self._save()
    with np.load(self.path, allow_pickle=False) as archive:
      kinds = {archive[name].dtype.kind for name in archive.files}
    self.assertEqual(kinds, {'f', 'U'})

  def test_weights_that_float16_does_not_hold(self):
    self.network.variables[0].assign(1e5 + self.network.variables[0])
    with self.assertRaisesRegex(
        errors.UserError, 'diverged: .* is larger than float16 holds: lower'
    ):
      teacher_file.half(self.network)

  def test_a_missing_file(self):
    with self.assertRaisesRegex(errors.UserError, 'a.npz: no such file: take'):
      teacher_file.load(self.path, 'pong')

  def test_an_unknown_game(self):
    with self.assertRaisesRegex(errors.UserError, '--game=pnog: expected'):
      teacher_file.load(self.path, 'pnog')

  def test_a_teacher_of_another_game(self):
    self._save()
    with self.assertRaisesRegex(
        errors.UserError, 'a.npz: a teacher of pong, where one of breakout is'
    ):
      teacher_file.load(self.path, 'breakout')

  def test_weights_of_another_shape(self):
    self._save(**{'teacher/policy/w:0': np.zeros([512, 4], np.float16)})
    with self.assertRaisesRegex(errors.UserError, 'its weights are not those'):
      teacher_file.load(self.path, 'pong')

  def test_weights_that_are_not_finite(self):
    for bad in (
        np.full([512, 3], np.nan, np.float16),
        np.full([512, 3], 1e300),
        np.full([512, 3], 'weight'),
    ):
      self._save(**{'teacher/policy/w:0': bad})
      with self.assertRaisesRegex(errors.UserError, 'are not finite: take'):
        teacher_file.load(self.path, 'pong')

  def test_damaged_files(self):
    self._save()
    good = self.path.read_bytes()
    middle = len(good) // 2
    flipped = bytearray(good)
    flipped[middle] ^= 255
    for data in (b'', b'hello', good[:middle], good[:-9], bytes(flipped)):
      self.path.write_bytes(data)
      with self.assertRaisesRegex(
          errors.UserError, r'a.npz: not a teacher, or a damaged one \(.+\): '
      ):
        teacher_file.load(self.path, 'pong')

  def test_archives_of_something_else(self):
    for content in (
        {'x': np.ones(3)},
        {'record': np.ones(3)},
        {'record': np.array('[1, 2]')},
        {'record': np.array('{')},
        {'record': np.array([{}])},
        {'record': np.array('{"game": "pong"}')},
    ):
      np.savez(self.path, **content)
      with self.assertRaisesRegex(errors.UserError, 'not a teacher, or a'):
        teacher_file.load(self.path, 'pong')
    np.save(self.path.with_suffix('.npy'), np.ones(3))
    with self.assertRaisesRegex(errors.UserError, 'not a teacher, or a'):
      teacher_file.load(self.path.with_suffix('.npy'), 'pong')


if __name__ == '__main__':
  absltest.main()
