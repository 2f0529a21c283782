# SPDX-License-Identifier: Apache-2.0
from absl.testing import absltest
import numpy as np
import tensorflow as tf

from agents.atari import network_input
from agents.distillation import dataset
from agents.distillation import testing


class DatasetTest(absltest.TestCase):

  def setUp(self):
    super().setUp()
    self.recording = testing.make_recording(testing.make_teacher(), (6, 3, 9))
    self.used = [0, 2, 5, 6, 8, 9, 17]
    self.states = dataset.States(self.recording, self.used)

  def test_points_are_those_of_the_last_four_frames_of_the_episode(self):
    for i in self.used:
      first = [0, 0, 0, 0, 0, 0, 6, 6, 6, 9, 9, 9, 9, 9, 9, 9, 9, 9][i]
      stack = np.zeros([4, 84, 84], np.uint8)
      for picture in self.recording.pictures[first : i + 1]:
        stack = np.concatenate([stack[1:], picture[None]])
      np.testing.assert_array_equal(
          self.states.points(tf.constant([i], tf.int64)),
          network_input.points(tf.constant(stack[None])),
      )

  def test_others_cannot_be_looked_at(self):
    with tf.device('CPU'):  # Others do not check indices.
      states = dataset.States(self.recording, self.used)
      with self.assertRaisesRegex(tf.errors.InvalidArgumentError, '-1 is not'):
        states.points(tf.constant([13], tf.int64))

  def test_the_teachers_policy(self):
    logits = self.recording.logits.astype(np.float64)
    expected = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
    # float32 logarithms.
    np.testing.assert_allclose(
        self.states.log_policy, expected, rtol=1e-5, atol=1e-5
    )


if __name__ == '__main__':
  absltest.main()
