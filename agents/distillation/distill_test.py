# SPDX-License-Identifier: Apache-2.0
import dataclasses
import pathlib

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

from agents.a3c import teacher_file
from agents.distillation import distill
from agents.distillation import film
from agents.distillation import recording
from agents.distillation import settings as settings_lib
from agents.distillation import testing
from experiment import errors
from experiment import run_folder


class DistillTest(parameterized.TestCase):

  def setUp(self):
    super().setUp()
    self.folder = pathlib.Path(self.create_tempdir().full_path)
    teacher = testing.save_teacher(self.folder)
    network = teacher_file.load(teacher, 'pong').network
    path = self.folder / 'recording.npz'
    recording.save(path, testing.make_recording(network, (20, 10, 10, 10)))
    self.settings = settings_lib.Config(
        recording=str(path),
        teacher=str(teacher),
        percent=30,
        alpha=0.5,
        batch_size=5,
        steps=6,
        evaluations=3,
        score_games=1,
        max_game_steps=10,
    )

  def _distill(self, name, resume=False, **changes):
    settings = dataclasses.replace(self.settings, **changes)
    return distill.distill(settings, self.folder / name, resume, quiet=True)

  def _refused(self, message, **changes):
    with self.assertRaisesRegex(errors.UserError, message):
      self._distill('refused', **changes)

  def _rows(self, name):
    lines = (self.folder / name / 'metrics.csv').read_text().splitlines()
    columns = lines[0].split(',')
    return [
        dict(zip(columns, map(float, line.split(',')), strict=True))
        for line in lines[1:]
    ]

  def test_rows_are_complete(self):
    self._distill('a')
    rows = self._rows('a')
    self.assertEqual([row['step'] for row in rows], [0, 2, 4, 6])
    self.assertEqual(
        [row['lowest_test_kl'] for row in rows],
        list(np.minimum.accumulate([row['test_kl'] for row in rows])),
    )
    scores = [np.isfinite(row['score']) for row in rows]
    self.assertEqual(scores, [False, False, False, True])
    # 15 states, of episodes of 10 or 20.
    self.assertIn({row['episodes'] for row in rows}, [{1}, {2}])
    # No policy without a look at the state is closer than the closest.
    self.assertGreater(rows[0]['validation_kl'], rows[0]['constant_kl'])

  def test_a_seed_draws_the_same_episodes_for_both_methods(self):
    ours = ('train_kl', 'test_kl', 'validation_kl', 'episodes', 'constant_kl')
    first = {}
    for seed, alpha in ((0, 0.0), (0, 0.5), (3, 0.5)):
      self._distill(f'{seed}-{alpha}', seed=seed, alpha=alpha, steps=1,
                    score_games=0)
      row = self._rows(f'{seed}-{alpha}')[0]
      first[seed, alpha] = [row[name] for name in ours]
    # Before the first update: of the same student, in the same states.
    self.assertEqual(first[0, 0.0], first[0, 0.5])
    self.assertNotEqual(first[0, 0.5][0], first[3, 0.5][0])

  @parameterized.parameters(0.0, 0.5)
  def test_goes_on_to_the_same_bits(self, alpha):
    whole = self._distill('whole', alpha=alpha)
    advance = distill.Distillation.advance

    def stopped(experiment, step, until):
      if step == 4:
        raise KeyboardInterrupt
      return advance(experiment, step, until)

    with absltest.mock.patch.object(
        distill.Distillation, 'advance', stopped
    ):
      with self.assertRaises(KeyboardInterrupt):
        self._distill('cut', alpha=alpha, checkpoint_seconds=1e-9)
    cut = self._distill('cut', resume=True, alpha=alpha)
    for one, other in zip(
        whole.trainer.variables, cut.trainer.variables, strict=True
    ):
      np.testing.assert_array_equal(one, other)
    metrics = [
        (self.folder / name / 'metrics.csv').read_text().splitlines()
        for name in ('whole', 'cut')
    ]
    for one, other in zip(*metrics, strict=True):
      # All but the second column, the time.
      self.assertEqual(one.split(',')[2:], other.split(',')[2:])

  def test_the_student_of_a_run_can_be_loaded_and_filmed(self):
    trained = self._distill('a').trainer.student
    run = str(self.folder / 'a')
    loaded = film.load_student(run, 'pong')
    for one, other in zip(trained.variables, loaded.variables, strict=True):
      self.assertEqual(one.name, other.name)
      np.testing.assert_array_equal(one, other)
    screens = film.play(film.Config(student=run, steps=4))
    self.assertLen(screens, 4)
    with self.assertRaisesRegex(errors.UserError, 'a student of pong, where'):
      film.load_student(run, 'breakout')
    (self.folder / 'a' / run_folder.FINISHED).unlink()
    with self.assertRaisesRegex(errors.UserError, 'a: not finished: give'):
      film.load_student(run, 'pong')
    with self.assertRaisesRegex(errors.UserError, 'holds no run'):
      film.load_student(self.folder, 'pong')

  def test_a_recording_of_another_teacher(self):
    elsewhere = self.folder / 'elsewhere'
    elsewhere.mkdir()
    other = testing.save_teacher(elsewhere, seed=2)
    self._refused(
        'recording.npz: not of .*elsewhere/pong.npz: its policy is another',
        teacher=str(other),
    )

  def test_does_not_go_on_with_another_recording(self):
    self._distill('a')
    content = dict(np.load(self.settings.recording))
    content['actions'] = content['actions'][::-1]
    other = self.folder / 'other.npz'
    np.savez(other, **content)
    with self.assertRaisesRegex(errors.UserError, 'data: --recording was'):
      self._distill('a', resume=True, recording=str(other))

  def test_does_not_go_on_with_another_teacher(self):
    self._distill('a')
    elsewhere = self.folder / 'elsewhere'
    elsewhere.mkdir()
    # The same policy, as far as a check of states can tell.
    other = testing.save_teacher(elsewhere)
    content = dict(np.load(other))
    key = max(content, key=lambda name: content[name].size)
    content[key].flat[0] += 1e-3
    np.savez(other, **content)
    with self.assertRaisesRegex(errors.UserError, 'data: --teacher was'):
      self._distill('a', resume=True, teacher=str(other))

  def test_a_recording_that_is_not_there(self):
    self._refused('nothing.npz: no such file', recording='nothing.npz')

  def test_a_teacher_that_is_not_there(self):
    self._refused('nothing.npz: no such file', teacher='nothing.npz')

  def test_too_few_states(self):
    self._refused('--percent=80: leaves no test states', percent=80)

  def test_the_run_tells_its_settings(self):
    self._distill('a')
    settings = run_folder.read_config(self.folder / 'a')['settings']
    self.assertEqual(settings['alpha'], 0.5)


if __name__ == '__main__':
  absltest.main()
