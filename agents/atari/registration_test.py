# SPDX-License-Identifier: Apache-2.0
import subprocess
import sys

from absl.testing import absltest
from absl.testing import parameterized
import cv2  # noqa: F401 For gym's and gymnasium's wrappers.
import gym
import gymnasium
import numpy as np

from agents.atari import registration

_IDS = [
    name.format(title)
    for title in ('Pong', 'Breakout', 'SpaceInvaders')
    for name in ('ALE/{}-v5', '{}NoFrameskip-v4', '{}-v4')
]


def _play(env, steps=120):
  """What an environment shows, flattened."""
  found = [env.reset(seed=3)]
  env.action_space.seed(4)
  rng = np.random.default_rng(1)
  for _ in range(steps):
    found.append(env.step(int(rng.integers(env.action_space.n))))
  return found


class RegistrationTest(parameterized.TestCase):

  @parameterized.parameters(_IDS)
  def test_gym_and_gymnasium_play_the_same(self, name):
    # With sticky actions and random frame skips, which the seed decides.
    found = _play(gym.make(name))
    expected = _play(gymnasium.make(name))
    for one, other in zip(found, expected, strict=True):
      np.testing.assert_array_equal(one[0], other[0])
      self.assertEqual(one[1:], other[1:])

  def test_settings_and_spaces(self):
    for settings, shape in (
        ({'obs_type': 'grayscale'}, (210, 160)),
        ({'obs_type': 'ram'}, (128,)),
        ({}, (210, 160, 3)),
    ):
      env = gym.make('ALE/Pong-v5', **settings)
      self.assertEqual(
          env.observation_space, gym.spaces.Box(0, 255, shape, np.uint8)
      )
      self.assertIn(env.reset()[0], env.observation_space)
      self.assertEqual(env.action_space, gym.spaces.Discrete(6))
    both = gym.make('ALE/Pong-v5', sound_obs=True).observation_space
    self.assertIsInstance(both, gym.spaces.Dict)

  def test_the_screen(self):
    env = gym.make('BreakoutNoFrameskip-v4', render_mode='rgb_array')
    observation, _ = env.reset(seed=1)
    np.testing.assert_array_equal(env.render(), observation)
    self.assertEqual(env.render_mode, 'rgb_array')
    env.close()

  def test_wrappers_find_what_they_ask_for(self):
    # gym's own are for a game of single frames, by its id or by its settings.
    for name, settings in (
        ('BreakoutNoFrameskip-v4', {}), ('ALE/Breakout-v5', {'frameskip': 1})
    ):
      pair = []
      for library in (gym, gymnasium):
        env = library.make(name, repeat_action_probability=0, **settings)
        meanings = env.unwrapped.get_action_meanings()
        self.assertEqual(meanings, ['NOOP', 'FIRE', 'RIGHT', 'LEFT'])
        wrapped = library.wrappers.AtariPreprocessing(
            env, noop_max=0, terminal_on_life_loss=True
        )
        pair.append(_play(library.wrappers.TimeLimit(wrapped, 100), 60))
      for one, other in zip(*pair, strict=True):
        np.testing.assert_array_equal(one[0], other[0])
        self.assertEqual(one[1:4], other[1:4])
    stack = gym.wrappers.FrameStack(gym.make('PongNoFrameskip-v4'), 4)
    self.assertEqual(np.shape(stack.reset()[0]), (4, 210, 160, 3))

  def test_ids_that_are_there_stay(self):
    registry = gym.envs.registration.registry
    before = dict(registry)
    registration.register()
    self.assertEqual(before, registry)

  def test_nothing_is_printed(self):
    for module, make in (
        ('registration', 'registration.gym.make("ALE/Pong-v5")'),
        ('gym_vector', 'gym_vector.make("pong")'),
        ('vector_env', 'vector_env.VectorEnv("pong", count=1, seed=1)'),
    ):
      program = f'from agents.atari import {module}\n{make}.reset()'
      done = subprocess.run(
          [sys.executable, '-c', program],
          capture_output=True, check=True, text=True,
      )
      self.assertEqual((done.stdout, done.stderr), ('', ''), module)


if __name__ == '__main__':
  absltest.main()
