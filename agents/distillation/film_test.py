# SPDX-License-Identifier: Apache-2.0
import pathlib
from unittest import mock

from absl.testing import absltest
from matplotlib import animation
import matplotlib.image
import numpy as np

from agents.a3c import networks
from agents.a3c import teacher_file
from agents.distillation import film
from experiment import errors


class FilmTest(absltest.TestCase):

  def setUp(self):
    super().setUp()
    self.folder = pathlib.Path(self.create_tempdir().full_path)
    self.teacher = str(self.folder / 'teacher.npz')
    weights = teacher_file.half(networks.make_teacher(3, seed=1))
    teacher_file.save(self.teacher, weights, {'game': 'pong', 'frames': 1})

  def test_from_a_teacher_to_a_gif(self):
    path = self.folder / 'film.gif'
    settings = film.Config(teacher=self.teacher, film=str(path), steps=6)
    screens = film.play(settings)
    self.assertLen(screens, 6)
    self.assertEqual(screens[0].shape, (210, 160, 3))
    film.write(path, screens)
    data = path.read_bytes()
    self.assertEqual(data[:6], b'GIF89a')
    first = matplotlib.image.imread(path)[..., :3].astype(int)
    self.assertEqual(first.shape, (420, 320, 3))
    # A GIF has 256 colours; Pong has four.
    np.testing.assert_allclose(first[1::2, 1::2], screens[0], atol=8)

  def test_a_film_that_is_broken_off_leaves_nothing(self):
    path = self.folder / 'new' / 'film.gif'
    path.parent.mkdir()
    screen = np.zeros([210, 160, 3], np.uint8)
    grab = mock.Mock(side_effect=[None, KeyboardInterrupt])
    whole = animation.PillowWriter.grab_frame

    def grab_one(writer):
      whole(writer)
      grab()

    stop = mock.patch.object(animation.PillowWriter, 'grab_frame', grab_one)
    with self.assertRaises(KeyboardInterrupt), stop:
      film.write(path, [screen] * 3)
    self.assertEmpty(list(path.parent.iterdir()))

  def test_films_repeat_with_the_seed(self):
    first, again, other = (
        film.play(film.Config(teacher=self.teacher, steps=30, seed=seed))
        for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, again)
    self.assertTrue(np.any(np.array(first) != np.array(other)))

  def test_another_ending(self):
    path = self.folder / 'new' / 'film.gif'
    self.assertEqual(film.target(film.Config(film=str(path))), path)
    self.assertTrue(path.parent.is_dir())
    with self.assertRaisesRegex(errors.UserError, 'mp4: .* ends in .gif'):
      film.target(film.Config(film='film.mp4'))

  def test_a_film_is_not_overwritten(self):
    path = self.folder / 'film.gif'
    path.touch()
    with self.assertRaisesRegex(errors.UserError, 'film.gif: exists: remove'):
      film.target(film.Config(film=str(path)))

  def test_a_student_that_is_not_there(self):
    settings = film.Config(student=str(self.folder / 'none'))
    with self.assertRaisesRegex(
        errors.UserError, 'none: no such folder; first //agents:distill'
    ):
      film.play(settings)

  def test_a_teacher_of_another_game(self):
    with self.assertRaisesRegex(errors.UserError, 'a teacher of pong'):
      film.play(film.Config(game='breakout', teacher=self.teacher))

  def test_a_teacher_and_a_student(self):
    with self.assertRaisesRegex(errors.UserError, '--teacher and --student'):
      film.play(film.Config(teacher=self.teacher, student=str(self.folder)))


if __name__ == '__main__':
  absltest.main()
