from absl.testing import absltest
from absl.testing import parameterized
import gym
import numpy as np

from agents.atari import registration
from experiment import errors


class RegistrationTest(parameterized.TestCase):

  @parameterized.parameters('Pong', 'Breakout', 'SpaceInvaders')
  def test_both_ids_can_be_made_and_played(self, title):
    for name, frames in ((f'ALE/{title}-v5', 4), (f'{title}NoFrameskip-v4', 1)):
      env = gym.make(name, render_mode='rgb_array')
      observation, info = env.reset(seed=1)
      self.assertEqual(observation.shape, (210, 160, 3))
      before = info['episode_frame_number']
      observation, reward, over, truncated, info = env.step(1)
      self.assertEqual(info['episode_frame_number'] - before, frames)
      self.assertIsInstance(reward, float)
      self.assertFalse(over or truncated)
      np.testing.assert_array_equal(env.render(), observation)

  def test_kinds_of_observation(self):
    for kind, shape in (('grayscale', (210, 160)), ('ram', (128,))):
      env = registration.AtariEnv('pong', kind)
      self.assertEqual(env.reset()[0].shape, shape)
      self.assertEqual(env.observation_space.shape, shape)
    with self.assertRaisesRegex(ValueError, "obs_type: .*, got 'text'"):
      registration.AtariEnv('pong', 'text')

  def test_truncates(self):
    env = registration.AtariEnv('pong', max_frames=10)
    env.reset()
    flags = [env.step(0)[3] for _ in range(10)]
    self.assertEqual(flags, [False] * 9 + [True])

  def test_refuses_actions_that_the_game_has_not(self):
    with self.assertRaisesRegex(ValueError, "actions: .*NOOP.*, got .'JUMP'"):
      registration.AtariEnv('pong', actions=('JUMP',))

  def test_names_a_missing_rom(self):
    with self.assertRaisesRegex(errors.UserError, 'no ROM of nothing'):
      registration.AtariEnv('nothing')


if __name__ == '__main__':
  absltest.main()
