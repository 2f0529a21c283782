# SPDX-License-Identifier: Apache-2.0
"""The C++ vector, gymnasium and the emulator itself play the same games."""

import json

from absl.testing import absltest
from absl.testing import parameterized
import ale_py
import cv2  # noqa: F401 For gym's and gymnasium's wrappers.
import gymnasium
import numpy as np

from agents.atari import games
from agents.atari import gym_vector
from agents.atari import vector_env

STEPS = 300


class EnvironmentsTest(parameterized.TestCase):

  @parameterized.product(game=tuple(games.GAMES), sticky=(0.0, 0.25))
  def test_vector_and_gym_are_bit_identical(self, game, sticky):
    settings = {'repeat_action_probability': sticky, 'max_steps': 140}
    vector = vector_env.VectorEnv(game, 2, seed=5, **settings)
    by_gym = gym_vector.GymVector(game, 2, seed=5, **settings)
    self.assertEqual(vector.num_actions, by_gym.num_actions)
    observations = vector.reset()
    for i, env in enumerate(by_gym.envs):
      # The two draw the frames before a game from different generators.
      noops = {'noops': int(vector.counts['frame_number'][i])}
      self.assertBetween(noops['noops'], 0, 29)
      expected = env.reset(seed=5 + i, options=noops)[0]
      np.testing.assert_array_equal(observations[i], expected)
    rng = np.random.default_rng(1)
    ends = 0
    for _ in range(STEPS):
      actions = rng.integers(vector.num_actions, size=2)
      step = vector.step(actions)
      for i, env in enumerate(by_gym.envs):
        seen, reward, over, truncated, told = env.step(actions[i])
        self.assertEqual(step.truncated[i], truncated and not over)
        if over or truncated:
          ends += 1
          if truncated:
            np.testing.assert_array_equal(step.last_observations[i], seen)
          noops = int(vector.counts['episode_frame_number'][i])
          seen, told = env.reset(options={'noops': noops})
        np.testing.assert_array_equal(step.observations[i], seen)
        self.assertEqual(step.rewards[i], reward)
        self.assertEqual(step.ends[i], over or truncated)
        self.assertEqual(step.lives[i], told['lives'])
    self.assertGreaterEqual(ends, 2)

  def test_losing_a_life_does_not_start_the_game_again(self):
    vector = vector_env.VectorEnv('breakout', 1, seed=1)
    vector.reset()
    lives, scores = [], []
    for i in range(400):
      step = vector.step(np.array([i % 2]))  # Serve, and let the ball drop.
      lives.append(int(step.lives[0]))
      scores.append(bool(step.ends[0]))
      if step.ends[0]:
        break
    self.assertEqual(sorted(set(lives), reverse=True), [5, 4, 3, 2, 1])
    self.assertEqual(sum(scores), 1)

  def test_rewards_are_points(self):
    vector = vector_env.VectorEnv('space_invaders', 2, seed=1)
    vector.reset()
    fire = np.array([1, 1])
    rewards = [vector.step(fire).rewards.max() for _ in range(150)]
    self.assertGreaterEqual(max(rewards), 5)

  @parameterized.parameters('pong', 'breakout')
  def test_a_restored_state_goes_on_the_same(self, game):
    def play(env, steps):
      rng = np.random.default_rng(steps)
      return [
          env.step(rng.integers(env.num_actions, size=2)) for _ in range(steps)
      ]

    settings = {'max_steps': 150}
    env = gym_vector.GymVector(game, 2, seed=3, **settings)
    env.reset()
    play(env, 77)
    state = json.loads(json.dumps(env.state()))
    expected = play(env, 200)
    other = gym_vector.GymVector(game, 2, seed=9, **settings)
    other.reset()
    other.restore(state)
    found = play(other, 200)
    for one, two in zip(expected, found, strict=True):
      for a, b in zip(one, two, strict=True):
        np.testing.assert_array_equal(a, b)
    self.assertTrue(any(step.truncated.any() for step in expected))

  def test_an_episode_that_is_broken_off_is_told_from_one_that_ends(self):
    # With one life left after few steps: serve, and let the ball drop.
    for kind in vector_env.VectorEnv, gym_vector.GymVector:
      env = kind('breakout', 1, seed=1, max_steps=60)
      env.reset()
      steps = [env.step(np.array([i % 2])) for i in range(120)]
      self.assertEqual([s.ends[0] for s in steps].index(True), 59)
      self.assertTrue(steps[59].truncated[0])
      # The frame before, one further, rather than the new episode's black.
      np.testing.assert_array_equal(
          steps[59].last_observations[0, :-1], steps[58].observations[0, 1:]
      )
      self.assertFalse(steps[59].observations[0, :-1].any())
      self.assertIsNone(steps[58].last_observations)
      env = kind('breakout', 1, seed=1, max_steps=400)
      env.reset()
      steps = [env.step(np.array([i % 2])) for i in range(300)]
      ends = [s for s in steps if s.ends[0]]
      self.assertNotEmpty(ends)
      self.assertFalse(any(s.truncated[0] for s in ends))

  @parameterized.parameters(*games.GAMES)
  def test_an_agent_sees_what_gymnasiums_own_wrappers_show(self, game):
    ours = gym_vector.make(game, max_noops=0)
    row = games.game(game)
    theirs = gymnasium.make(f'{row.title}NoFrameskip-v4')
    names = theirs.unwrapped.get_action_meanings()
    theirs = gymnasium.wrappers.FrameStackObservation(
        gymnasium.wrappers.AtariPreprocessing(theirs, noop_max=0), 4,
        padding_type='zero',
    )
    np.testing.assert_array_equal(ours.reset(seed=1)[0], theirs.reset()[0])
    rng = np.random.default_rng(1)
    for action in rng.integers(len(row.actions), size=STEPS):
      found = ours.step(action)
      expected = theirs.step(names.index(row.actions[action]))
      if found[2]:
        break  # They show the end of a game in another way.
      np.testing.assert_array_equal(found[0], expected[0])
      self.assertEqual(found[1], expected[1])

  def test_no_state_of_sticky_actions(self):
    env = gym_vector.GymVector('pong', 1, 1, repeat_action_probability=0.25)
    with self.assertRaisesRegex(ValueError, 'repeat_action_probability: .* 0'):
      env.state()

  def test_actions_are_those_of_the_emulator(self):
    env = gym_vector.make('pong', max_noops=0)
    env.reset(seed=1)
    emulator = ale_py.ALEInterface()
    emulator.setFloat('repeat_action_probability', 0.0)
    emulator.loadROM(games.rom_path('pong'))
    emulator.reset_game()
    codes = [ale_py.Action.NOOP, ale_py.Action.RIGHT, ale_py.Action.LEFT]
    for action in [1] * 20 + [2] * 20 + [0] * 20:
      env.step(action)
      for _ in range(4):
        emulator.act(codes[action])
    np.testing.assert_array_equal(env.unwrapped.ale.getRAM(), emulator.getRAM())

  def test_refuses_a_seed_that_ale_takes_for_none(self):
    for make in vector_env.VectorEnv, gym_vector.GymVector:
      with self.assertRaisesRegex(ValueError, 'seed: expected at least 1'):
        make('pong', 1, seed=0)


if __name__ == '__main__':
  absltest.main()
