# SPDX-License-Identifier: Apache-2.0
from absl.testing import absltest
import numpy as np
import tensorflow as tf

from agents.a3c import evaluation
from agents.atari import gym_vector


class EvaluationTest(absltest.TestCase):

  def test_interval_by_a_table(self):
    found = evaluation.interval(np.array([1.0, 2, 3, 4]))
    # Student's t with 3 degrees of freedom, times the standard error.
    half = 3.182446 * 1.290994 / 2
    np.testing.assert_allclose(found, [2.5, 2.5 - half, 2.5 + half], rtol=1e-5)

  def test_interval_of_equal_scores(self):
    found = evaluation.interval(np.array([21.0, 21.0]))
    self.assertEqual(found, (21, 21, 21))

  def test_scores_are_those_of_games_played_alone(self):
    # A policy that depends on what it sees: serve, and follow one pixel.
    def logits(seen):
      bright = tf.reduce_mean(tf.cast(seen[:, -1, 60:], tf.float32), [1, 2])
      wave = tf.stack([0 * bright, 9 + 0 * bright, bright, 7 * bright % 13], 1)
      return wave

    found = evaluation.Player('breakout', logits).scores(
        3, greedy=True, seed=5, max_steps=80
    )
    for i in range(3):
      env = gym_vector.make('breakout', max_steps=80)
      seen, _ = env.reset(seed=5 + i)
      total, end = 0.0, False
      while not end:
        action = int(np.argmax(logits(tf.constant(seen[None]))))
        seen, reward, over, truncated, _ = env.step(action)
        total, end = total + reward, over or truncated
      self.assertEqual(found[i], total)

  def test_stochastic_games_repeat_with_the_seed(self):
    def logits(seen):
      return tf.zeros([tf.shape(seen)[0], 6])

    player = evaluation.Player('space_invaders', logits)
    first, again, other = (
        player.scores(3, greedy=False, seed=seed, max_steps=150)
        for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, again)
    self.assertTrue(np.any(first != other))
    self.assertGreater(first.max(), 0)


if __name__ == '__main__':
  absltest.main()
